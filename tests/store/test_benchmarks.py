"""The measured peaks of memory that `bench` keeps and `gpu` shows."""

import json
from pathlib import Path

import pytest

from f1cap.store.benchmarks import PeakKey, read_peaks, write_peaks
from f1cap.store.folders import cache_folder

KEY = PeakKey("A GPU", "git-base", "float16", 4, 8)
OTHER = PeakKey("A GPU", "blip-base", "float16", 5, 8)


@pytest.fixture
def file() -> Path:
    path = cache_folder() / "benchmarks" / "peaks.json"
    path.parent.mkdir(parents=True)
    return path


def test_the_newest_of_a_kind_stands_and_comes_last(file: Path) -> None:
    write_peaks([(KEY, 900), (OTHER, 500)])
    write_peaks([(KEY, 950)])
    assert list(read_peaks().items()) == [(OTHER, 500), (KEY, 950)]
    assert set(json.loads(file.read_text(encoding="utf-8"))["peaks"][0]) >= {"gpu", "vram_bytes"}


def test_a_file_of_an_earlier_version_is_read(file: Path) -> None:
    entry = {"card": "A GPU", "model": "git-base", "dtype": "float16", "num_beams": 4}
    entry |= {"batch_size": 8, "vram_bytes": 900}
    file.write_text(json.dumps({"format": 1, "peaks": [entry]}), encoding="utf-8")
    assert read_peaks() == {KEY: 900}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 3, "peaks": []}', '{"format": 2}'])
def test_a_damaged_file_has_no_peaks(file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")
    assert read_peaks() == {}
