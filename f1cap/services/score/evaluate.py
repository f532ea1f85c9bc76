"""Score captions that are already there."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from f1cap.metrics import registry
from f1cap.metrics.scoring import ScoringSession
from f1cap.records.evaluations import Evaluation, Ranking
from f1cap.records.json_text import SCHEMA
from f1cap.records.scores import Metric, ModelScores, Remark
from f1cap.services.score.hypotheses import Hypotheses, ScoreRequest, gather
from f1cap.store import METRICS, ResultsFolder
from f1cap.version import VERSION

_RANKED = 3


def evaluate(request: ScoreRequest) -> Evaluation:
    """Score every caption set against the references.

    Scores of results folders are also written beside the captions, as metrics.json; a file of that
    name that is not f1cap's is left alone.

    Raises:
        F1capError: Captions or references cannot be read or do not fit together, the user's Java
            does not run, or a results folder cannot be written.
    """
    hypotheses, evaluation = score(request)
    if hypotheses.folder is None:
        return evaluation
    written = tuple(
        ResultsFolder(hypotheses.folder, scores.model).write_metrics(
            {
                "schema": SCHEMA,
                "f1cap": VERSION,
                **evaluation.model_dict(scores),
            }
        )
        for scores in evaluation.report.models
    )
    return replace(with_left_alone(evaluation, written, METRICS), written=written)


def with_left_alone(evaluation: Evaluation, written: Iterable[Path], usual: str) -> Evaluation:
    """Remark where a file of the usual name was somebody else's, and ours went beside it."""
    remarks = tuple(
        Remark(
            "not_replaced",
            f"{path.with_name(usual)} was not written by f1cap and stays as it is: the scores are "
            f"in {path.name} beside it.",
        )
        for path in written
        if path.name != usual
    )
    report = replace(evaluation.report, remarks=(*evaluation.report.remarks, *remarks))
    return replace(evaluation, report=report)


def score(request: ScoreRequest) -> tuple[Hypotheses, Evaluation]:
    """Read and score; the part that `eval` and `compare` share. Writes nothing."""
    # METEOR needs seconds to start: it does so while files are read.
    with ScoringSession(request.options, java=request.java) as session:
        hypotheses = gather(request, references_needed=registry.references_needed(session.specs))
        return hypotheses, score_hypotheses(session, hypotheses, rank_by=request.rank_by)


def score_hypotheses(
    session: ScoringSession, hypotheses: Hypotheses, *, rank_by: str | None = None
) -> Evaluation:
    """Score what was gathered.

    Args:
        session: What computes the metrics.
        hypotheses: Caption sets and references.
        rank_by: The metric that picks the best and worst images; None takes the primary one.

    Raises:
        UsageError: The metric that ranks is not computed.
        CaptionSetError: Captions and references do not fit together.
    """
    report = session.score(
        hypotheses.texts(),
        hypotheses.reference_texts(),
        annotations=hypotheses.annotations(),
        read_image=hypotheses.read_image,
    )
    metric = registry.deciding(session.specs, rank_by or report.primary)
    return Evaluation(
        report=report,
        rankings={scores.model: _rank(scores, metric) for scores in report.models},
        costs={model: found.cost for model, found in hypotheses.by_model.items()},
        negative_controls=frozenset(
            model for model, found in hypotheses.by_model.items() if found.negative_control
        ),
    )


def _rank(scores: ModelScores, metric: Metric) -> Ranking:
    """Pick the images at both ends; with few images none is at both."""
    ranked = sorted(
        (image for image in scores.per_image if image.scores.get(metric.name) is not None),
        key=lambda image: metric.better(image.scores[metric.name] or 0.0),
        reverse=True,
    )
    shown = min(_RANKED, (len(ranked) + 1) // 2)
    best = ranked[:shown]
    worst = ranked[max(shown, len(ranked) - _RANKED) :][::-1]
    return Ranking(metric.name, tuple(best), tuple(worst))
