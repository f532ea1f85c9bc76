"""From sums of per-image statistics to scores: what every resample of images is scored with.

BLEU and METEOR of a corpus are no means over images; they follow from sums over them. Each scorer
therefore has a row of statistics per image, and a formula from the sums of such rows to its scores.
The formulas take any number of leading axes, so that ten thousand resamples are one call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

# pycocoevalcap's constants: no smoothing, only no division by zero.
_BLEU_TINY = 1e-15
_BLEU_SMALL = 1e-9

# METEOR 1.5's parameters for English (Denkowski and Lavie 2014, table 1), as its jar uses them with
# `-l en`.
_ALPHA, _BETA, _GAMMA, _DELTA = 0.85, 0.2, 0.6, 0.75
_STAGE_WEIGHTS = np.array([1.0, 0.6, 0.8, 0.6])  # exact, stem, synonym, paraphrase


def bleu(sums: Matrix) -> Matrix:
    """Return BLEU-1 to 4, shape (..., 4).

    Papineni et al. 2002, with the brevity penalty against the closest reference length.

    Args:
        sums: Shape (..., 10): words, words of the closest references, possible and matched n-grams
            of each order.
    """
    words, closest = sums[..., 0], sums[..., 1]
    precisions = (sums[..., 6:10] + _BLEU_TINY) / (sums[..., 2:6] + _BLEU_SMALL)
    scores = np.cumprod(precisions, axis=-1) ** (1.0 / np.arange(1, 5))
    ratio = (words + _BLEU_TINY) / (closest + _BLEU_SMALL)
    brevity = np.exp(np.minimum(0.0, 1.0 - 1.0 / ratio))
    return scores * brevity[..., np.newaxis]


def matched_bleu(sums: Matrix) -> Matrix:
    """Return BLEU-1 to 4 with those that lack a match exactly 0, shape (..., 4).

    The tiny constant against zero counts differs with the length of the captions: taken for a
    score, it makes one of two models without a match the winner of every resample.

    Args:
        sums: As of `bleu`.
    """
    matched: Matrix = np.logical_and.accumulate(sums[..., 6:10] > 0, axis=-1).astype(np.float64)
    return bleu(sums) * matched


def meteor(sums: Matrix) -> Matrix:
    """Return METEOR 1.5, shape (..., 1).

    Args:
        sums: Shape (..., 6), of `meteor_rows`.
    """
    caption_length, reference_length, caption_matches, reference_matches, chunks, matched = (
        sums[..., column] for column in range(6)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = caption_matches / caption_length
        recall = reference_matches / reference_length
        mean = 1.0 / ((1.0 - _ALPHA) / precision + _ALPHA / recall)
        score = mean * (1.0 - _GAMMA * (chunks / matched) ** _BETA)
    # No match at all is 0/0 somewhere above, and the jar's score of it is 0.
    return np.maximum(np.nan_to_num(score, nan=0.0), 0.0)[..., np.newaxis]


def meteor_rows(statistics: Matrix) -> Matrix:
    """Reduce METEOR's 23 statistics per image to the 6 that its formula needs, shape (n, 6).

    Weighted length of caption and reference, weighted matches of both, chunks, mean number of
    matched words. As in the jar, a caption that matches wholly and in one piece counts no chunk.

    Args:
        statistics: Shape (n, 23), as `MeteorProcess.collect` returns them.
    """
    lengths, function_words = statistics[:, 0:2], statistics[:, 2:4]
    stages = statistics[:, 4:20].reshape(
        -1, 4, 4
    )  # stage; content of caption and reference, function words of both
    chunks, matched = statistics[:, 20], statistics[:, 21:23]
    weighted_lengths = _DELTA * (lengths - function_words) + (1.0 - _DELTA) * function_words
    content = np.einsum("s,nsk->nk", _STAGE_WEIGHTS, stages[:, :, 0:2])
    function = np.einsum("s,nsk->nk", _STAGE_WEIGHTS, stages[:, :, 2:4])
    weighted_matches = _DELTA * content + (1.0 - _DELTA) * function
    whole = (matched == lengths).all(axis=1) & (chunks == 1.0)
    return np.column_stack(
        [weighted_lengths, weighted_matches, np.where(whole, 0.0, chunks), matched.mean(axis=1)]
    )


def mean(sums: Matrix, images: int) -> Matrix:
    """Return the mean over images of a per-image score, shape (..., 1)."""
    return sums / images


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one scorer in a matrix of statistics.

    Attributes:
        width: Columns of statistics per image.
        metrics: Names of the scores, in the order of the formula's last axis.
        formula: From sums, shape (..., width), and the number of images to scores, shape (...,
            metrics).
        resampled: The same for resamples and swaps of images; None where that is no other.
    """

    width: int
    metrics: tuple[str, ...]
    formula: Callable[[Matrix, int], Matrix]
    resampled: Callable[[Matrix, int], Matrix] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which scorers' columns stand side by side in a matrix of statistics."""

    blocks: tuple[Block, ...]

    @property
    def width(self) -> int:
        """Columns of statistics."""
        return sum(block.width for block in self.blocks)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the scores, in the order in which `scores` returns them."""
        return tuple(metric for block in self.blocks for metric in block.metrics)

    def scores(self, sums: Matrix, images: int) -> Matrix:
        """Score sums over images.

        Args:
            sums: Shape (..., width).
            images: How many rows were added up, repetitions counted.

        Returns:
            Shape (..., metrics).
        """
        return self._apply([block.formula for block in self.blocks], sums, images)

    def resampled(self, sums: Matrix, images: int) -> Matrix:
        """Score sums over resampled or swapped images, as `scores` does those of all."""
        formulas = [block.resampled or block.formula for block in self.blocks]
        return self._apply(formulas, sums, images)

    def _apply(
        self, formulas: Sequence[Callable[[Matrix, int], Matrix]], sums: Matrix, images: int
    ) -> Matrix:
        parts: list[Matrix] = []
        start = 0
        for block, formula in zip(self.blocks, formulas, strict=True):
            parts.append(formula(sums[..., start : start + block.width], images))
            start += block.width
        return np.concatenate(parts, axis=-1)
