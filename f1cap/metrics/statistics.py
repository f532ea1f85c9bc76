"""How sure a score or a difference is: bootstrap intervals and paired randomisation over images.

Intervals of percentiles miss the score of few images too often, above all that of BLEU-4, which few
of them decide; BCa intervals more often still. Symmetric studentised intervals (Hall 1988, "On
symmetric bootstrap confidence intervals") ask how far a resample's score lies from the real one in
standard errors of its own. Their standard errors are those of the jackknife, linear in the images,
so that a resample's costs two more sums. Drawn from 400 pairs of COCO captions with one reference
each, those of differences cover 94 % (BLEU-4) to 96 % at 20 and at 50 images, those of scores 92 %
(CIDEr) or more; percentiles, 88 and 91 % of the differences in BLEU-4, BCa 81 % at 20. From 200
images on, the expanded percentile interval (Hesterberg 2015, "What teachers should know about the
bootstrap", section 5.3) is about as good, and of thousands it is cheaper.

Where two captioners are equally good, it would not matter which of the two captions of an image is
called A's. The randomisation test swaps them image by image and counts how often the difference
comes out as large as the real one or larger. It keeps its 5 % of false alarms with 20 images, where
p-values from the bootstrap have 8 to 13 %.
"""

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

import numpy as np

from f1cap.metrics.formulas import Layout, Matrix

MAX_CELLS = 2_000_000  # of a matrix held at once: 16 MB
EXACT_LIMIT = 20  # images up to which all swaps are enumerated: half a million
_TOLERANCE = 1e-12  # swaps that give the same difference add up in another order
# Of a studentised interval, in that of Student's: else a score that two images decide has no bound.
_REACH_LIMIT = 1.5
STUDENTISED_LIMIT = 1_000  # images up to which it pays
_MANY_IMAGES = 20_000
_SERIES_LIMIT = 200  # degrees of freedom up to which t is inverted exactly


def default_resamples(images: int) -> int:
    """Return how many resamples to draw: of many images each is costly, and the interval narrow."""
    return 10_000 if images <= _MANY_IMAGES else 2_000


