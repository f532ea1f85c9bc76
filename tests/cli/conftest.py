"""Small images, a tiny checkpoint, and the program as a user runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from f1cap.cli.app import app
from f1cap.services.bench import process
from tests import bench_worker, captioners
from tests.checkpoints import make_checkpoint

Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint("git", tmp_path_factory.mktemp("checkpoints") / "tiny-git")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    make_images(folder, 5)
    return folder


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder: the default dataset depends on where one stands."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def program() -> Program:
    def run(*args: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "f1cap", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        )

    return run


def make_images(folder: Path, number: int) -> None:
    """Write images that differ, in two sub-folders."""
    for place in range(number):
        path = folder / ("cars", "pits")[place % 2] / f"image_{place}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 32), (40 * place % 256, 90, 255 - 30 * place % 256)).save(path)


Bench = Callable[..., Result]


@pytest.fixture
def bench(runner: CliRunner, photos: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return the command on five small images, with captioners that need no torch."""
    monkeypatch.setattr(process, "WORKER_PROGRAM", bench_worker.PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))

    def run(*args: str, behave: str = "", least: str = "5") -> Result:
        monkeypatch.setenv(captioners.BEHAVIOUR, behave)
        quick = ("--min-seconds", "0", "--min-images", least)
        return runner.invoke(app, ["bench", str(photos), *quick, *args])

    return run


def document_of(result: Result) -> dict[str, Any]:
    """Return the JSON document that a command printed."""
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def run_caption(runner: CliRunner, *args: str | Path) -> Result:
    return runner.invoke(app, ["caption", *map(str, args)])


def captions_of(document: dict[str, Any]) -> dict[str, str]:
    (run,) = document["data"]["runs"]
    return {caption["image"]: caption["caption"] for caption in run["captions"]}


def run_of(runner: CliRunner, *args: str | Path, exit_code: int = 0) -> dict[str, Any]:
    result = run_caption(runner, *args, "--format", "json")
    assert result.exit_code == exit_code, result.output
    (run,) = document_of(result)["data"]["runs"]
    assert isinstance(run, dict)
    return run
