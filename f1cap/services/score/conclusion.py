"""One sentence on what a comparison shows, and what it does not."""

from collections.abc import Iterator, Sequence

from f1cap.records.evaluations import Evaluation, primary_pairs
from f1cap.records.scores import PairComparison, ScoreReport

_LEVEL = 0.05
_FEW_IMAGES = 50


def conclude(evaluation: Evaluation) -> str:
    """Return the sentence: who leads, which models do not differ, how the negative control fared.

    Models differ by the primary metric alone: see `is_significant`.
    """
    report = evaluation.report
    label = report.primary_metric.label
    ranked = _ranked(report)
    if len(report.models) < 2:
        return "Only one model: there is nothing to compare it with."
    if len(ranked) < 2:
        only = f"could be computed for {ranked[0]} only" if ranked else "could not be computed"
        return f"{label} {only}, so nothing can be concluded."
    parts = [_leaders(report, label, ranked), *_control(evaluation, label, ranked)]
    if report.images < _FEW_IMAGES:
        parts.append(f"with {_images(report.images)} only large differences can be detected")
    return "; ".join(parts) + "."


def is_significant(pair: PairComparison) -> bool:
    """Tell whether test and interval agree on a difference; marks and sentence follow from it."""
    return pair.p_holm < _LEVEL and not contains_zero(pair)


def contains_zero(pair: PairComparison) -> bool:
    """Tell whether the interval of the difference leaves open who is ahead."""
    return pair.low is None or pair.high is None or pair.low <= 0 <= pair.high


def _ranked(report: ScoreReport) -> list[str]:
    """Return the models that have the primary score, best first."""
    values = {
        scores.model: score.value
        for scores in report.models
        if (score := scores.scores.get(report.primary)) is not None and score.value is not None
    }
    better = report.primary_metric.better
    return sorted(values, key=lambda model: better(values[model]), reverse=True)


def _leaders(report: ScoreReport, label: str, ranked: Sequence[str]) -> str:
    leader = ranked[0]
    apart = [model for model in ranked[1:] if _ahead(report, leader, model)]
    level = [model for model in ranked[1:] if model not in apart]
    where = f"on these {_images(report.images)}"
    lead = _evidence(_pair(report, leader, ranked[1] if not level else level[0]))
    if not level:
        return f"{leader} is ahead of {_listed(apart)} by {label} {where} ({lead})"
    front = [leader, *level]
    if len(front) > 2:
        lead += " for the first two"
    tie = f"{_listed(front)} cannot be told apart by {label} {where} ({lead})"
    # A model level with the leader need not be ahead of all that the leader is ahead of.
    behind_all = [model for model in apart if all(_ahead(report, one, model) for one in front)]
    behind_one = [model for model in apart if model not in behind_all]
    if behind_all:
        tie += f", and {_listed(front)} are ahead of {_listed(behind_all)}"
    if behind_one:
        tie += f", and {leader} is ahead of {_listed(behind_one)}"
    return tie


def _control(evaluation: Evaluation, label: str, ranked: Sequence[str]) -> Iterator[str]:
    """Say whether the metric saw through the models that are expected to be wrong."""
    report = evaluation.report
    for control in ranked:
        if control not in evaluation.negative_controls:
            continue
        others = [model for model in ranked if model not in evaluation.negative_controls]
        if not others:
            return
        best = others[0]
        if _ahead(report, best, control):
            yield f"the negative control {control} is detected: {best} is clearly better"
        else:
            yield (
                f"the negative control {control} is not detected by {label}, so the ranking should "
                "not be trusted"
            )


def _ahead(report: ScoreReport, one: str, other: str) -> bool:
    pair = _pair(report, one, other)
    if pair is None or not is_significant(pair):
        return False
    return (report.metric(pair.metric).better(pair.difference) > 0) == (pair.a == one)


def _pair(report: ScoreReport, one: str, other: str) -> PairComparison | None:
    return next((pair for pair in primary_pairs(report) if {pair.a, pair.b} == {one, other}), None)


def _evidence(pair: PairComparison | None) -> str:
    if pair is None:
        return "not tested"
    p = "p < 0.001" if pair.p_holm < 0.001 else f"p = {pair.p_holm:.3f}"
    if pair.p_holm < _LEVEL and contains_zero(pair):
        p += ", but its interval contains zero"
    return f"difference {abs(pair.difference):.3f}, {p}"


def _listed(models: Sequence[str]) -> str:
    if len(models) == 1:
        return models[0]
    return f"{', '.join(models[:-1])} and {models[-1]}"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
