"""The columns of the model table that `compare` shows, whatever its form."""

from collections.abc import Callable
from dataclasses import dataclass

from f1cap.records.evaluations import Comparison
from f1cap.records.scores import Metric, ModelScores
from f1cap.render.formatting import memory
from f1cap.render.scores import interval, number, percent, score_number, times


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the model table.

    Attributes:
        keep: Columns are left out on a narrow screen from the highest number down.
    """

    heading: str
    cell: Callable[[Comparison, ModelScores], str]
    keep: int


def columns_of(comparison: Comparison) -> list[Column]:
    """Return the columns that this comparison has figures for, in their order."""
    report = comparison.evaluation.report
    costs = comparison.evaluation.costs.values()
    primary = report.primary_metric
    metrics = [primary, *(metric for metric in report.ranked_metrics if metric != primary)]
    columns: list[Column] = []
    for index, metric in enumerate(metrics):
        columns.append(Column(metric.label, _score_cell(metric), index * 2))
        if metric == primary:
            columns.append(Column("95 %", _interval_cell(metric), 1))
    columns.append(Column("Length", lambda _, model: times(model.text.length_ratio), 3))
    columns.append(Column("Cut off", lambda _, model: percent(model.text.truncated), 5))
    if any(cost.images_per_s is not None for cost in costs):
        columns.append(Column("img/s", _speed_cell, 9))
    if any(cost.vram_peak_bytes is not None for cost in costs):
        columns.append(Column("VRAM", _vram_cell, 11))
    if any(cost.parameters is not None for cost in costs):
        columns.append(Column("Params", _parameters_cell, 13))
    return columns


def _score_cell(metric: Metric) -> Callable[[Comparison, ModelScores], str]:
    def cell(comparison: Comparison, model: ModelScores) -> str:
        best = comparison.best.get(metric.name, ())
        mark = "" if model.model not in best else "*" if len(best) == 1 else "="
        return f"{score_number(model.scores[metric.name].value, metric)}{mark}"

    return cell


def _interval_cell(metric: Metric) -> Callable[[Comparison, ModelScores], str]:
    return lambda _, model: interval(model.scores[metric.name], metric)


def _speed_cell(comparison: Comparison, model: ModelScores) -> str:
    return number(comparison.evaluation.costs[model.model].images_per_s, 1)


def _vram_cell(comparison: Comparison, model: ModelScores) -> str:
    return memory(comparison.evaluation.costs[model.model].vram_peak_bytes)


def _parameters_cell(comparison: Comparison, model: ModelScores) -> str:
    parameters = comparison.evaluation.costs[model.model].parameters
    return "n/a" if parameters is None else f"{parameters / 1e6:.0f} M"
