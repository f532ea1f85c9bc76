"""Compare models and say what can and cannot be concluded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from f1cap.records.evaluations import Comparison, Disagreement, Evaluation
from f1cap.records.json_text import SCHEMA
from f1cap.records.scores import ImageScores, Metric, PairComparison, ScoreReport
from f1cap.services.score.conclusion import conclude, is_significant, nothing_differs
from f1cap.services.score.evaluate import score, with_left_alone
from f1cap.services.score.hypotheses import ScoreRequest
from f1cap.store import COMPARISON, write_comparison
from f1cap.version import VERSION

_SHOWN = 5


def compare(request: ScoreRequest) -> Comparison:
    """Score every caption set and compare the models in pairs.

    A comparison of results folders is also written beside the models.

    Raises:
        F1capError: As `evaluate`.
    """
    hypotheses, evaluation = score(request)
    comparison = compare_scores(evaluation)
    if hypotheses.folder is None:
        return comparison
    record = {"schema": SCHEMA, "f1cap": VERSION, **comparison.to_dict()}
    path = write_comparison(hypotheses.folder, record)
    evaluation = with_left_alone(evaluation, [path], COMPARISON)
    return replace(comparison, evaluation=evaluation, written=(path,))


def compare_scores(evaluation: Evaluation) -> Comparison:
    """Draw from scores what a comparison says."""
    return Comparison(
        evaluation=evaluation,
        best=leaders(evaluation.report),
        disagreements=_disagreements(evaluation.report),
        conclusion=conclude(evaluation),
    )


def leaders(report: ScoreReport) -> dict[str, tuple[str, ...]]:
    """Return who leads each metric, with those that cannot be told apart from the leader.

    Nobody does where all score the same whichever images are drawn, as without any match.
    """
    best: dict[str, tuple[str, ...]] = {}
    if report.images < 2:  # no interval, so nothing tells who is level with whom
        return best
    for metric in report.metrics:
        values = _values(report, metric)
        pairs = [pair for pair in report.pairs if pair.metric == metric.name]
        if len(values) < 2 or nothing_differs(pairs):
            continue
        leader = max(values, key=lambda model: metric.better(values[model]))
        best[metric.name] = tuple(
            model for model in values if model == leader or _tied(pairs, leader, model)
        )
    return best


def _values(report: ScoreReport, metric: Metric) -> dict[str, float]:
    return {
        scores.model: value
        for scores in report.models
        if (found := scores.scores.get(metric.name)) is not None
        and (value := found.value) is not None
    }


def _tied(pairs: Sequence[PairComparison], leader: str, model: str) -> bool:
    return not any(is_significant(pair) for pair in pairs if {pair.a, pair.b} == {leader, model})


def _disagreements(report: ScoreReport) -> tuple[Disagreement, ...]:
    if len(report.models) < 2:
        return ()
    by_model = {
        scores.model: {image.image: image for image in scores.per_image} for scores in report.models
    }
    first = report.models[0].per_image
    found = [_disagreement(image, by_model, report.primary) for image in first]
    found.sort(key=lambda disagreement: disagreement.spread, reverse=True)
    return tuple(disagreement for disagreement in found[:_SHOWN] if disagreement.spread > 0)


def _disagreement(
    image: ImageScores, by_model: Mapping[str, Mapping[str, ImageScores]], metric: str
) -> Disagreement:
    rows = {model: images[image.image] for model, images in by_model.items()}
    scores = {model: row.scores.get(metric) for model, row in rows.items()}
    known = [value for value in scores.values() if value is not None]
    return Disagreement(
        image=image.image,
        references=image.references,
        spread=max(known) - min(known) if known else 0.0,
        captions={model: row.caption for model, row in rows.items()},
        scores=scores,
    )
