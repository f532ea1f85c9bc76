"""Score captions that are already there."""

from dataclasses import replace

import f1cap
from f1cap.metrics.scoring import Scorer
from f1cap.records.evaluations import Evaluation, Ranking
from f1cap.records.scores import ModelScores
from f1cap.services.score.candidates import Candidates, ScoreRequest, gather
from f1cap.store import ResultsFolder

_SCHEMA = 1
_RANKED = 3


def evaluate(request: ScoreRequest) -> Evaluation:
    """Score every caption set against the references.

    Scores of results folders are also written beside the captions, as metrics.json.

    Raises:
        F1capError: Captions or references cannot be read or do not fit together, the user's Java
            does not run, or a results folder cannot be written.
    """
    candidates, evaluation = score(request)
    if candidates.folder is None:
        return evaluation
    written = tuple(
        ResultsFolder(candidates.folder, scores.model).write_metrics(
            {
                "schema": _SCHEMA,
                "f1cap": f1cap.__version__,
                **evaluation.plain(),
                **evaluation.plain_model(scores),
                "per_image": evaluation.plain_images(scores),
            }
        )
        for scores in evaluation.report.models
    )
    return replace(evaluation, written=written)


def score(request: ScoreRequest) -> tuple[Candidates, Evaluation]:
    """Read and score; the part that `eval` and `compare` share. Writes nothing."""
    # METEOR needs seconds to start: it does so while files are read.
    with Scorer(request.java) as scorer:
        candidates = gather(request)
        report = scorer.score(
            candidates.texts(),
            candidates.reference_texts(),
            options=request.options,
            annotations=candidates.annotations(),
        )
    evaluation = Evaluation(
        report=report,
        rankings={scores.model: _rank(scores, request.rank_by) for scores in report.models},
        costs={model: found.cost for model, found in candidates.sets.items()},
        negative_controls=frozenset(
            model for model, found in candidates.sets.items() if found.negative_control
        ),
    )
    return candidates, evaluation


def _rank(scores: ModelScores, metric: str) -> Ranking:
    """Pick the images at both ends; with few images none is at both."""
    ranked = sorted(
        (image for image in scores.per_image if image.scores.get(metric) is not None),
        key=lambda image: image.scores[metric] or 0.0,
        reverse=True,
    )
    shown = min(_RANKED, (len(ranked) + 1) // 2)
    best = ranked[:shown]
    worst = ranked[max(shown, len(ranked) - _RANKED) :][::-1]
    return Ranking(metric, tuple(best), tuple(worst))
