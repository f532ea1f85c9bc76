"""Benchmarks kept by name, to compare later ones with, and the memory peaks that they measured."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from f1cap.errors import StorageError, UsageError
from f1cap.records.baselines import BenchmarkSummary
from f1cap.records.benchmarks import Benchmark
from f1cap.records.json_text import stream_json
from f1cap.store.folders import cache_folder, make_folder, write_atomically
from f1cap.store.reading import parse_object, read_object

_SAVED_FORMAT = 2
_READABLE_FORMATS = (1, 2)
_PEAKS_FORMAT = 2
# What each format of the peaks' file calls the GPU.
_GPU_KEYS = {1: "card", 2: "gpu"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class PeakKey:
    """What a measured peak depends on."""

    gpu: str
    model: str
    dtype: str
    num_beams: int
    batch_size: int


def check_benchmark_name(name: str) -> None:
    """Refuse, before minutes of work, a name that would not do as a file's.

    Raises:
        UsageError: It has other characters than letters, digits, dot, hyphen and underscore.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} is not a valid name for a benchmark.",
            hint="Use letters, digits, dots, hyphens and underscores only.",
        )


def write_benchmark(name: str, benchmark: Benchmark) -> Path:
    """Keep a benchmark under a name; an older one of that name is replaced.

    Raises:
        StorageError: It cannot be written; the old one stands.
    """
    path = _path(name)
    make_folder(path.parent)
    write_atomically(path, [*stream_json({"format": _SAVED_FORMAT, **benchmark.to_dict()}), "\n"])
    return path


def read_benchmark(name: str) -> BenchmarkSummary:
    """Return what a comparison reads of a benchmark that was kept.

    Raises:
        StorageError: There is none of that name, or its file is damaged.
    """
    check_benchmark_name(name)
    path = _path(name)
    try:
        data = parse_object(path.read_bytes())
    except FileNotFoundError:
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.json")))
        raise StorageError(
            f"There is no benchmark named {name}.",
            hint=f"Saved benchmarks: {known}."
            if known
            else "Save one first: f1cap bench … --save NAME",
        ) from None
    except OSError as error:
        raise StorageError(f"The benchmark in {path} cannot be read: {error}") from error
    try:
        if data["format"] in _READABLE_FORMATS:
            return BenchmarkSummary.from_dict(data)
    except (KeyError, TypeError, ValueError):
        pass  # the same to the user as another format
    raise StorageError(
        f"{path} is not a benchmark that this version can read.", hint="Save it again with --save."
    )


def read_peaks() -> dict[PeakKey, int]:
    """Return all measured peaks in bytes; none where the file is missing or damaged."""
    with suppress(StorageError):  # no home folder: none were kept
        return _parse_peaks(read_object(_peaks_path()))
    return {}


def _parse_peaks(content: dict[str, Any]) -> dict[PeakKey, int]:
    try:
        gpu = _GPU_KEYS[content["format"]]
        return {
            PeakKey(
                str(entry[gpu]),
                str(entry["model"]),
                str(entry["dtype"]),
                int(entry["num_beams"]),
                int(entry["batch_size"]),
            ): int(entry["vram_bytes"])
            for entry in content["peaks"]
        }
    except (ValueError, KeyError, TypeError):
        return {}


def write_peaks(measured: Iterable[tuple[PeakKey, int]]) -> None:
    """Add measured peaks to those kept; the newest of a kind stands.

    Raises:
        StorageError: They cannot be written; the old file stands.
    """
    new = dict(measured)
    # the newest last, which is how they are looked up
    peaks = {key: peak for key, peak in read_peaks().items() if key not in new} | new
    entries = [{**asdict(key), "vram_bytes": peak} for key, peak in peaks.items()]
    path = _peaks_path()
    make_folder(path.parent)
    write_atomically(path, [*stream_json({"format": _PEAKS_FORMAT, "peaks": entries}), "\n"])


def _path(name: str) -> Path:
    return cache_folder() / "benchmarks" / "saved" / f"{name}.json"


def _peaks_path() -> Path:
    return cache_folder() / "benchmarks" / "peaks.json"
