"""This benchmark beside an earlier one: what got worse, and what else is different."""

from collections.abc import Iterator, Sequence

from f1cap.records.baselines import BaselineComparison, BenchmarkSummary, Regression, RowSummary

_HIGHER_IS_BETTER = frozenset({"images_per_s", "cider"})


def compare_with_baseline(
    name: str, earlier: BenchmarkSummary, now: BenchmarkSummary, tolerance: float
) -> BaselineComparison:
    """Compare complete rows with those of the same setting in an earlier benchmark.

    Results on other images are not comparable, so nothing is compared then.

    Args:
        name: What the user calls the earlier one.
        earlier: The earlier one.
        now: This one.
        tolerance: The share by which a number may be worse.
    """
    other_images = [
        f"{what} was {before} and is {after}"
        for what, before, after in (
            ("dataset", earlier.dataset, now.dataset),
            ("images", earlier.images, now.images),
        )
        if before != after
    ]
    if other_images:
        return BaselineComparison(name, tolerance, 0, (), tuple(other_images))
    before_by_setting = {row.setting: row for row in earlier.rows}
    pairs = [
        (before_by_setting[row.setting], row)
        for row in now.rows
        if row.setting in before_by_setting
    ]
    return BaselineComparison(
        baseline=name,
        tolerance=tolerance,
        compared=len(pairs),
        regressions=tuple(
            regression
            for before, row in pairs
            for regression in _regressions(before, row, tolerance)
        ),
        differences=tuple(_differences(earlier, now, pairs)),
    )


def _regressions(before: RowSummary, row: RowSummary, tolerance: float) -> Iterator[Regression]:
    for metric, now in row.metrics.items():
        was = before.metrics.get(metric)
        if was is None or was <= 0:
            continue
        change = (now - was) / was
        if (-change if metric in _HIGHER_IS_BETTER else change) > tolerance:
            yield Regression(row.model, row.dtype, row.batch_size, metric, was, now, change)


def _differences(
    earlier: BenchmarkSummary,
    now: BenchmarkSummary,
    pairs: Sequence[tuple[RowSummary, RowSummary]],
) -> Iterator[str]:
    for name, was in earlier.machine.items():
        if was != now.machine[name]:
            yield f"{name} was {was or 'none'} and is {now.machine[name] or 'none'}"
    for before, row in pairs:
        for name, was in before.options.items():
            if was != row.options[name]:
                yield f"{name} was {was} and is {row.options[name]}, for {row.model}"
    paired = {row.setting for _, row in pairs}
    for gone in earlier.rows:
        if gone.setting not in paired:
            yield f"{gone.model} ({gone.dtype}) was measured in the baseline and not in this run"
    if alone := len(now.rows) - len(pairs):
        yield f"rows without a counterpart in the baseline: {alone}"
