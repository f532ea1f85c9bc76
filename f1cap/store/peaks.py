"""The memory peaks that `bench` measured, kept for `gpu` to show beside its predictions."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from f1cap.records.json_text import stream_json
from f1cap.store.files import make_folder, write_atomically
from f1cap.store.folders import cache_folder

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class PeakKey:
    """What a measured peak depends on."""

    card: str
    model: str
    dtype: str
    num_beams: int
    batch_size: int


def read_peaks() -> dict[PeakKey, int]:
    """Return all measured peaks in bytes; none where the file is missing or damaged."""
    try:
        content = json.loads(_path().read_text(encoding="utf-8"))
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
            "card": key.card,
            "model": key.model,
            "dtype": key.dtype,
            "num_beams": key.num_beams,
            "batch_size": key.batch_size,
            "vram_bytes": peak,
        }
        for key, peak in peaks.items()
    ]
    path = _path()
    make_folder(path.parent)
    write_atomically(path, [*stream_json({"format": _FORMAT, "peaks": entries}), "\n"])


def _path() -> Path:
    return cache_folder() / "benchmarks" / "peaks.json"
