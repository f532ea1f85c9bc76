"""Bootstrap over images: intervals of scores and of differences.

Percentile intervals of few images are too narrow; the expanded percentile interval (Hesterberg
2015, "What teachers should know about the bootstrap", section 5.3) widens their tails by what
Student's t is wider than the normal distribution. BCa intervals under-cover even more at 20 images,
which is the home case.
"""

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_CELLS = 2_000_000  # of a count matrix held at once: 16 MB
_MANY_IMAGES = 20_000
_SERIES_LIMIT = 200  # degrees of freedom up to which t is inverted exactly


def default_resamples(images: int) -> int:
    """Return how many resamples pay: of many images each is dear, and the interval is narrow."""
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
    batch = max(1, _CELLS // images)
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        # How often each image was drawn, times its row: 50 times faster than gathering the rows.
        drawn = generator.integers(0, images, size=(size, images), dtype=np.int64)
        drawn += np.arange(size, dtype=np.int64)[:, np.newaxis] * images
        counts = np.bincount(drawn.ravel(), minlength=size * images).reshape(size, images)
        sums[start : start + size] = counts.astype(np.float64) @ statistics
    return sums


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
