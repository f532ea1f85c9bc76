"""The bundled dataset's images: what the code here draws, from seeds never trained on."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from f1cap.training import dataset
from f1cap.training.racing import DOMAIN

DATASET = Path(__file__).parents[2] / "dataset"


def test_the_images_are_those_of_the_seeds_and_no_others() -> None:
    assert sorted(DATASET.glob("*/*")) == sorted(DATASET / name for name in dataset.images())


def test_no_seed_was_trained_on_or_comes_twice() -> None:
    seeds = [seed for _, seed in dataset.images().values()]
    assert len(set(seeds)) == 20
    assert min(seeds) >= dataset.FIRST_SEED


def test_the_images_are_what_the_renderer_draws() -> None:
    # Not byte for byte: another build of Pillow may round, or compress, a little differently.
    for name, (theme, seed) in list(dataset.images().items())[::5]:
        with Image.open(DATASET / name) as stored:
            small = stored.resize((128, 128), Image.Resampling.BOX)
        drawn = DOMAIN.render(DOMAIN.sample(seed, theme=theme), 128)
        assert max(ImageStat.Stat(ImageChops.difference(small, drawn)).mean) < 8


def test_write_images_renders_every_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "SIZE", 32)
    dataset.write_images(tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*.jpg")}
    assert written == set(dataset.images())
