"""Small pictures, a tiny checkpoint, and the program as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from f1cap.records.models import Family
from tests.checkpoints import make_checkpoint

Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(Family.GIT, tmp_path_factory.mktemp("checkpoints") / "tiny-git")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    make_pictures(folder, 5)
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


def make_pictures(folder: Path, number: int) -> None:
    """Write pictures that differ, in two sub-folders."""
    for place in range(number):
        path = folder / ("cars", "pits")[place % 2] / f"picture_{place}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 32), (40 * place % 256, 90, 255 - 30 * place % 256)).save(path)
