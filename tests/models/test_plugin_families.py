"""Families that other packages add: Florence-2 through the front door, and packages that fail."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer
from transformers import Florence2ForConditionalGeneration as Florence2
from transformers import Florence2Processor as Processor

from f1cap.errors import UnsupportedModelError
from f1cap.models import registry
from f1cap.models.catalog import CATALOG
from f1cap.models.families.plain import open_plain
from f1cap.models.loading import open_captioner
from f1cap.models.memory_estimate import architecture_of, parameters_of
from f1cap.models.naming import resolve
from f1cap.records.models import Decoding, Engine
from tests.checkpoints import FAMILIES
from tests.plugins.florence_checkpoint import make_florence2
from tests.plugins.site import install

Program = Callable[..., "subprocess.CompletedProcess[str]"]
OF_FLORENCE2 = "florence2 = f1cap_florence2:FLORENCE2"
ACME = """
from f1cap.models.registry import FamilySpec
def family(name, target="acme:Captioner"):
    return FamilySpec(
        name=name, label="Acme", model_types=("acme",), architectures=(), target=target
    )
one = family("acme")
several = lambda: [family("acme"), family("acme-2")]
taken = family("blip")
class Empty: pass
empty = family("acme", "acme:Empty")
none = 3
"""


@pytest.fixture(scope="module")
def florence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_florence2(tmp_path_factory.mktemp("checkpoints") / "tiny-florence")


@pytest.fixture(scope="module")
def florence_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("site"), "f1cap-florence2", OF_FLORENCE2)


@pytest.fixture
def photos(tmp_path: Path, images: list[Image.Image]) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index, image in enumerate(images[:3]):
        image.save(folder / f"{index}.png")
    return folder


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Return what puts a folder of packages on this process's path, until the test ends."""
    before = set(sys.modules)

    def plug(site: Path) -> None:
        monkeypatch.syspath_prepend(site)
        registry.plugins.cache_clear()

    yield plug
    monkeypatch.undo()
    registry.plugins.cache_clear()
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"acme", "f1cap_florence2"}:
            del sys.modules[name]


