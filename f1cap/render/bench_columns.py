"""The columns of a benchmark's tables, whatever their form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from f1cap.records.benchmarks import BenchRow
from f1cap.records.readings import Timings
from f1cap.render.formatting import memory, seconds
from f1cap.render.scores import number, percent, times


@dataclass(frozen=True, slots=True)
class BenchColumn:
    """A column.

    Attributes:
        keep: Columns are dropped from a narrow screen from the highest number down.
    """

    heading: str
    cell: Callable[[BenchRow], str]
    keep: int = 0


def main_columns(rows: Sequence[BenchRow]) -> list[BenchColumn]:
    """Return quality beside cost: what decides which model to take."""
    columns = _setting_columns(rows)
    if any(row.quality is not None for row in rows):
        columns += [
            BenchColumn("CIDEr", _cider, 1),
            BenchColumn("95 %", _interval, 6),
            BenchColumn("Length", _length, 8),
        ]
    columns += [BenchColumn("img/s", _rate, 0), BenchColumn("p95", _percentile("p95"), 3)]
    if any(row.transformers is not None for row in rows):
        columns += [
            BenchColumn("Speed-up", _speedup, 2),
            BenchColumn("Same", _identical, 4),
        ]
    columns.append(BenchColumn("Load", lambda row: seconds(row.load_s), 7))
    if any(row.memory.vram_bytes is not None for row in rows):
        columns.append(BenchColumn("VRAM", lambda row: memory(row.memory.vram_bytes), 2))
    else:
        columns.append(BenchColumn("RAM", lambda row: memory(row.memory.rss_bytes), 2))
    columns.append(BenchColumn("J/img", lambda row: number(row.energy_j_per_image, 2), 9))
    columns.append(BenchColumn("Fits", _fits, 5))
    return columns


def time_columns(rows: Sequence[BenchRow]) -> list[BenchColumn]:
    """Return where the time goes."""
    return [
        *_setting_columns(rows),
        BenchColumn("Import", lambda row: seconds(row.import_s), 8),
        BenchColumn("Load", lambda row: seconds(row.load_s), 4),
        BenchColumn("First", lambda row: seconds(row.first_caption_s), 5),
        BenchColumn("p50", _percentile("p50"), 0),
        BenchColumn("p90", _percentile("p90"), 6),
        BenchColumn("p99", _percentile("p99"), 7),
        BenchColumn("Prepare", lambda row: _middle(row.prepare_s), 2),
        BenchColumn("Generate", lambda row: _middle(row.generate_s), 1),
        BenchColumn("tok/s", lambda row: number(row.tokens_per_s, 1), 3),
        BenchColumn("Words", lambda row: number(row.words_per_caption, 1), 9),
        BenchColumn("Images", lambda row: str(row.images), 10),
    ]


def csv_columns() -> list[BenchColumn]:
    """Return every number, with its unit in its name and nothing rounded for the eye."""
    return [
        *(_field(name) for name in _PLAIN_FIELDS),
        *(_inner(name, part) for name, part in _INNER_FIELDS),
    ]


_PLAIN_FIELDS = (
    "model",
    "status",
    "reason",
    "engine",
    "device",
    "dtype",
    "num_beams",
    "prompt",
    "reduced_jpeg",
    "asked_batch_size",
    "batch_size",
    "threads",
    "images",
    "import_s",
    "load_s",
    "first_caption_s",
    "images_per_s",
    "images_per_s_stdev",
    "tokens_per_s",
    "words_per_caption",
    "energy_j_per_image",
    "vram_limit_bytes",
    "fits",
)
_INNER_FIELDS = (
    *(("latency_s", part) for part in ("p50", "p90", "p95", "p99", "mean", "stdev")),
    ("prepare_s", "p50"),
    ("generate_s", "p50"),
    ("memory", "nvml_process_bytes"),
    ("memory", "nvml_device_bytes"),
    ("memory", "torch_allocated_bytes"),
    ("memory", "torch_reserved_bytes"),
    ("memory", "rss_bytes"),
    *(("quality", part) for part in ("cider", "low", "high", "length_ratio")),
    *(("transformers", part) for part in ("images_per_s", "speedup", "identical")),
)


def _field(name: str) -> BenchColumn:
    return BenchColumn(name, lambda row: _raw(getattr(row, name)))


def _inner(name: str, part: str) -> BenchColumn:
    def cell(row: BenchRow) -> str:
        outer = getattr(row, name)
        return "" if outer is None else _raw(getattr(outer, part))

    heading = f"{name.removesuffix('_s')}_{part}_s" if name.endswith("_s") else f"{name}_{part}"
    return BenchColumn(heading, cell)


def _raw(value: object) -> str:
    return "" if value is None else str(value)


def _setting_columns(rows: Sequence[BenchRow]) -> list[BenchColumn]:
    """Return what tells rows apart: nothing that is the same in all."""
    columns = [BenchColumn("Model", lambda row: row.model)]
    if len({row.dtype for row in rows}) > 1:
        columns.append(BenchColumn("Dtype", lambda row: row.dtype or "n/a"))
    # asked for too: of a sweep that ran out of memory several rows may end at the same batch size
    if len({(row.asked_batch_size, row.batch_size) for row in rows}) > 1:
        columns.append(BenchColumn("Batch", _batch))
    return columns


def _batch(row: BenchRow) -> str:
    """Return the batch size that fitted; with the one asked for, where that is another."""
    asked, held = row.asked_batch_size, row.batch_size
    if asked is None:
        return f"{held} (auto)"
    return str(held) if asked == held else f"{held} of {asked}"


def _cider(row: BenchRow) -> str:
    return number(None if row.quality is None else row.quality.cider, 2)


def _length(row: BenchRow) -> str:
    return times(None if row.quality is None else row.quality.length_ratio)


def _speedup(row: BenchRow) -> str:
    return times(None if row.transformers is None else row.transformers.speedup)


def _identical(row: BenchRow) -> str:
    return percent(None if row.transformers is None else row.transformers.identical)


def _interval(row: BenchRow) -> str:
    quality = row.quality
    if quality is None or quality.low is None or quality.high is None:
        return ""
    return f"[{quality.low:.2f}, {quality.high:.2f}]"


def _rate(row: BenchRow) -> str:
    if row.images_per_s is None:
        return "n/a"
    digits = 1 if row.images_per_s >= 10 else 2
    spread = row.images_per_s_stdev
    return number(row.images_per_s, digits) + (
        "" if spread is None else f" ± {number(spread, digits)}"
    )


def _percentile(name: str) -> Callable[[BenchRow], str]:
    return lambda row: seconds(None if row.latency_s is None else getattr(row.latency_s, name))


def _middle(timings: Timings | None) -> str:
    return seconds(None if timings is None else timings.p50)


def _fits(row: BenchRow) -> str:
    if row.fits is None:
        return "n/a"
    return "yes" if row.fits else "no"
