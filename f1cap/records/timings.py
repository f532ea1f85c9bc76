"""Measured times and what they come to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Statistics of one kind of measured time, in seconds, with the values they come from.

    Attributes:
        p50: The median.
        p90: 90 % of the values are at or below; between two values, linearly interpolated.
        p95: Likewise 95 %.
        p99: Likewise 99 %; below a hundred values it is close to the largest.
        mean: The arithmetic mean.
        stdev: Sample standard deviation; None for a single value.
        values: As measured, in order.
    """

    p50: float
    p90: float
    p95: float
    p99: float
    mean: float
    stdev: float | None
    values: tuple[float, ...]