@pytest.fixture
def program(florence_site: Path) -> Program:
    def run(*args: str | Path, site: Path = florence_site) -> "subprocess.CompletedProcess[str]":
        root = Path(__file__).parents[2]
        environment = {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{site}{os.pathsep}{root}"}
        return subprocess.run(
            [sys.executable, "-m", "f1cap", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, **environment},
        )

    return run


def captions_of_transformers(
    folder: Path, images: list[Image.Image], task: str = "<CAPTION>"
) -> list[str]:
    """Caption as a model card does: nothing of f1cap is between the files and the text."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    processor = Processor(AutoImageProcessor.from_pretrained(folder, backend="pil"), tokenizer)
    model = Florence2.from_pretrained(folder).eval()
    found = []
    for image in images:
        inputs = processor(images=image, text=task, return_tensors="pt")
        with torch.inference_mode():
            ids = model.generate(**inputs, do_sample=False, num_beams=3, max_new_tokens=20)
        found.append(tokenizer.batch_decode(ids, skip_special_tokens=True)[0].strip())
    return found


def test_a_package_that_is_not_ours_captions(
    program: Program, florence: Path, photos: Path, images: list[Image.Image]
) -> None:
    length = ("--max-new-tokens", "20", "--reduced-jpeg")
    done = program("caption", photos, "--model", florence, *length, "--format", "json")
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["data"]["runs"]
    assert run["family"] == "florence2"
    captions = [caption["caption"] for caption in run["captions"]]
    assert captions == captions_of_transformers(florence, images[:3])
    assert len(set(captions)) > 1


def test_the_plain_loop_says_the_same(
    plugged: Callable[[Path], None],
    florence: Path,
    florence_site: Path,
    images: list[Image.Image],
) -> None:
    plugged(florence_site)
    spec, decoding = resolve(str(florence)), Decoding(num_beams=3, max_new_tokens=20)
    found = []
    for captioner in (open_captioner(spec, device="cpu"), open_plain(spec, device="cpu")):
        prepared = [captioner.preprocess(image) for image in images[:3]]
        found.append([made.text for made in captioner.generate(prepared, decoding)])
        captioner.close()
    assert found[0] == found[1] == captions_of_transformers(florence, images[:3])


@pytest.mark.slow
def test_it_is_benched_beside_the_plain_loop(
    program: Program, florence: Path, photos: Path
) -> None:
    few = ("--min-seconds", "0", "--min-images", "3", "--max-new-tokens", "8", "--format", "json")
    done = program("bench", photos, "--model", florence, "--compare-transformers", *few)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["data"]["rows"]
    assert (row["status"], row["engine"]) == ("ok", "transformers")
    assert (row["transformers"]["images"], row["transformers"]["identical"]) == (3, 1.0)


def test_what_the_family_has_not_is_told(
    plugged: Callable[[Path], None], florence: Path, florence_site: Path
) -> None:
    plugged(florence_site)
    spec = resolve(str(florence))
    assert architecture_of(spec) is None
    assert parameters_of(spec) is not None
    with pytest.raises(UnsupportedModelError, match="Florence-2 models run on transformers only"):
        open_captioner(spec, device="cpu", engine=Engine.FAST)
    captioner = open_captioner(spec, device="cpu")
    assert captioner.input_side is None
    captioner.close()


def test_images_of_a_batch_get_the_captions_that_they_get_alone(
    plugged: Callable[[Path], None],
    florence: Path,
    florence_site: Path,
    images: list[Image.Image],
) -> None:
    plugged(florence_site)
    captioner = open_captioner(resolve(str(florence)), device="cpu")
    prepared = [captioner.preprocess(image) for image in images]
    decoding, task = Decoding(num_beams=3, max_new_tokens=20), "<MORE_DETAILED_CAPTION>"
    together = captioner.generate(prepared, decoding, task)
    assert together == [captioner.generate([one], decoding, task)[0] for one in prepared]
    assert together != captioner.generate(prepared, decoding)
    assert [made.text for made in together] == captions_of_transformers(florence, images, task)
    captioner.close()


def test_a_prompt_is_refused_with_the_families_that_take_one(
    plugged: Callable[[Path], None], florence_site: Path, images: list[Image.Image]
) -> None:
    plugged(florence_site)
    captioner = open_captioner(CATALOG["git-mini"], device="cpu")
    with pytest.raises(UnsupportedModelError, match="only BLIP and Florence-2 models do"):
        captioner.generate([captioner.preprocess(images[0])], Decoding(), "a photo of")
    captioner.close()


def test_without_the_package_the_family_is_unknown(florence: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="is of the family 'florence2'") as caught:
        resolve(str(florence))
    assert "Florence-2" not in (caught.value.hint or "")
    with pytest.raises(UnsupportedModelError, match="no family of models named 'florence2'"):
        registry.find("florence2")


@pytest.mark.parametrize(
    ("value", "names"), [("acme:one", ["acme"]), ("acme:several", ["acme", "acme-2"])]
)
def test_an_entry_point_is_a_family_or_a_function_that_returns_some(
    plugged: Callable[[Path], None], tmp_path: Path, value: str, names: list[str]
) -> None:
    plugged(install(tmp_path, "acme", f"x = {value}", source=ACME))
    assert [family.name for family in registry.families()[len(registry.BUILT_IN) :]] == names
    assert registry.plugins().problems == ()
    assert registry.plugins().packages == dict.fromkeys(names, "acme 1.0")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("acme:gone", "AttributeError"),
        ("nowhere:one", "ModuleNotFoundError: No module named 'nowhere'"),
        ("acme:none", "3 is not a FamilySpec"),
        ("acme:taken", "names a family 'blip', which f1cap already has: it is ignored"),
    ],
)
def test_an_entry_point_that_fails_is_named_where_a_family_is_wanted(
    plugged: Callable[[Path], None], tmp_path: Path, value: str, words: str
) -> None:
    site = install(tmp_path / "site", "acme", f"x = {value}", f"y = {value}", source=ACME)
    plugged(site)
    (tmp_path / "config.json").write_text('{"model_type": "acme"}')
    with pytest.raises(UnsupportedModelError, match="'acme'") as caught:
        resolve(str(tmp_path))
    assert caught.value.hint is not None
    assert "acme 1.0" in caught.value.hint
    assert words in caught.value.hint
    assert registry.find("blip") is registry.BLIP


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("acme:one", r"acme:Captioner of the package acme 1\.0 cannot be imported: AttributeError"),
        ("acme:empty", r"acme:Empty of the package acme 1\.0 cannot be opened: TypeError: Empty"),
    ],
)
def test_a_family_whose_code_does_not_work_is_the_package_s_fault(
    plugged: Callable[[Path], None], tmp_path: Path, value: str, words: str
) -> None:
    plugged(install(tmp_path / "site", "acme", f"x = {value}", source=ACME))
    (tmp_path / "config.json").write_text('{"model_type": "acme"}')
    spec = resolve(str(tmp_path))
    with pytest.raises(UnsupportedModelError, match=words):
        open_captioner(spec, device="cpu")


def test_two_packages_do_not_share_a_name(plugged: Callable[[Path], None], tmp_path: Path) -> None:
    install(tmp_path, "acme", "x = acme:one", source=ACME)
    plugged(install(tmp_path, "other", "x = acme:one", source=""))
    assert len(registry.plugins().families) == 1
    (problem,) = registry.plugins().problems
    assert "names a family 'acme', which" in problem


def test_no_package_is_asked_until_it_is_needed(program: Program, tmp_path: Path) -> None:
    source = "raise SystemExit('imported')"
    site = install(tmp_path / "site", "acme", "x = acme:one", source=source)
    for command in (("--help",), ("models",), ("caption", "--help")):
        done = program(*command, site=site)
        assert (done.returncode, "imported" in done.stderr) == (0, False), done.stderr


def test_a_package_that_fails_is_one_sentence(program: Program, tmp_path: Path) -> None:
    site = install(tmp_path / "site", "acme", "x = acme:one", source="import nowhere")
    (tmp_path / "config.json").write_text('{"model_type": "acme"}')
    done = program("caption", tmp_path, "--model", tmp_path, site=site)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "The package acme 1.0 adds no family" in " ".join(done.stderr.split())


def test_every_family_of_ours_names_code_that_is_there() -> None:
    for family in registry.BUILT_IN:
        made = registry.captioner_class(family.name)
        assert made.model_class.__name__ == family.architectures[0]
        is_fast = made.decoder_class is not None
        assert is_fast == (family.name in FAMILIES), "tests/checkpoints.py makes the fast ones"
        assert family.shape is not None or not is_fast
        if family.shape is not None:
            with pytest.raises(LookupError):  # the reader is there; this config says nothing
                family.read_shape({})


def test_text_is_no_tuple_of_texts() -> None:
    with pytest.raises(TypeError, match="model_types of the family acme must be a tuple"):
        registry.FamilySpec(
            name="acme",
            label="Acme",
            model_types="acme",  # type: ignore[arg-type]  # the mistake
            architectures=("Acme",),
            target="acme:Captioner",
        )
