"""What a metric is to the rest: something that gives every image statistics that add up.

A corpus score follows from sums over images, so that intervals, paired tests and categories need
nothing but the statistics and one formula. Most metrics are means of per-image scores: for them see
`PerImageScorer`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from f1cap.metrics.formulas import Matrix, mean
from f1cap.records.scores import JavaRuntime


class NotApplicableError(Exception):
    """A metric that means nothing for these images and references; the text says why."""


@dataclass(frozen=True, slots=True)
class ScoringInput:
    """The captions of every model over the same images, as the metric asked for them.

    Attributes:
        images: Names, sorted.
        captions: By model: one line per image, either clean text or tokens joined by spaces.
        references: Of each image, in the same form; empty lists where there are none.
        read_image: Returns the encoded bytes of an image by its name; None unless the metric needs
            the images.
    """

    images: Sequence[str]
    captions: Mapping[str, Sequence[str]]
    references: Sequence[Sequence[str]]
    read_image: Callable[[str], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a metric makes of one model's captions.

    Attributes:
        rows: Shape (n, width): per image, what sums over images are taken of.
        corpus: Shape (metrics,): the scores of all images, where the code behind the metric states
            them itself; those from the sums may differ in the last digit.
        per_image: Shape (n, metrics): the same of each image.
    """

    rows: Matrix
    corpus: Matrix | None = None
    per_image: Matrix | None = None


class Scorer(ABC):
    """One metric, or several that share their statistics (BLEU-1 to 4).

    Made without arguments from the target of its `MetricSpec`, and used for any number of scorings.

    Attributes:
        background: Its work is done by another process between `submit` and `statistics`, so it is
            collected after the others.
    """

    background: ClassVar[bool] = False

    @property
    @abstractmethod
    def version(self) -> str:
        """Of the code behind the scores, for the signature."""

    def start(self, java: JavaRuntime) -> None:  # noqa: B027 - most have nothing to warm up
        """Begin what takes seconds, before captions are read; called of metrics on tokens only."""

    def submit(self, batch: ScoringInput) -> None:  # noqa: B027 - most have no other process
        """Hand over what `statistics` will be asked for next, and return at once."""

    @abstractmethod
    def statistics(self, batch: ScoringInput) -> Mapping[str, Statistics]:
        """Return the statistics of every model.

        Raises:
            NotApplicableError: The metric means nothing here.
            F1capError: It could not be computed; other metrics are.
        """

    def scores(self, sums: Matrix, images: int) -> Matrix:
        """Score sums over images; without a formula of one's own, their mean.

        Args:
            sums: Shape (..., width).
            images: How many rows were added up, repetitions counted.

        Returns:
            Shape (..., metrics).
        """
        return mean(sums, images)

    def resampled(self, sums: Matrix, images: int) -> Matrix:
        """Score sums over resampled or swapped images: as `scores`, but for what is no signal."""
        return self.scores(sums, images)

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """End what `start` began."""


class PerImageScorer(Scorer):
    """A metric whose corpus score is the mean of the scores of its images."""

    @abstractmethod
    def score(self, caption: str, references: Sequence[str]) -> float:
        """Return the score of one caption against the references of its image."""

    def statistics(self, batch: ScoringInput) -> Mapping[str, Statistics]:
        """Score caption by caption."""
        return {
            model: Statistics(
                np.array(
                    [
                        [self.score(caption, references)]
                        for caption, references in zip(captions, batch.references, strict=True)
                    ],
                    dtype=np.float64,
                )
            )
            for model, captions in batch.captions.items()
        }
