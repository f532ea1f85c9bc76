"""Tiny checkpoints of each family, images to caption, and a hub to fetch from."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.checkpoints import FAMILIES, make_checkpoint
from tests.hub import Hub


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    # tiny models gain nothing from more, and on a busy machine lose a hundredfold
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each family; read it, never write it."""
    base = tmp_path_factory.mktemp("checkpoints")
    return {family: make_checkpoint(family, base / family, seed=3) for family in FAMILIES}


@pytest.fixture(scope="session")
def images() -> list[Image.Image]:
    """Images of different shapes and contents."""
    return [_image(seed) for seed in range(6)]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on the loopback that this process asks."""
    with Hub() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        # the client reads these at its import
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.endpoint)
        files = "{repo_id}/resolve/{revision}/{filename}"
        template = "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE"
        monkeypatch.setattr(template, f"{server.endpoint}/{files}")
        yield server


def _image(seed: int) -> Image.Image:
    source = random.Random(seed)
    small = Image.new("RGB", (4, 3))
    small.putdata([tuple(source.randrange(256) for _ in range(3)) for _ in range(12)])
    return small.resize((40 + 7 * seed, 50), Image.Resampling.NEAREST)
