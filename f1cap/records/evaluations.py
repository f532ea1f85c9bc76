"""What `eval` and `compare` return: scores with everything shown beside them, and their JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from f1cap.records.captions import RunCost
from f1cap.records.scores import ImageScores, ModelScores, PairComparison, Remark, ScoreReport


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

    def plain(self) -> dict[str, object]:
        """Return the scores as JSON has them, but for the models'."""
        report = self.report
        return {
            "images": report.images,
            "primary": report.primary,
            "confidence": report.confidence,
            "resamples": report.resamples,
            "seed": report.seed,
            "versions": report.versions,
            "java": report.java,
            "remarks": [_remark(remark) for remark in report.remarks],
        }

    def plain_model(self, scores: ModelScores) -> dict[str, object]:
        """Return one model's scores as JSON has them."""
        ranking = self.rankings[scores.model]
        cost = self.costs[scores.model]
        return {
            "model": scores.model,
            "negative_control": scores.model in self.negative_controls,
            "images": scores.images,
            "scores": {
                name: {
                    "value": score.value,
                    "low": score.low,
                    "high": score.high,
                    "signature": str(score.signature),
                    "note": score.note,
                }
                for name, score in scores.scores.items()
            },
            "text": scores.text,
            "images_per_s": cost.images_per_s,
            "vram_peak_bytes": cost.vram_peak_bytes,
            "parameters": cost.parameters,
            "categories": [
                {
                    "category": category.category,
                    "images": category.images,
                    "scores": category.scores,
                }
                for category in scores.categories
            ],
            "rank_by": ranking.metric,
            "best": [_image(image) for image in ranking.best],
            "worst": [_image(image) for image in ranking.worst],
        }

    @staticmethod
    def plain_images(scores: ModelScores) -> Iterator[dict[str, object]]:
        """Yield the scores of each image as JSON has them."""
        for image in scores.per_image:
            yield {"image": image.image, "scores": image.scores}


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models side by side.

    Attributes:
        best: By metric: the models that lead it; several where the interval of their difference
            holds zero or, for the primary metric, its corrected p is 0.05 or more.
        disagreements: Largest spread first.
        conclusion: One sentence on what can and cannot be concluded.
    """

    evaluation: Evaluation
    best: Mapping[str, tuple[str, ...]]
    disagreements: tuple[Disagreement, ...]
    conclusion: str
    written: tuple[Path, ...] = ()

    def plain(self) -> dict[str, object]:
        """Return the comparison as JSON has it."""
        evaluation = self.evaluation
        return {
            **evaluation.plain(),
            "models": [evaluation.plain_model(scores) for scores in evaluation.report.models],
            "best": {metric: list(models) for metric, models in self.best.items()},
            "pairs": [_pair(pair) for pair in evaluation.report.pairs],
            "disagreements": [
                {
                    "image": found.image,
                    "spread": found.spread,
                    "references": list(found.references),
                    "captions": found.captions,
                    "scores": found.scores,
                }
                for found in self.disagreements
            ],
            "conclusion": self.conclusion,
        }


def primary_pairs(report: ScoreReport) -> Sequence[PairComparison]:
    """Return the comparisons under the metric named beforehand."""
    return [pair for pair in report.pairs if pair.metric == report.primary]


def _remark(remark: Remark) -> dict[str, str | None]:
    return {
        "code": remark.code,
        "text": remark.text,
        "metric": remark.metric,
        "model": remark.model,
    }


def _image(image: ImageScores) -> dict[str, object]:
    return {
        "image": image.image,
        "category": image.category,
        "caption": image.caption,
        "references": list(image.references),
        "scores": image.scores,
    }


def _pair(pair: PairComparison) -> dict[str, object]:
    return {
        "a": pair.a,
        "b": pair.b,
        "metric": pair.metric,
        "difference": pair.difference,
        "low": pair.low,
        "high": pair.high,
        "p": pair.p,
        "p_holm": pair.p_holm,
        "exact": pair.exact,
        "wins": pair.wins,
    }
