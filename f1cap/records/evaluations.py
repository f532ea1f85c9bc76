"""What `eval` and `compare` return: scores with everything shown beside them, and their JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from f1cap.records.captions import RunCost
from f1cap.records.scores import ImageScores, ModelScores, PairComparison, ScoreReport


@dataclass(frozen=True, slots=True)
class Ranking:
    """One model's best and worst images under a metric, best and worst first."""

    metric: str
    best: tuple[ImageScores, ...]
    worst: tuple[ImageScores, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of one or more caption sets.

    Attributes:
        rankings: By model.
        costs: By model.
        negative_controls: Models that are expected to be wrong.
        written: Files that keep the scores.
    """

    report: ScoreReport
    rankings: Mapping[str, Ranking]
    costs: Mapping[str, RunCost]
    negative_controls: frozenset[str]
    written: tuple[Path, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return all scores as JSON has them."""
        reports = [
            {**self._model(scores), "per_image": _per_image(scores)}
            for scores in self.report.models
        ]
        return {**self.report.to_dict(), "reports": reports}

    def model_dict(self, scores: ModelScores) -> dict[str, object]:
        """Return one model's scores as its metrics.json has them."""
        return {
            **self.report.to_dict(),
            **self._model(scores),
            "per_image": _per_image(scores),
        }

    def summary_dict(self) -> dict[str, object]:
        """Return the models' scores without those of each image, as `compare` has them."""
        models = [self._model(scores) for scores in self.report.models]
        return {**self.report.to_dict(), "models": models}

    def _model(self, scores: ModelScores) -> dict[str, object]:
        ranking = self.rankings[scores.model]
        cost = self.costs[scores.model]
        return {
            "model": scores.model,
            "negative_control": scores.model in self.negative_controls,
            "images": scores.images,
            "scores": {name: score.to_dict() for name, score in scores.scores.items()},
            "text": asdict(scores.text),
            "images_per_s": cost.images_per_s,
            "vram_peak_bytes": cost.vram_peak_bytes,
            "parameters": cost.parameters,
            "categories": [category.to_dict() for category in scores.categories],
            "rank_by": ranking.metric,
            "best": [image.to_dict() for image in ranking.best],
            "worst": [image.to_dict() for image in ranking.worst],
        }


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An image on which the models' scores lie far apart.

    Attributes:
        spread: Highest minus lowest score under the metric.
        captions: By model.
        scores: By model.
    """

    image: str
    references: tuple[str, ...]
    spread: float
    captions: Mapping[str, str]
    scores: Mapping[str, float | None]

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "image": self.image,
            "spread": self.spread,
            "references": list(self.references),
            "captions": dict(self.captions),
            "scores": dict(self.scores),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models side by side.

    Attributes:
        best: By metric: the models that lead it; several where the interval of their difference
            contains zero or its corrected p is 0.05 or more; none where nothing tells them apart.
        disagreements: Largest spread first.
        conclusion: One sentence on what can and cannot be concluded.
    """

    evaluation: Evaluation
    best: Mapping[str, tuple[str, ...]]
    disagreements: tuple[Disagreement, ...]
    conclusion: str
    written: tuple[Path, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the comparison as JSON has it."""
        return {
            **self.evaluation.summary_dict(),
            "best": {metric: list(models) for metric, models in self.best.items()},
            "pairs": [pair.to_dict() for pair in self.evaluation.report.pairs],
            "disagreements": [found.to_dict() for found in self.disagreements],
            "conclusion": self.conclusion,
        }


def primary_pairs(report: ScoreReport) -> Sequence[PairComparison]:
    """Return the comparisons under the metric named beforehand."""
    return [pair for pair in report.pairs if pair.metric == report.primary]


def _per_image(scores: ModelScores) -> list[dict[str, object]]:
    return [{"image": image.image, "scores": dict(image.scores)} for image in scores.per_image]
