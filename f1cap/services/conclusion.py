"""One sentence on what a comparison shows, and what it does not."""

from collections.abc import Iterator, Sequence

from f1cap.metrics.catalog import METRICS
from f1cap.records.evaluations import Evaluation, primary_pairs
from f1cap.records.scores import PairComparison, ScoreReport

_LEVEL = 0.05
_FEW_IMAGES = 50


def conclude(evaluation: Evaluation) -> str:
    """Return the sentence: who leads, who cannot be told apart, how the negative control fared.

    Two models are told apart where the corrected p of the primary metric is below 0.05.
    """
    report = evaluation.report
    label = METRICS[report.primary].label
    ranked = _ranked(report)
    if len(report.models) < 2:
        return "One model alone: there is nothing to compare it with."
    if len(ranked) < 2:
        return f"{label} could not be computed for two models, so nothing can be concluded."
    parts = [_leaders(report, label, ranked), *_control(evaluation, label, ranked)]
    if report.images < _FEW_IMAGES:
        parts.append(f"with {_images(report.images)} only large differences can be seen")
    return "; ".join(parts) + "."


def _ranked(report: ScoreReport) -> list[str]:
    """Return the models that have the primary score, best first."""
    values = {
        scores.model: score.value
        for scores in report.models
        if (score := scores.scores.get(report.primary)) is not None and score.value is not None
    }
    return sorted(values, key=lambda model: values[model], reverse=True)


def _leaders(report: ScoreReport, label: str, ranked: Sequence[str]) -> str:
    leader = ranked[0]
    apart = [model for model in ranked[1:] if _told_apart(report, leader, model)]
    level = [model for model in ranked[1:] if model not in apart]
    where = f"on these {_images(report.images)}"
    if not level:
        lead = _pair(report, leader, ranked[1])
        return f"{leader} is ahead of {_listed(apart)} by {label} {where} ({_evidence(lead)})"
    if not apart:
        lead = _pair(report, leader, level[0])
        return (
            f"{_listed([leader, *level])} cannot be told apart by {label} {where} "
            f"({_evidence(lead)} for the first two)"
        )
    lead = _pair(report, leader, level[0])
    return (
        f"{_listed([leader, *level])} cannot be told apart by {label} {where} "
        f"({_evidence(lead)} for the first two), and {leader} is ahead of {_listed(apart)}"
    )


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
        if _told_apart(report, best, control) and ranked.index(best) < ranked.index(control):
            yield f"the negative control {control} is exposed: {best} is clearly better than it"
        else:
            yield (
                f"the negative control {control} is not exposed by {label}, so the ranking should "
                "not be trusted"
            )


def _told_apart(report: ScoreReport, one: str, other: str) -> bool:
    pair = _pair(report, one, other)
    return pair is not None and pair.p_holm < _LEVEL


def _pair(report: ScoreReport, one: str, other: str) -> PairComparison | None:
    return next((pair for pair in primary_pairs(report) if {pair.a, pair.b} == {one, other}), None)


def _evidence(pair: PairComparison | None) -> str:
    if pair is None:
        return "not tested"
    p = "p < 0.001" if pair.p_holm < 0.001 else f"p = {pair.p_holm:.3f}"
    return f"difference {abs(pair.difference):.3f}, {p}"


def _listed(models: Sequence[str]) -> str:
    if len(models) == 1:
        return models[0]
    return f"{', '.join(models[:-1])} and {models[-1]}"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
