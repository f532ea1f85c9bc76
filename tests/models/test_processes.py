"""Whole processes against a hub: what is asked of it, what is said, and how they end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from f1cap.models.catalog import CATALOG
from tests.checkpoints import make_checkpoint
from tests.hub import Hub

ROOT = Path(__file__).parents[2]
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
captioner = open_captioner(resolve(sys.argv[1]), device="cpu")
import torch
torch.set_num_threads(1)
pixels = captioner.preprocess(Image.new("RGB", (50, 40), "red"))
print(captioner.revision, captioner.generate([pixels], captioner.spec.decoding)[0].text)
captioner.close()
"""


def start(code: str, name: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, name],
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
        file.truncate(20_000_000)
    return folder


@pytest.mark.parametrize(("name", "bin_only"), [("blip-base", True), ("git-base", False)])
def test_a_second_process_asks_nothing_and_nobody_says_a_word(
    name: str,
    bin_only: bool,
    tmp_path: Path,
) -> None:
    spec = CATALOG[name]
    folder = make_checkpoint(spec.family, tmp_path / "hub", seed=5, bin=bin_only)
    # what old checkpoints say about generation, and what makes the libraries talk
    config = json.loads((folder / "config.json").read_text())
    config.update({"max_length": 20, "unknown_key": 1})
    (folder / "config.json").write_text(json.dumps(config))
    outputs = []
    with Hub() as hub:
        repo = hub.add(spec.checkpoint, folder, commit=spec.revision)
        for _ in range(2):
            hub.requests.clear()
            process = start(CAPTION, name, {**hub.environment, "HF_HUB_OFFLINE": "0"})
            out, err = process.communicate(timeout=120)
            assert (process.returncode, err) == (0, "")
            outputs.append(out)
        assert hub.requests == []
    assert outputs[0] == outputs[1]
    assert outputs[0].split()[0] == repo.commit


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_HUB_OFFLINE": "0"}])
def test_without_a_way_to_the_hub_the_answer_comes_within_two_seconds(
    environment: dict[str, str],
) -> None:
    started = time.perf_counter()
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "NO_PROXY": "*"}
    process = start(FETCH, "git-base", {**nowhere, **environment})
    out, err = process.communicate(timeout=60)
    assert time.perf_counter() - started < 2
    assert (process.returncode, err) == (1, "")
    assert out.startswith("OfflineError git-base (microsoft/git-base) is not on this machine, and")


def test_ctrl_c_ends_a_download_at_once_and_it_can_be_taken_up(big: Path) -> None:
    with Hub() as hub:
        hub.add("microsoft/git-base", big)
        hub.bytes_per_s = 2e6
        process = start(FETCH, "git-base", hub.environment)
        assert process.stdout is not None
        while int(process.stdout.readline()) < 1_000_000:
            pass
        process.send_signal(signal.SIGINT)
        interrupted = time.perf_counter()
        process.communicate(timeout=60)
        assert time.perf_counter() - interrupted < 5
        assert process.returncode in {1, -signal.SIGINT}
        hub.bytes_per_s = None
        process = start(FETCH, "git-base", hub.environment)
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
        process = start(limit + FETCH, "git-base", hub.environment)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (1, "")
        assert "CheckpointError The disk filled up while microsoft/git-base was fetched" in out
        process = start(FETCH, "git-base", hub.environment)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
