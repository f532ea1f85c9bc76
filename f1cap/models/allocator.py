"""How memory goes back to the system while a model computes on a processor. Imports no torch.

Every operation asks the C library for its result's memory and gives it back soon after. glibc
returns pieces of megabytes to the system each time, and whether it comes to know better is a
matter of luck: of GIT-base's runs in bfloat16 some had 9,000 page faults a picture and took 0.20
to 0.29 s, others had none and took 0.17 s.
"""

import ctypes
import mmap
import os
from bisect import bisect_right
from pathlib import Path

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
