"""Names into specs, and what is on this machine, without torch."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from f1cap.errors import OfflineError, UnknownModelError, UnsupportedModelError
from f1cap.models import registry
from f1cap.models.catalog import CATALOG, MINIS, STUDY, availability
from f1cap.models.naming import resolve
from f1cap.records.models import Availability
from tests.hub import Hub


def write_config(folder: Path, **config: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_the_study_and_the_minis_mirror_each_other() -> None:
    assert set(STUDY) | set(MINIS) <= set(CATALOG)
    for mini in MINIS:
        model = next(CATALOG[n] for n in STUDY if CATALOG[n].family == CATALOG[mini].family)
        assert CATALOG[mini].decoding == model.decoding
        assert CATALOG[mini].negative_control is model.negative_control


def test_every_row_tells_a_user_something_and_no_name_is_taken_twice() -> None:
    words = [word for spec in CATALOG.values() for word in (spec.name, *spec.aliases)]
    assert len(words) == len(set(words))
    assert all(spec.note for spec in CATALOG.values())
    assert all(registry.find(spec.family) in registry.BUILT_IN for spec in CATALOG.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("git-base", "git-base"),
        ("BLIP", "blip-base"),
        (" swin ", "swin-tiny"),
        ("git", "git-base"),
        ("microsoft/git-base-coco", "git-base-coco"),
        ("salesforce/BLIP-image-captioning-base", "blip-base"),
        (f"blip@{CATALOG['blip-base'].revision}", "blip-base"),
    ],
)
def test_names_aliases_and_hub_ids_of_the_catalogue(name: str, expected: str) -> None:
    assert resolve(name) is CATALOG[expected]


@pytest.mark.parametrize("name", ["git@abc", "microsoft/git-base@abc"])
def test_a_revision_may_be_named(name: str) -> None:
    spec = resolve(name)
    assert (spec.name, spec.checkpoint, spec.revision) == (
        "git-base@abc",
        "microsoft/git-base",
        "abc",
    )


def test_an_unknown_name_lists_what_exists_and_the_nearest() -> None:
    with pytest.raises(UnknownModelError) as caught:
        resolve("git-bsae")
    assert caught.value.message == "There is no model named 'git-bsae'. Did you mean git-base?"
    assert caught.value.hint is not None
    assert all(name in caught.value.hint for name in CATALOG)


@pytest.mark.parametrize("name", ["", "zzz", "a/b/c", "org/../x", "a b", "git-mini@1", "x\0y"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownModelError):
        resolve(name)


@pytest.mark.parametrize("name", ["./nowhere", "~/no/where", "/no/where", "..\\x"])
def test_a_path_that_is_not_there_is_called_a_folder(name: str) -> None:
    with pytest.raises(UnknownModelError, match="no checkpoint folder"):
        resolve(name)


def test_a_local_folder_tells_its_family(tmp_path: Path) -> None:
    folder = write_config(tmp_path / "mine", model_type="blip")
    spec = resolve(str(folder))
    assert (spec.name, spec.family, spec.local) == ("mine", "blip", True)
    assert Path(spec.checkpoint) == folder.resolve()
    assert spec.decoding == CATALOG["blip-base"].decoding
    assert availability(spec) is Availability.ABSENT


def test_the_catalogue_wins_over_a_folder_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(tmp_path / "git", model_type="blip")
    monkeypatch.chdir(tmp_path)
    assert resolve("git") is CATALOG["git-base"]
    assert resolve("./git").family == "blip"


def test_the_folder_of_a_mini_is_that_mini() -> None:
    folder = Path(CATALOG["git-mini"].checkpoint)
    if not folder.is_dir():
        pytest.skip("the minis are not in this tree")
    assert resolve(str(folder)) is CATALOG["git-mini"]


@pytest.mark.parametrize("name", MINIS)
def test_the_parameters_of_a_mini_are_those_of_its_weights(name: str) -> None:
    weights = Path(CATALOG[name].checkpoint) / "model.safetensors"
    if not weights.is_file():
        pytest.skip("the minis are not in this tree")
    with weights.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    header.pop("__metadata__", None)
    assert CATALOG[name].parameters == sum(math.prod(item["shape"]) for item in header.values())


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "llava"}, "is of the family 'llava'"),
        ({}, "is of the family None"),
        (
            {"model_type": "blip", "architectures": ["BlipForQuestionAnswering"]},
            "is made for BlipForQuestionAnswering",
        ),
        (
            {"model_type": "vision-encoder-decoder", "decoder": {"model_type": "trocr"}},
            "has the text decoder 'trocr'",
        ),
    ],
)
def test_a_family_that_is_not_served_is_refused_with_those_that_are(
    tmp_path: Path, config: dict[str, object], words: str
) -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        resolve(str(write_config(tmp_path / "x", **config)))
    assert words in caught.value.message
    assert "BLIP" in (caught.value.hint or "")
    assert "vision-encoder-decoder" in (caught.value.hint or "")


@pytest.mark.parametrize("content", [None, "{", "[1]", "\udcff"])
def test_a_folder_without_a_readable_config_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        data = content.encode("utf-8", "surrogateescape")
        (tmp_path / "config.json").write_bytes(data)
    with pytest.raises(UnsupportedModelError):
        resolve(str(tmp_path))


def test_a_hub_id_outside_the_catalogue_is_asked_for_its_config(
    hub: Hub, checkpoints: dict[str, Path]
) -> None:
    hub.add("someone/captions", checkpoints["vision-encoder-decoder"])
    spec = resolve("someone/captions")
    assert (spec.name, spec.family) == ("someone/captions", "vision-encoder-decoder")
    assert availability(spec) is Availability.ABSENT
    assert not any("safetensors" in request for request in hub.requests)
    hub.requests.clear()
    assert resolve("someone/captions") == spec
    assert hub.requests == []


def test_a_hub_id_of_another_family_is_refused_before_its_weights(hub: Hub, tmp_path: Path) -> None:
    hub.add("someone/chat", write_config(tmp_path / "chat", model_type="llava"))
    with pytest.raises(UnsupportedModelError, match="llava"):
        resolve("someone/chat")


def test_a_hub_id_outside_the_catalogue_cannot_be_known_offline() -> None:
    with pytest.raises(OfflineError, match="someone/captions"):
        resolve("someone/captions", offline=True)


def test_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from f1cap.models import catalog; catalog.entries(); "
        "heavy = {'torch', 'transformers', 'numpy', 'huggingface_hub', 'PIL'} & set(sys.modules); "
        "sys.exit(' '.join(heavy) or None)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=False, env=dict(os.environ), timeout=60
    )
    assert run.returncode == 0
