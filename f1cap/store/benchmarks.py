"""Benchmarks kept by name, to compare later ones with, and the memory peaks that they measured."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from f1cap.errors import StorageError, UsageError
from f1cap.records.json_text import stream_json
from f1cap.store.files import make_folder, write_atomically
from f1cap.store.folders import cache_folder

_FORMAT = 1
# What tells the rows of a benchmark apart, and whether one is complete.
SETTING = ("model", "device", "dtype", "asked_batch_size", "num_beams", "max_new_tokens")
ROW_KEYS = frozenset({"status", *SETTING})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_benchmark_name(name: str) -> None:
    """Refuse, before minutes of work, a name that would not do as a file's.

    Raises:
        UsageError: It has other characters than letters, digits, dot, hyphen and underscore.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} is no name for a benchmark.",
            hint="Letters, digits, dots, hyphens and underscores make one.",
        )


def write_benchmark(name: str, data: dict[str, object]) -> Path:
    """Keep a benchmark under a name; an older one of that name is replaced.

    Raises:
        StorageError: It cannot be written; the old one stands.
    """
    path = _path(name)
    make_folder(path.parent)
    write_atomically(path, [*stream_json({"format": _FORMAT, **data}), "\n"])
    return path


def read_benchmark(name: str) -> dict[str, Any]:
    """Return a benchmark that was kept.

    Raises:
        StorageError: There is none of that name, or its file is damaged.
    """
    check_benchmark_name(name)
    path = _path(name)
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        whole = data["format"] == _FORMAT and _is_whole(data)
    except FileNotFoundError:
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.json")))
        raise StorageError(
            f"There is no benchmark named {name}.",
            hint=f"Kept are: {known}." if known else "Keep one first: f1cap bench … --save NAME",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"The benchmark in {path} cannot be read: {error}") from error
    if not whole:
        raise StorageError(
            f"{path} is no benchmark of this version.", hint="Make it again with --save."
        )
    return data


def _is_whole(data: dict[str, Any]) -> bool:
    """Tell whether what a comparison reads is there, before minutes of work depend on it."""
    environment, rows = data["environment"], data["rows"]
    gpus = environment.get("gpus") or [] if isinstance(environment, dict) else [None]
    return (
        isinstance(rows, list)
        and all(isinstance(row, dict) and row.keys() >= ROW_KEYS for row in rows)
        and all(isinstance(gpu, dict) and "name" in gpu for gpu in gpus)
    )


def _path(name: str) -> Path:
    return cache_folder() / "benchmarks" / "saved" / f"{name}.json"


@dataclass(frozen=True, slots=True)
class PeakKey:
    """What a measured peak depends on."""

    gpu: str
    model: str
    dtype: str
    num_beams: int
    batch_size: int


def read_peaks() -> dict[PeakKey, int]:
    """Return all measured peaks in bytes; none where the file is missing or damaged."""
    try:
        content = json.loads(_peaks_path().read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            return {}
        return {
            PeakKey(
                str(entry["card"]),
                str(entry["model"]),
                str(entry["dtype"]),
                int(entry["num_beams"]),
                int(entry["batch_size"]),
            ): int(entry["vram_bytes"])
            for entry in content["peaks"]
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_peaks(measured: Iterable[tuple[PeakKey, int]]) -> None:
    """Add measured peaks to those kept; the newest of a kind stands.

    Raises:
        StorageError: They cannot be written; the old file stands.
    """
    new = dict(measured)
    # the newest last, which is how they are looked up
    peaks = {key: peak for key, peak in read_peaks().items() if key not in new} | new
    entries = [
        {
            "card": key.gpu,
            "model": key.model,
            "dtype": key.dtype,
            "num_beams": key.num_beams,
            "batch_size": key.batch_size,
            "vram_bytes": peak,
        }
        for key, peak in peaks.items()
    ]
    path = _peaks_path()
    make_folder(path.parent)
    write_atomically(path, [*stream_json({"format": _FORMAT, "peaks": entries}), "\n"])


def _peaks_path() -> Path:
    return cache_folder() / "benchmarks" / "peaks.json"
