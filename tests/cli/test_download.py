"""Checkpoints from a hub, through the front door: downloaded once, then never asked for again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from f1cap.models.catalog import CATALOG
from tests.checkpoints import make_checkpoint
from tests.cli.conftest import Program
from tests.hub import Hub

STUDY = ("blip-base", "git-base", "swin-tiny")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("hub")
    return {
        # As on the hub: BLIP's weights are a .bin file.
        "blip-base": make_checkpoint("blip", root / "blip", bin=True),
        "git-base": make_checkpoint("git", root / "git"),
        "swin-tiny": make_checkpoint("vision-encoder-decoder", root / "swin"),
    }


@pytest.fixture
def hub(folders: dict[str, Path]) -> Iterator[Hub]:
    with Hub() as hub:
        for name, folder in folders.items():
            spec = CATALOG[name]
            hub.add(spec.checkpoint, folder, commit=spec.revision)
        yield hub


def test_the_study_downloads_once(hub: Hub, photos: Path, program: Program) -> None:
    arguments = ("caption", photos, "--all", "--max-new-tokens", "5", "--format", "json")
    first = program(*arguments, **hub.environment)
    assert first.returncode == 0, first.stderr
    runs = json.loads(first.stdout)["data"]["runs"]
    assert [run["model"] for run in runs] == list(STUDY)
    assert all(run["captioned"] == 5 for run in runs)
    assert [run["revision"] for run in runs] == [
        hub.repos[CATALOG[name].checkpoint].commit for name in STUDY
    ]
    for name in STUDY:
        assert f"{name}: downloading" in first.stderr
    assert "%|" not in first.stderr, "no library's progress bar"
    assert "LOAD REPORT" not in first.stderr
    assert "Warning" not in first.stderr

    hub.requests.clear()
    second = program(*arguments, **hub.environment)
    assert second.returncode == 0, second.stderr
    assert hub.requests == []
    assert all(run["kept"] == 5 for run in json.loads(second.stdout)["data"]["runs"])

    listed = program("models", "--format", "json")
    found = {
        row["model"]: row["availability"] for row in json.loads(listed.stdout)["data"]["models"]
    }
    assert [found[name] for name in STUDY] == ["downloaded"] * 3
    assert found["blip-large"] == "absent"
    assert found["git-mini"] == "bundled"


@pytest.mark.parametrize("offline", ["--offline", "HF_HUB_OFFLINE"])
def test_offline_and_not_here(photos: Path, program: Program, offline: str) -> None:
    arguments = ["caption", photos, "--model", "git-base"]
    if offline == "--offline":
        done = program(*arguments, offline, HF_HUB_OFFLINE="0")
    else:
        done = program(*arguments, HF_HUB_OFFLINE="1")
    _assert_one_sentence(done.returncode, done.stderr)
    assert "git-mini" in done.stderr
    assert "HF_HUB_OFFLINE" in done.stderr


def test_no_hub_within_reach(photos: Path, program: Program) -> None:
    done = program(
        "caption", photos, "--model", "git-base", HF_HUB_OFFLINE="0",
        HF_ENDPOINT="http://127.0.0.1:9",
    )  # fmt: skip
    _assert_one_sentence(done.returncode, done.stderr)
    assert "git-mini" in done.stderr


def test_gated(hub: Hub, photos: Path, program: Program) -> None:
    hub.repos["microsoft/git-base"].gated = True
    done = program("caption", photos, "--model", "git-base", **hub.environment)
    _assert_one_sentence(done.returncode, done.stderr)
    assert "HF_TOKEN" in done.stderr


def test_no_such_repository(hub: Hub, photos: Path, program: Program) -> None:
    done = program("caption", photos, "--model", "nobody/nothing", **hub.environment)
    _assert_one_sentence(done.returncode, done.stderr)
    assert "nobody/nothing" in done.stderr


def test_no_such_revision(hub: Hub, photos: Path, program: Program) -> None:
    done = program("caption", photos, "--model", "microsoft/git-base@v9", **hub.environment)
    _assert_one_sentence(done.returncode, done.stderr)
    assert "v9" in done.stderr


def test_damaged_weights_can_be_fetched_again(hub: Hub, photos: Path, program: Program) -> None:
    repo = hub.repos["microsoft/git-base"]
    repo.flipped.add("model.safetensors")
    arguments = ("caption", photos, "--model", "git-base", "--max-new-tokens", "5")
    done = program(*arguments, **hub.environment)
    _assert_one_sentence(done.returncode, done.stderr)
    repo.flipped.clear()
    again = program(*arguments, **hub.environment)
    assert again.returncode == 0, again.stderr


def _assert_one_sentence(code: int, stderr: str) -> None:
    assert code == 1, stderr
    assert stderr.count("error: ") == 1
    assert "hint: " in stderr
    assert "Traceback" not in stderr


@pytest.mark.skipif(find_spec("socksio") is not None, reason="SOCKS proxies can be used here")
@pytest.mark.parametrize("model", ["git-base", "org/name"])
def test_a_socks_proxy_names_the_package_that_it_takes(
    hub: Hub, photos: Path, program: Program, model: str
) -> None:
    done = program(
        "caption", photos, "--model", model, **hub.environment, ALL_PROXY="socks5://127.0.0.1:9"
    )
    assert done.returncode == 1
    assert "SOCKS proxy of this machine: the package for it, socksio," in done.stderr
    assert 'install "httpx[socks]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_download_damaged_within_is_not_kept_where_there_are_no_links(
    hub: Hub, photos: Path, program: Program
) -> None:
    repo = hub.repos[CATALOG["git-base"].checkpoint]
    repo.flipped.add("model.safetensors")
    environment = {**hub.environment, "HF_HUB_DISABLE_SYMLINKS": "1"}
    arguments = ("caption", photos, "--model", "git-base", "--max-new-tokens", "5")
    done = program(*arguments, **environment)
    assert done.returncode == 1
    assert "model.safetensors of microsoft/git-base was incomplete or corrupted" in done.stderr
    repo.flipped.clear()
    again = program(*arguments, **environment)
    assert again.returncode == 0, again.stderr


# A user whom the system does not know, as a container's --user 12345 is.
_NOBODY = """
import os, pwd, sys
for name in ("HOME", "USER", "LOGNAME", "USERNAME", "XDG_CACHE_HOME", "HF_HOME"):
    os.environ.pop(name, None)
