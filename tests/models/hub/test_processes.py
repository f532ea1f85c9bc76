"""Whole processes against a hub: what is asked of it, what is said, and how they end."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from f1cap.models.catalog import CATALOG
from tests.checkpoints import make_checkpoint
from tests.hub import Hub

ROOT = Path(__file__).parents[3]
WEIGHTS_BYTES = 20_000_000
FETCH = """
import sys
from f1cap.errors import F1capError
from f1cap.models.naming import resolve
from f1cap.models.hub.download import fetch
try:
    fetch(resolve(sys.argv[1]), on_download=lambda done, *_: print(done, flush=True))
except F1capError as error:
    print(type(error).__name__, error.message)
    sys.exit(error.exit_code)
finally:
    heavy = {"torch", "transformers"} & set(sys.modules)
    assert not heavy, heavy
"""
CAPTION = """
import sys
from PIL import Image
from f1cap.models.naming import resolve
from f1cap.models.loading import open_captioner
for name in sys.argv[1:]:
    captioner = open_captioner(resolve(name), device="cpu")
    import torch
    torch.set_num_threads(1)
    pixels = captioner.preprocess(Image.new("RGB", (50, 40), "red"))
    print(captioner.revision, captioner.generate([pixels], captioner.spec.decoding)[0].text)
    captioner.close()
"""
# Put before a program that has nothing to wait for.
NO_WAITING = """
import time
time.sleep = None
"""


def start(code: str, *names: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *names],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def big(tmp_path: Path, checkpoints: dict[str, Path]) -> Path:
    """A checkpoint whose weights take a while to arrive: 20 MB, of which most says nothing."""
    folder = Path(shutil.copytree(checkpoints["git"], tmp_path / "big"))
    with (folder / "model.safetensors").open("ab") as file:
        file.truncate(WEIGHTS_BYTES)
    return folder


def test_a_second_process_asks_nothing_and_nobody_says_a_word(tmp_path: Path) -> None:
    outputs, commits = [], []
    with Hub() as hub:
        for name, bin_only in (("blip-base", True), ("git-base", False)):
            spec = CATALOG[name]
            folder = make_checkpoint(spec.family, tmp_path / name, seed=5, bin=bin_only)
            # what old checkpoints say about generation, and what makes the libraries talk
            config = json.loads((folder / "config.json").read_text())
            config.update({"max_length": 20, "unknown_key": 1})
            (folder / "config.json").write_text(json.dumps(config))
            commits.append(hub.add(spec.checkpoint, folder, commit=spec.revision).commit)
        environment = {**hub.environment, "HF_HUB_OFFLINE": "0"}
        for _ in range(2):
            hub.requests.clear()
            process = start(CAPTION, "blip-base", "git-base", environment=environment)
            out, err = process.communicate(timeout=120)
            assert (process.returncode, err) == (0, "")
            outputs.append(out)
        assert hub.requests == []
    assert outputs[0] == outputs[1]
    assert [line.split()[0] for line in outputs[0].splitlines()] == commits


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_HUB_OFFLINE": "0"}])
def test_without_a_way_to_the_hub_the_answer_comes_without_waiting(
    environment: dict[str, str],
) -> None:
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "NO_PROXY": "*"}
    process = start(NO_WAITING + FETCH, "git-base", environment={**nowhere, **environment})
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "")
    assert out.startswith("OfflineError git-base (microsoft/git-base) is not downloaded, and")


def test_ctrl_c_ends_a_download_and_it_can_be_taken_up(big: Path) -> None:
    with Hub() as hub:
        hub.add("microsoft/git-base", big)
        hub.bytes_per_s = 2e6
        process = start(FETCH, "git-base", environment=hub.environment)
        assert process.stdout is not None
        while int(process.stdout.readline()) < 1_000_000:
            pass
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode in {1, -signal.SIGINT}
        assert all(int(done) < WEIGHTS_BYTES for done in rest.split()), "it ended before the file"
        hub.bytes_per_s = None
        process = start(FETCH, "git-base", environment=hub.environment)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_a_sentence_and_leaves_a_usable_cache(big: Path) -> None:
    limit = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))\n"
    )
    with Hub() as hub:
        hub.add("microsoft/git-base", big)
        process = start(limit + FETCH, "git-base", environment=hub.environment)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (1, "")
        assert "CheckpointError The disk filled up while microsoft/git-base was downloaded" in out
        process = start(FETCH, "git-base", environment=hub.environment)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