def bootstrap_sums(statistics: Matrix, resamples: int, seed: int) -> Matrix:
    """Draw images with replacement and add up their statistics.

    The draws depend on the seed, the number of resamples and the number of rows only: columns of
    several models side by side are resampled together, which is what makes a comparison paired.

    Args:
        statistics: Shape (n, columns).
        resamples: How many times n images are drawn.
        seed: Of the draws.

    Returns:
        Shape (resamples, columns).
    """
    images = len(statistics)
    generator = np.random.default_rng(seed)
    sums = np.empty((resamples, statistics.shape[1]))
    batch = max(1, MAX_CELLS // images)
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        # How often each image was drawn, times its row: much faster than gathering the rows.
        drawn = generator.integers(0, images, size=(size, images), dtype=np.int64)
        drawn += np.arange(size, dtype=np.int64)[:, np.newaxis] * images
        counts = np.bincount(drawn.ravel(), minlength=size * images).reshape(size, images)
        sums[start : start + size] = counts.astype(np.float64) @ statistics
    return sums


def influence(rows: Matrix, layout: Layout) -> Matrix:
    """Return how far each image moves each score, by the jackknife.

    Args:
        rows: Of one model, shape (n, layout.width); at least two.
        layout: What the columns are.

    Returns:
        Shape (n, metrics), of mean 0.
    """
    images = len(rows)
    without = layout.resampled(rows.sum(axis=0) - rows, images - 1)
    moved: Matrix = (images - 1) * (without.mean(axis=0) - without)
    return moved


def studentised(
    real: Matrix, drawn: Matrix, influences: Matrix, moments: Matrix, confidence: float
) -> Matrix:
    """Return how far the intervals reach to either side.

    Args:
        real: Scores or differences of all images, shape (...).
        drawn: The same of every resample, shape (resamples, ...).
        influences: Of every image on them, shape (n, ...).
        moments: Sums of the influences and of their squares over every resample, shape (resamples,
            2, ...).
        confidence: For example 0.95.

    Returns:
        Shape (...).
    """
    images = len(influences)
    error = np.sqrt((influences**2).sum(axis=0) / (images * (images - 1)))
    means = moments / images
    errors = np.sqrt(np.maximum(means[:, 1] - means[:, 0] ** 2, 0.0) / (images - 1))
    distance = np.abs(drawn - real)
    # A resample of one image over and over has no error; wherever it lies, it is infinitely far.
    steps = np.where(distance > _TOLERANCE, np.inf, 0.0)
    np.divide(distance, errors, out=steps, where=errors > _TOLERANCE)
    reach = np.quantile(steps, confidence, axis=0, method="inverted_cdf")
    limit = _REACH_LIMIT * student_quantile(1.0 - (1.0 - confidence) / 2.0, images - 1)
    half: Matrix = np.minimum(reach, limit) * error
    return half


def expanded_percentile(values: Matrix, images: int, confidence: float) -> tuple[Matrix, Matrix]:
    """Return the lower and upper ends of the intervals.

    Args:
        values: Bootstrap scores, shape (resamples, ...).
        images: How many images were resampled; at least 2.
        confidence: For example 0.95.

    Returns:
        Two arrays of shape (...).
    """
    tail = expanded_tail(images, confidence)
    ends = np.quantile(values, [tail, 1.0 - tail], axis=0)
    return ends[0], ends[1]


def expanded_tail(images: int, confidence: float) -> float:
    """Return the share of resamples to leave out at each end.

    Phi(-sqrt(n / (n-1)) t), with Student's t of n-1 degrees of freedom.
    """
    quantile = student_quantile(1.0 - (1.0 - confidence) / 2.0, images - 1)
    return NormalDist().cdf(-math.sqrt(images / (images - 1)) * quantile)


def student_quantile(probability: float, degrees: int) -> float:
    """Return a quantile of Student's t distribution, for probabilities above one half.

    Few degrees of freedom: the finite series of its distribution function (Abramowitz and Stegun
    26.7.3 and 26.7.4), inverted by bisection. Many: the Cornish-Fisher expansion (26.7.5), right to
    1e-9 there.
    """
    if degrees > _SERIES_LIMIT:
        z = NormalDist().inv_cdf(probability)
        terms = (
            (z**3 + z) / 4,
            (5 * z**5 + 16 * z**3 + 3 * z) / 96,
            (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
            (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
        )
        return z + sum(term / float(degrees) ** (power + 1) for power, term in enumerate(terms))
    low, high = 0.0, math.pi / 2  # of the angle whose tangent is t / sqrt(degrees)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (
            (middle, high)
            if _central_mass(middle, degrees) < 2 * probability - 1
            else (low, middle)
        )
    return math.sqrt(degrees) * math.tan(low)


def randomisation_ps(
    statistics: Sequence[Matrix],
    pairs: Sequence[tuple[int, int]],
    layout: Layout,
    *,
    trials: int,
    seed: int,
) -> Matrix:
    """Return the two-sided p of each pair and metric.

    Up to 20 images all swaps are counted and p is exact; beyond, `trials` random ones and the real
    one are. A difference counts as large as the real one where it is equal (`>=`), so a model
    against itself has p = 1.

    Args:
        statistics: Of each model, shape (n, layout.width), images in the same order.
        pairs: Indices into `statistics`.
        layout: What the columns are.
        trials: Random swaps of all images.
        seed: Of the swaps; all pairs see the same ones.

    Returns:
        Shape (pairs, metrics).
    """
    images = len(statistics[0])
    first = np.stack([statistics[a] for a, _ in pairs])  # (pairs, n, width)
    second = np.stack([statistics[b] for _, b in pairs])
    sums_first, sums_second = first.sum(axis=1), second.sum(axis=1)
    gaps = (second - first).transpose(1, 0, 2).reshape(images, -1)
    real = _distance(sums_first, sums_second, layout, images)
    threshold = real - _TOLERANCE * np.maximum(1.0, real)
    exact = images <= EXACT_LIMIT
    moved_batches = _all_swaps(gaps) if exact else _random_swaps(gaps, trials, seed)
    as_large = np.zeros(real.shape, dtype=np.int64)
    for moved in moved_batches:
        shift = moved.reshape(-1, len(pairs), layout.width)
        distance = _distance(sums_first + shift, sums_second - shift, layout, images)
        as_large += (distance >= threshold).sum(axis=0)
    if exact:
        return as_large / 2.0 ** (images - 1)
    return (as_large + 1) / (trials + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number (Holm 1979, step-down), in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected = [0.0] * len(p_values)
    floor = 0.0
    for rank, index in enumerate(order):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = floor
    return corrected


def _central_mass(angle: float, degrees: int) -> float:
    """Return P(|T| < t) for t = sqrt(degrees) tan(angle)."""
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for step in range(2 + odd, degrees - 1, 2):
        term *= (step - 1) / step * cosine**2
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _distance(first: Matrix, second: Matrix, layout: Layout, images: int) -> Matrix:
    distance: Matrix = np.abs(layout.resampled(first, images) - layout.resampled(second, images))
    return distance


def _all_swaps(gaps: Matrix) -> Iterator[Matrix]:
    """Yield what each swap moves from one model's sums to the other's, shape (swaps, columns).

    The first image stays: swapping the others' complement gives the same distance. Each swap is one
    of the first half's plus one of the second half's, so half a million sums are half a million
    additions.
    """
    free = gaps[1:]
    half = len(free) // 2
    inner = _subset_sums(free[:half])
    outer = _subset_sums(free[half:])
    batch = max(1, MAX_CELLS // (inner.size + 1))
    for start in range(0, len(outer), batch):
        block = outer[start : start + batch]
        yield (block[:, np.newaxis, :] + inner[np.newaxis, :, :]).reshape(-1, gaps.shape[1])


def _subset_sums(rows: Matrix) -> Matrix:
    """Return the sums of all subsets of the rows, shape (2 ** n, columns)."""
    sums = np.zeros((1, rows.shape[1]))
    for row in rows:
        sums = np.concatenate([sums, sums + row])
    return sums


def _random_swaps(gaps: Matrix, trials: int, seed: int) -> Iterator[Matrix]:
    generator = np.random.default_rng(seed)
    images = len(gaps)
    batch = max(1, MAX_CELLS // images)
    for start in range(0, trials, batch):
        size = min(batch, trials - start)
        bits = np.unpackbits(
            np.frombuffer(generator.bytes((size * images + 7) // 8), dtype=np.uint8)
        )
        yield bits[: size * images].reshape(size, images).astype(np.float64) @ gaps
