"""Damage to our own files costs what is damaged: a caption, a number, never a run."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from f1cap.cli.app import app
from f1cap.store.benchmarks import read_peaks
from f1cap.store.folders import cache_folder
from tests.cli.conftest import make_images, run_of

_DEEP = "[" * 200_000 + "]" * 200_000
_HUGE = "1" + "0" * 400
# What JSON writers other than ours, a failing disk or a text editor may leave for a value.
_VALUES = (_HUGE, "1e999", "NaN", "-Infinity", "9" * 5_000, _DEEP, "true", '"x"', "null", "[1]")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    make_images(folder, 2)
    (folder / "captions.json").write_text(
        json.dumps({"cars/image_0.jpg": "a red car", "pits/image_1.jpg": "a blue car"}),
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def finished(runner: CliRunner, photos: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return what captions the two images with results in a folder of this test's own."""

    def run(*args: str) -> dict[str, Any]:
        out = str(tmp_path / "out")
        return run_of(runner, photos, "--model", "git-mini", "--output-dir", out, *args)

    return run


def _replace(path: Path, key: str, value: str) -> None:
    """Put a value, as JSON text, in the place of a key's first one."""
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(rf'("{key}": )[^,}}]+', lambda m: m[1] + value, text, count=1))


def _evaluate(runner: CliRunner, photos: Path, out: Path) -> Result:
    arguments = ("--model", "git-mini", "--output-dir", str(out), "--metrics", "bleu")
    return runner.invoke(app, ["eval", str(photos), *arguments, "--format", "json"])


def _strict(text: str) -> dict[str, Any]:
    """Parse as JSON is defined, which has no NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    document: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return document


@pytest.mark.parametrize("value", _VALUES, ids=lambda value: value[:10])
@pytest.mark.parametrize("key", ["latency_s", "tokens"])
def test_a_line_of_the_journal_with_a_bad_number_costs_its_caption(
    finished: Callable[..., dict[str, Any]], key: str, value: str
) -> None:
    journal = Path(finished()["results_dir"]) / "captions.jsonl"
    _replace(journal, key, value)
    again = finished()
    assert (again["captioned"], again["kept"]) == (1, 1)
    assert (finished()["captioned"], finished()["kept"]) == (0, 2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", "../../etc/passwd"),
        ("image", "cars/another.jpg"),
        ("caption", "a red \x1b[2J car"),
        ("caption", "a red\ncar"),
        ("caption", "a red \ud800 car"),
        ("caption", "a car " * 20_000_000),
        ("truncated", "no"),
        ("line_breaks", 0),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_line_of_the_journal_that_was_not_ours_costs_its_caption(
    finished: Callable[..., dict[str, Any]], key: str, value: object
) -> None:
    first = finished()
    journal = Path(first["results_dir"]) / "captions.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[0] = json.dumps(json.loads(lines[0]) | {key: value}) + "\n"
    journal.write_text("".join(lines), encoding="utf-8")
    again = finished()
    assert (again["captioned"], again["kept"]) == (1, 1)
    assert [(c["image"], c["caption"]) for c in again["captions"]] == [
        (c["image"], c["caption"]) for c in first["captions"]
    ]


@pytest.mark.parametrize("value", _VALUES, ids=lambda value: value[:10])
def test_a_bad_number_in_run_json_is_unknown(
    runner: CliRunner,
    photos: Path,
    finished: Callable[..., dict[str, Any]],
    tmp_path: Path,
    value: str,
) -> None:
    folder = Path(finished()["results_dir"])
    for key in ("images_per_s", "batch_size", "vram_peak_bytes"):
        _replace(folder / "run.json", key, value)
    evaluated = _evaluate(runner, photos, tmp_path / "out")
    assert evaluated.exit_code == 0, evaluated.output
    _strict(evaluated.stdout)
    assert finished()["kept"] == 2
    record = _strict((folder / "run.json").read_text(encoding="utf-8"))
    # a file that is nested too deeply is no JSON at all: then this run's own number stands
    assert record["images_per_s"] is None


@pytest.mark.parametrize("value", _VALUES, ids=lambda value: value[:10])
def test_a_caption_that_is_none_is_not_there(
    runner: CliRunner,
    photos: Path,
    finished: Callable[..., dict[str, Any]],
    tmp_path: Path,
    value: str,
) -> None:
    first = finished()
    path = Path(first["results_dir"]) / "generated_captions.json"
    _replace(path, "cars/image_0.jpg", value)
    evaluated = _evaluate(runner, photos, tmp_path / "out")
    if value == _DEEP:  # no JSON at all
        assert evaluated.exit_code == 1
        assert "contains no captions" in evaluated.stderr
    elif value == '"x"':
        assert evaluated.exit_code == 0, evaluated.output
    else:
        assert evaluated.exit_code == 1
        assert "git-mini has no caption for 1 of 2 images" in evaluated.stderr
    finished()
    assert _evaluate(runner, photos, tmp_path / "out").exit_code == 0, "the next run mends it"


@pytest.mark.parametrize("text", ["a \x00 car", "a \x1b]0;x\x07 car", "a \ud83c car"])
def test_controls_in_generated_captions_are_no_caption(
    runner: CliRunner,
    photos: Path,
    finished: Callable[..., dict[str, Any]],
    tmp_path: Path,
    text: str,
) -> None:
    path = Path(finished()["results_dir"]) / "generated_captions.json"
    captions = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(captions | {"cars/image_0.jpg": text}), encoding="utf-8")
    evaluated = _evaluate(runner, photos, tmp_path / "out")
    assert "git-mini has no caption for 1 of 2 images" in evaluated.stderr
    lines = captions | {"cars/image_0.jpg": "two\nlines, of another program", "../x.jpg": "x"}
    path.write_text(json.dumps(lines), encoding="utf-8")
    evaluated = _evaluate(runner, photos, tmp_path / "out")
    assert evaluated.exit_code == 0, evaluated.output
    assert "../x.jpg" not in evaluated.output


def test_a_run_that_names_another_model_is_known_by_its_folder(
    runner: CliRunner, photos: Path, finished: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    folder = Path(finished()["results_dir"])
    for value in ('"../../etc"', "[1]", '"blip-mini"'):
        _replace(folder / "run.json", "model", value)
        arguments = ("--output-dir", str(tmp_path / "out"), "--metrics", "bleu")
        evaluated = runner.invoke(app, ["eval", str(photos), *arguments, "--format", "json"])
        assert evaluated.exit_code == 0, evaluated.output
        assert '"git-mini"' in evaluated.stdout


@pytest.mark.parametrize("value", [_HUGE, "1e999", "NaN", _DEEP], ids=lambda value: value[:10])
def test_damaged_peaks_are_none(value: str) -> None:
    path = cache_folder() / "benchmarks" / "peaks.json"
    path.parent.mkdir(parents=True)
    entry = '"gpu": "A", "model": "m", "dtype": "float16", "num_beams": 1, "batch_size": 1'
    path.write_text(f'{{"format": 2, "peaks": [{{{entry}, "vram_bytes": {value}}}]}}')
    assert read_peaks() == {}


def test_a_damaged_benchmark_is_a_sentence(runner: CliRunner, photos: Path) -> None:
    path = cache_folder() / "benchmarks" / "saved" / "old.json"
    path.parent.mkdir(parents=True)
    path.write_text(f'{{"format": 2, "rows": {_DEEP}}}')
    result = runner.invoke(app, ["bench", str(photos), "-m", "git-mini", "--baseline", "old"])
    assert result.exit_code == 1
    assert "old.json is not a benchmark that this version can read" in result.stderr
