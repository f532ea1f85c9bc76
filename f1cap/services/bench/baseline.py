"""This benchmark beside an earlier one: what got worse, and what else is different."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from f1cap.records.benchmarks import Benchmark, BenchRow, Comparison, Environment, Regression
from f1cap.store.benchmarks import SETTING

# A number, where it lies in a row, and whether more of it is better.
_METRICS = {
    "images_per_s": (("images_per_s",), True),
    "latency_p50_s": (("latency_s", "p50"), False),
    "vram_bytes": (("memory", "nvml_process_bytes"), False),
    "rss_bytes": (("memory", "rss_bytes"), False),
    "cider": (("quality", "cider"), True),
}
_MACHINE = ("cpu", "cores", "gpus", "driver", "torch", "transformers", "threads", "f1cap")


def compare_with(
    baseline: str, earlier: Mapping[str, Any], benchmark: Benchmark, tolerance: float
) -> Comparison:
    """Set complete rows beside those of the same setting in an earlier benchmark.

    On other images nothing is compared: they are other work.

    Args:
        baseline: What the user calls the earlier one.
        earlier: Its `data`, as JSON.
        benchmark: This one.
        tolerance: The share by which a number may be worse.
    """
    rows = benchmark.rows
    images = [
        f"{name} was {earlier.get(name)} and is {now}"
        for name, now in (("dataset", benchmark.dataset), ("images", benchmark.images))
        if earlier.get(name) != now
    ]
    if images:
        return Comparison(baseline, tolerance, 0, (), tuple(images))
    before = {_key(row): row for row in earlier["rows"] if row["status"] == "ok"}
    found = [
        (row, before[key])
        for row in rows
        if row.status == "ok" and (key := _key(row.plain())) in before
    ]
    regressions = [
        regression for row, old in found for regression in _regressions(row, old, tolerance)
    ]
    return Comparison(
        baseline=baseline,
        tolerance=tolerance,
        compared=len(found),
        regressions=tuple(regressions),
        differences=tuple(_differences(earlier, benchmark.environment, found, rows)),
    )


def _key(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(None if row[name] is None else str(row[name]) for name in SETTING)


def _regressions(row: BenchRow, old: Mapping[str, Any], tolerance: float) -> Iterator[Regression]:
    for metric, (path, more_is_better) in _METRICS.items():
        before, now = _look_up(old, path), _read(row, path)
        if before is None or now is None or before <= 0:
            continue
        change = (now - before) / before
        if (-change if more_is_better else change) > tolerance:
            yield Regression(row.model, row.dtype, row.batch_size, metric, before, now, change)


def _look_up(row: Mapping[str, Any], path: Sequence[str]) -> float | None:
    value: Any = row
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int | float) else None


def _read(row: BenchRow, path: Sequence[str]) -> float | None:
    value: Any = row
    for name in path:
        value = None if value is None else getattr(value, name)
    return value if isinstance(value, int | float) else None


def _differences(
    earlier: Mapping[str, Any],
    environment: Environment,
    found: Sequence[tuple[BenchRow, Mapping[str, Any]]],
    rows: Sequence[BenchRow],
) -> Iterator[str]:
    yield from _other_machine(earlier["environment"], environment)
    for row, before in found:
        yield from _other_setting(row, before)
    met = {_key(before) for _, before in found}
    for gone in earlier["rows"]:
        if gone["status"] == "ok" and _key(gone) not in met:
            yield f"{gone['model']} ({gone['dtype']}) was measured then and is not now"
    alone = sum(row.status == "ok" for row in rows) - len(found)
    if alone:
        yield f"rows without a counterpart in the earlier run: {alone}"


def _other_machine(old: Mapping[str, Any], environment: Environment) -> Iterator[str]:
    for name in _MACHINE:
        before, now = old.get(name), getattr(environment, name)
        if name == "gpus":
            before = ", ".join(str(gpu["name"]) for gpu in before or ())
            now = ", ".join(str(gpu.name) for gpu in now)
        if before != now:
            yield f"{name} was {before or 'none'} and is {now or 'none'}"


def _other_setting(row: BenchRow, before: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of two rows of one setting still differs: these do not make them other work."""
    for name, was, now in (
        ("the batch that held", before.get("batch_size"), row.batch_size),
        ("--vram-limit", before.get("vram_limit_bytes"), row.vram_limit_bytes),
        ("--reference", bool(before.get("reference")), row.reference is not None),
    ):
        if was != now:
            yield f"{name} was {was} and is {now}, for {row.model}"
