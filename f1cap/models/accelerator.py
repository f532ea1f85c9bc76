"""What a benchmark asks of torch itself: threads, the end of queued work, peaks."""

import torch

from f1cap.models.footprint import CONTEXT_BYTES


def threads() -> int:
    """Return how many threads an operation on the processor may use."""
    return int(torch.get_num_threads())


def limit_memory(limit_bytes: int) -> bool:
    """Hold this process to a part of each card's memory, so that a big card plays a small one.

    Torch limits its own memory only: what the CUDA context takes beside it is taken off first.

    Returns:
        False where there is no card that could be limited.
    """
    if not torch.cuda.is_available():
        return False
    for index in range(torch.cuda.device_count()):
        total = torch.cuda.get_device_properties(index).total_memory
        share = max(limit_bytes - CONTEXT_BYTES, 0) / total
        torch.cuda.set_per_process_memory_fraction(min(share, 1.0), index)
    return True


def finish(device: str) -> None:
    """Wait until a device has done all that it was told to do."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()


def peaks(device: str) -> tuple[int | None, int | None]:
    """Return the most bytes that torch had in tensors, and had reserved, on a card."""
    if not device.startswith("cuda"):
        return None, None
    return torch.cuda.max_memory_allocated(device), torch.cuda.max_memory_reserved(device)