if sys.argv.pop(1) == "nowhere":
    del os.environ["F1CAP_CACHE_DIR"]
def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = getpwuid
from f1cap.cli.app import main
main()
"""


@pytest.mark.parametrize(
    ("where", "args", "message"),
    [
        ("nowhere", ("models",), None),
        ("nowhere", ("gpu",), None),
        ("nowhere", ("caption", "PHOTOS", "-m", "git-mini"), "There is no home folder for"),
        ("nowhere", ("eval", "PHOTOS", "-m", "git-mini"), "There is no home folder for"),
        ("nowhere", ("caption", "PHOTOS", "-m", "git-mini", "--output-dir", "OUT"), None),
        ("cache", ("caption", "PHOTOS", "-m", "git-mini"), None),
        ("cache", ("caption", "PHOTOS", "-m", "git-base"), "no home folder to keep models in"),
        ("cache", ("caption", "PHOTOS", "-m", "~nobody-here/x"), "There is no checkpoint folder"),
    ],
)
def test_a_user_without_a_home(
    hub: Hub, photos: Path, where: str, args: tuple[str, ...], message: str | None
) -> None:
    here = photos.parent
    (photos / "captions.json").write_text('{"cars/image_0.jpg": "a car"}', encoding="utf-8")
    paths = {"PHOTOS": str(photos), "OUT": str(here / "out")}
    done = subprocess.run(
        [sys.executable, "-c", _NOBODY, where, *(paths.get(arg, arg) for arg in args)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **hub.environment},
        cwd=here,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if message is None else 1), done.stderr
    assert (message or "") in done.stderr
    assert not (here / "~").exists()
