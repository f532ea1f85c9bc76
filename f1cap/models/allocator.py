"""How memory goes back to the system while a model computes on a processor. Imports no torch.

Every operation asks the C library for its result's memory and gives it back soon after. glibc
returns pieces of megabytes to the system each time, and whether it comes to know better is a
matter of luck: of GIT-base's runs in bfloat16 some had 9,000 page faults a picture and took 0.20
to 0.29 s, others had none and took 0.17 s.
"""

import ctypes
import mmap
import os
import sys

# mallopt's numbers for its parameters, from glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST_KEPT_BYTES = 256 * 2**20  # larger than any result of an operation of these models
_KEPT_BYTES = 2**31 - 1  # as much as the parameter can say

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
        and mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES) == 1
        and mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES) == 1
    )


def return_freed_memory() -> None:
    """Give back now what was kept."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(ctypes.c_size_t(0))


def forget_pages(address: int, size: int) -> None:
    """Let the system take back the whole pages within some memory, whose content is lost.

    Of a mapped file they are read anew where somebody still looks.

    Args:
        address: Of the first byte.
        size: Bytes.
    """
    advise = _function("madvise")
    page = mmap.PAGESIZE
    first = -(-address // page) * page
    length = (address + size) // page * page - first
    if advise is not None and length > 0 and sys.platform == "linux":
        advise(ctypes.c_void_p(first), ctypes.c_size_t(length), mmap.MADV_DONTNEED)


def _function(name: str) -> "ctypes._NamedFuncPointer | None":
    """Find a function of the C library; None where it has none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows has no library of the process itself
        return None
