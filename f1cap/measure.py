"""Statistics of measured times, and the memory that a process occupies."""

import math
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

from f1cap.records.readings import Timings


def summarize(values: Sequence[float]) -> Timings:
    """Return the statistics of measured times.

    Args:
        values: In seconds, at least one.

    Raises:
        ValueError: There are none.
    """
    ordered = sorted(values)
    return Timings(
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p95=percentile(ordered, 95),
        p99=percentile(ordered, 99),
        mean=statistics.fmean(ordered),
        stdev=statistics.stdev(ordered) if len(ordered) > 1 else None,
        values=tuple(values),
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return a percentile by linear interpolation between the two nearest values.

    The definition of NumPy's default and of spreadsheets' PERCENTILE (Hyndman and Fan's type 7):
    the lowest value is percentile 0, the highest 100, the others evenly between.

    Args:
        ordered: Values in ascending order, at least one.
        percent: From 0 to 100.

    Raises:
        ValueError: There are no values, or `percent` is out of range.
    """
    if not ordered or not 0 <= percent <= 100:
        message = f"no percentile {percent} of {len(ordered)} values"
        raise ValueError(message)
    rank = (len(ordered) - 1) * percent / 100
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def resident_bytes(pid: int | None = None) -> int | None:
    """Return the RAM that a process occupies now.

    Args:
        pid: None for this process.

    Returns:
        None where the system does not say, or the process is gone.
    """
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.Error, OSError):
        return None


def peak_resident_bytes() -> int | None:
    """Return the most RAM that this process ever occupied; None where the system does not say."""
    system = platform.system()
    if system == "Linux":
        return _linux_peak_bytes()
    if system == "Windows":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if system == "Darwin" else peak * 1024  # bytes there, KiB elsewhere


def _linux_peak_bytes() -> int | None:
    """Read the high-water mark from /proc.

    Not getrusage: there a process that a larger one started begins with its parent's peak, so that
    each model measured in a process of its own would seem as large as what started it.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024  # "VmHWM:   12345 kB"
    return None
