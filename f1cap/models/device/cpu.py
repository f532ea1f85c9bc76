"""How a CPU's threads are shared between model and image preparation, and how memory is reused.

torch's threads synchronise after each operation, a thousand times a second, so every core that
something else holds stalls the others: image preparation gets as few workers as keep up, and idle
threads go to sleep soon. On a GPU the CPU has nothing to do but to prepare images.

Every operation allocates its result and frees it soon after. glibc returns allocations of
megabytes to the system each time, at the price of page faults, unless it is told to keep them.
Imports no torch.
"""

import ctypes
import math
import mmap
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from f1cap.records.models import Device

# A model this small is done with an operation before a second thread has woken up.
_TINY_PARAMETERS = 20_000_000
# Images per pass of an encoder on a CPU (`decoding.layers`). One keeps a layer's states in the
# CPU's cache, several wait less often for the slower thread.
IMAGES_PER_PASS = 4
_MAX_WORKERS = 8  # decoding images is bound by memory bandwidth beyond that
# Some microseconds: as long as the slowest thread of an operation takes. Without any, an operation
# waits for threads to wake up; with many more, waiting threads hold cores that others need.
_SPIN_COUNT = 2_000
_OPENMP_VARIABLES = frozenset({"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"})

# mallopt's numbers for its parameters, from glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
# larger than any result of an operation of these models; and the most that an older glibc takes
_MMAP_THRESHOLDS_BYTES = (256 * 2**20, 32 * 2**20)
_TRIM_THRESHOLD_BYTES = 2**31 - 1  # as much as the parameter can say
_MALLOC_VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")

_MIN_MADVISE_BYTES = 2**20  # for less, looking the mapping up costs more than it brings
_PROC_MAPS = Path("/proc/self/maps")
_OWN_CGROUPS = Path("/proc/self/cgroup")
_CGROUP_ROOT = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Return the cores that this process may run on, which in a container can be few of many.

    `docker --cpus` and its kind leave all cores visible and ration the time on them.
    """
    try:
        cores = max(1, len(os.sched_getaffinity(0)))
    except (AttributeError, OSError):  # not Linux
        return os.cpu_count() or 1
    quotas = [quota for folder, read in _cgroups() if (quota := read(folder)) is not None]
    return max(1, min([cores, *(math.ceil(quota) for quota in quotas)]))


def _cgroups() -> Iterator[tuple[Path, Callable[[Path], float | None]]]:
    """Yield the folders that may ration this process, with what reads each.

    A quota of a group holds for the groups within it. In a container the path that the system names
    is the host's, and may not be there: then the container's own group is the outermost.
    """
    try:
        lines = _OWN_CGROUPS.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2) if line.count(":") >= 2 else ("", "-", "/")
        if controllers == "":
            root, read = _CGROUP_ROOT, _quota
        elif "cpu" in controllers.split(","):
            root, read = _CGROUP_ROOT / "cpu", _quota_v1
        else:
            continue
        group = PurePosixPath(path.strip("/"))
        for folder in (group, *group.parents):
            if ".." not in folder.parts:
                yield root / folder, read


def _quota(folder: Path) -> float | None:
    """Return the cores' worth of time that a group of cgroup v2 gets; None for any."""
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        return _positive(float(quota) / float(period))
    except (OSError, ValueError, ZeroDivisionError):  # "max"
        return None


def _quota_v1(folder: Path) -> float | None:
    """Return the cores' worth of time that a group of cgroup v1 gets; None for any."""
    try:
        quota, period = (
            float((folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8"))
            for name in ("quota", "period")
        )
        return _positive(quota / period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _positive(quota: float) -> float | None:
    return quota if math.isfinite(quota) and quota > 0 else None  # v1 says -1 for any


def model_threads(parameters: int, cores: int) -> int:
    """Return torch's number of threads for a model on a CPU."""
    return 1 if parameters < _TINY_PARAMETERS else cores


def image_workers(device: Device, cores: int, threads: int) -> int:
    """Return the number of threads that open and prepare images ahead of the model.

    Args:
        device: Where the model runs.
        cores: Those that the process may use.
        threads: The model's, if it runs on the CPU.
    """
    if device.is_cpu and threads > 1:
        return max(1, min(_MAX_WORKERS, cores // 2))
    return max(1, min(_MAX_WORKERS, cores))


def let_idle_threads_sleep() -> None:
    """Ask OpenMP for threads that spin for a moment, then sleep; no effect once torch is imported.

    A user's own settings win.
    """
    if not _OPENMP_VARIABLES & os.environ.keys():
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ["GOMP_SPINCOUNT"] = str(_SPIN_COUNT)  # GNU's alone, torch's on Linux


def keep_freed_memory() -> bool:
    """Ask glibc to keep what is freed, for the next result. A user's own settings win.

    Returns:
        Whether it will; false where the C library is another.
    """
    if any(name in os.environ for name in _MALLOC_VARIABLES):
        return False
    mallopt = _libc_function("mallopt")
    return (
        mallopt is not None
        # in this order: the second alone would make it worse, as it ends glibc's own adjustment
        and any(mallopt(_M_MMAP_THRESHOLD, size) == 1 for size in _MMAP_THRESHOLDS_BYTES)
        and mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD_BYTES) == 1
    )


def return_freed_memory() -> None:
    """Return to the system what was kept."""
    malloc_trim = _libc_function("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(ctypes.c_size_t(0))


def madvise_dontneed(address: int, size: int) -> None:
    """Drop the whole pages of a memory-mapped file within a range of memory.

    If they are read again, they come from the file; what was written to them is lost. Other memory
    is left alone: it would come back as zeros, and something else may share it.

    Args:
        address: Of the first byte.
        size: Bytes.
    """
    page = mmap.PAGESIZE
    first = -(-address // page) * page
    length = (address + size) // page * page - first
    if length >= _MIN_MADVISE_BYTES and _is_mapped_file(first, first + length):
        madvise = _libc_function("madvise")
        if madvise is not None:
            madvise(ctypes.c_void_p(first), ctypes.c_size_t(length), mmap.MADV_DONTNEED)


def _is_mapped_file(first: int, end: int) -> bool:
    """Tell whether a range of addresses is within a mapped file; false where there is no Linux."""
    try:
        mappings = _PROC_MAPS.read_bytes().splitlines()  # by address
    except OSError:
        return False
    after = bisect_right(mappings, first, key=lambda mapping: int(mapping.partition(b"-")[0], 16))
    if after == 0:
        return False
    span, _, _, _, inode = mappings[after - 1].split(maxsplit=5)[:5]
    return end <= int(span.partition(b"-")[2], 16) and inode != b"0"


def _libc_function(name: str) -> "ctypes._NamedFuncPointer | None":
    """Find a function of the C library; None where it has none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows has no library of the process itself
        return None
