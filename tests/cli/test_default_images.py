"""What is captioned where no path was given, and what is said of it."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from f1cap.corpus import bundled_dataset
from tests.cli.conftest import Bench, make_images, run_caption

_DRAWINGS = "rendered drawings only"


def _stderr(runner: CliRunner, *args: str | Path) -> str:
    result = run_caption(runner, *args, "--limit", "2")
    assert result.exit_code == 0, result.output
    return result.stderr


def test_the_bundled_images_where_there_are_no_others(runner: CliRunner, at: Path) -> None:
    stderr = _stderr(runner, "--model", "git-mini")
    assert f"Captioning 2 bundled images of {bundled_dataset()}\n" in stderr
    assert _DRAWINGS not in stderr
    assert _stderr(runner, "--model", "git-mini", "--quiet") == ""


def test_images_where_one_stands(runner: CliRunner, at: Path) -> None:
    make_images(at / "deeper", 2)
    assert "bundled images" in _stderr(runner, "--model", "git-mini")
    make_images(at, 2)
    (at / "cars" / "image_0.jpg").rename(at / "first.jpg")
    stderr = _stderr(runner, "--model", "git-mini")
    assert f"Captioning 2 images of {at}\n" in stderr
    make_images(at / "dataset", 2)
    assert f"Captioning 2 images of {at / 'dataset'}\n" in _stderr(runner, "--model", "git-mini")


def test_a_dataset_where_one_stands(runner: CliRunner, at: Path) -> None:
    shutil.copytree(bundled_dataset(), at, dirs_exist_ok=True)
    assert f"Captioning 2 images of {at}\n" in _stderr(runner, "--model", "git-mini")


@pytest.mark.parametrize(
    ("models", "names"),
    [
        (("--model", "git-mini"), "git-mini knows"),
        (("--mini",), "git-mini, blip-mini and swin-mini know"),
    ],
)
def test_minis_are_for_drawings_and_say_so_once(
    runner: CliRunner, photos: Path, models: tuple[str, ...], names: str
) -> None:
    stderr = _stderr(runner, photos, *models)
    assert stderr.count(_DRAWINGS) == 1
    assert f"note: {names} {_DRAWINGS}" in stderr


def test_other_models_say_nothing_of_drawings(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    assert _DRAWINGS not in _stderr(runner, photos, "--model", checkpoint)


def test_a_benchmark_says_it_too(bench: Bench) -> None:
    result = bench("--model", "git-mini", "--model", "blip-base")
    assert result.stderr.count(f"note: git-mini knows {_DRAWINGS}") == 1
