"""How a CPU is shared between computing and preparing images, and how freed memory is kept.

torch's threads meet after each operation, a thousand times a second, so every core that something
else holds stalls the others: the pool gets as few workers as keep up, and threads that wait go to
sleep soon. On a GPU the CPU has nothing to do but to prepare images.

Every operation asks the C library for its result's memory and gives it back soon after. glibc
returns pieces of megabytes to the system each time, at the price of page faults, unless it is told
to keep them. Imports no torch.
"""

import ctypes
import mmap
import os
from bisect import bisect_right
from pathlib import Path

from f1cap.records.models import Device

# A model this small is done with an operation before a second thread has woken up: git-mini, 200
# images, 3 runs of each in turns: 57 to 66 images/s with one thread, 42 to 45 with two.
_TINY_PARAMETERS = 20_000_000
_MAX_WORKERS = 8  # decoding is bound by memory beyond that
# Some microseconds: as long as the slower thread of an operation takes. GIT-base in bfloat16 on two
# cores, 3 runs of each in turns: 0.169 s an image instead of 0.19 to 0.20 with none; beside a
# program that uses a core, 0.36 s instead of 0.33, and 0.60 s with ten times as many.
_SPINS = 2_000
_OPENMP_SETTINGS = frozenset({"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"})


def usable_cores() -> int:
    """Return the cores that this process may run on, which in a container can be few of many."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


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
    """Ask OpenMP for threads that spin for a moment, then sleep. Not effective once torch is there.

    A user's own settings win.
    """
    if not _OPENMP_SETTINGS & os.environ.keys():
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ["GOMP_SPINCOUNT"] = str(_SPINS)  # GNU's alone, torch's on Linux


# mallopt's numbers for its parameters, from glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
# Larger than any result of an operation of these models; and the most that an older glibc takes
_LARGEST_KEPT_BYTES = (256 * 2**20, 32 * 2**20)
_KEPT_BYTES = 2**31 - 1  # as much as the parameter can say
_WORTH_FORGETTING_BYTES = 2**20  # of a smaller piece of a file, looking it up costs more
_MAPPINGS = Path("/proc/self/maps")

_OWN_SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed_memory() -> bool:
    """Ask glibc to keep what is freed, for the next result. Settings of the user's own win.

    Returns:
        Whether it will; not where the C library is another.
    """
    if any(name in os.environ for name in _OWN_SETTINGS):
        return False
    mallopt = _function("mallopt")
    return (
        mallopt is not None
        # in this order: the second alone would make it worse, as it ends glibc's own adjustment
        and any(mallopt(_M_MMAP_THRESHOLD, size) == 1 for size in _LARGEST_KEPT_BYTES)
        and mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES) == 1
    )


def return_freed_memory() -> None:
    """Give back now what was kept."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(ctypes.c_size_t(0))


def forget_pages(address: int, size: int) -> None:
    """Let the system take back the whole pages of a mapped file within some memory.

    Where somebody still looks at them they are read anew; what was written to them is lost. Other
    memory is left alone: it would come back as zeros, and something else may share it.

    Args:
        address: Of the first byte.
        size: Bytes.
    """
    page = mmap.PAGESIZE
    first = -(-address // page) * page
    length = (address + size) // page * page - first
    if length >= _WORTH_FORGETTING_BYTES and _lies_in_file(first, first + length):
        advise = _function("madvise")
        if advise is not None:
            advise(ctypes.c_void_p(first), ctypes.c_size_t(length), mmap.MADV_DONTNEED)


def _lies_in_file(first: int, end: int) -> bool:
    """Tell whether these addresses are a mapped file's; false where the system is no Linux."""
    try:
        mappings = _MAPPINGS.read_bytes().splitlines()  # by address
    except OSError:
        return False
    after = bisect_right(mappings, first, key=lambda mapping: int(mapping.partition(b"-")[0], 16))
    if after == 0:
        return False
    span, _, _, _, inode = mappings[after - 1].split(maxsplit=5)[:5]
    return end <= int(span.partition(b"-")[2], 16) and inode != b"0"


def _function(name: str) -> "ctypes._NamedFuncPointer | None":
    """Find a function of the C library; None where it has none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows has no library of the process itself
        return None
