"""What every family needs of torch: devices and dtypes, quiet libraries, threads, and memory."""

import gc
import logging
import os
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from f1cap.errors import OutOfMemoryError
from f1cap.models.device import cpu, machine
from f1cap.models.device.cpu import model_threads, usable_cores
from f1cap.models.device.machine import CONTEXT_BYTES
from f1cap.models.device.placement import Gpu, Machine
from f1cap.models.device.torch_build import pip_command
from f1cap.records.models import Device, DeviceKind, DType, Placement

_T = TypeVar("_T")

_OUT_OF_MEMORY_TEXTS = (
    "DefaultCPUAllocator",  # a CPU's memory; torch has no type for it
    "MPS backend out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDA out of memory",
    "CUDA error: out of memory",
)
DEFAULT_THREADS: int = (
    torch.get_num_threads()
)  # torch's own choice, or the user's by OMP_NUM_THREADS


def probe() -> Machine:
    """Ask torch and the system what there is to run on. Never raises for a broken driver."""
    with warnings.catch_warnings():
        # torch warns of old drivers and of GPUs without kernels; placement says it in a sentence
        warnings.simplefilter("ignore")
        gpus = _gpus()
    return Machine(
        gpus=gpus,
        arch_list=tuple(torch.cuda.get_arch_list()) if gpus else (),
        cuda_build=torch.version.cuda,
        nvidia_driver=machine.has_nvidia_driver(),
        mps=torch.backends.mps.is_available(),
        cpu_features=_cpu_features(),
        pip=pip_command(),
    )


def torch_dtype(dtype: DType) -> Any:  # noqa: ANN401 - a torch type, which mypy skips
    """Return torch's dtype; `auto` has none."""
    return {
        DType.FLOAT32: torch.float32,
        DType.FLOAT16: torch.float16,
        DType.BFLOAT16: torch.bfloat16,
    }[dtype]


def keep_quiet(*, own_process: bool = True) -> None:
    """Keep the libraries' logs, warnings and progress bars off the user's screen.

    Args:
        own_process: The environment may be changed too.
    """
    if own_process:
        # tokenizers warns when a process that used it forks, as a Java start does
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    for library in ("torch", "transformers", "huggingface_hub"):
        warnings.filterwarnings("ignore", module=rf"{library}(\.|$)")


def choose_threads(parameters: int) -> int:
    """Set how many threads an operation on the CPU uses, and return it."""
    chosen = min(DEFAULT_THREADS, model_threads(parameters, usable_cores()))
    torch.set_num_threads(chosen)
    return chosen


def threads() -> int:
    """Return how many threads an operation on the CPU may use."""
    return int(torch.get_num_threads())


def finish(device: Device) -> None:
    """Wait until a device has done all that it was told to do."""
    if (index := device.cuda_index) is not None:
        torch.cuda.synchronize(index)
    elif device.kind is DeviceKind.MPS:
        torch.mps.synchronize()


def in_memory(work: Callable[[], _T], *, what: str, hint: str) -> _T:
    """Do work that may not fit into memory.

    Args:
        work: What to do.
        what: The sentence for the user if it does not fit.
        hint: What to do then.

    Raises:
        OutOfMemoryError: It does not fit. It carries no frame of the failed work, whose tensors
            would otherwise stay in memory for as long as the error is kept.
    """
    try:
        return work()
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
    free_cached()
    raise OutOfMemoryError(what, hint=hint)


def memory_hint(placement: Placement) -> str:
    """Say what a user can do when a model does not fit."""
    if placement.device.is_cpu:
        return "Close other programs, or use a smaller model; `f1cap models` shows sizes."
    if placement.dtype is DType.FLOAT32:
        return "Try --dtype float16, --device cpu, or a smaller model; `f1cap models` shows sizes."
    return "Try --device cpu, or a smaller model; `f1cap models` shows sizes."


def free_cached() -> None:
    """Give memory that nothing uses any more back to the system and to the GPU."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
    cpu.return_freed_memory()


def limit_memory(limit_bytes: int) -> bool:
    """Limit this process to a part of each GPU's memory, so that a big GPU simulates a small one.

    Torch limits its own memory only: what the CUDA context takes beside it is taken off first.

    Returns:
        False where there is no GPU that could be limited.
    """
    if not torch.cuda.is_available():
        return False
    for index in range(torch.cuda.device_count()):
        total = torch.cuda.get_device_properties(index).total_memory
        share = max(limit_bytes - CONTEXT_BYTES, 0) / total
        torch.cuda.set_per_process_memory_fraction(min(share, 1.0), index)
    return True


def peaks(device: Device) -> tuple[int | None, int | None]:
    """Return the most bytes that torch had in tensors, and had reserved, on a GPU."""
    if (index := device.cuda_index) is None:
        return None, None
    return torch.cuda.max_memory_allocated(index), torch.cuda.max_memory_reserved(index)


def _gpus() -> tuple[Gpu, ...]:
    try:
        if not torch.cuda.is_available():
            return ()
        return tuple(
            Gpu(
                index,
                torch.cuda.get_device_name(index),
                torch.cuda.get_device_capability(index),
            )
            for index in range(torch.cuda.device_count())
        )
    except (RuntimeError, AssertionError):  # a driver that answers the first question only
        return ()


def _cpu_features() -> frozenset[str]:
    features = machine.cpu_features()
    return _cpu_features_by_torch() if features is None else features


def _cpu_features_by_torch() -> frozenset[str]:
    ask = getattr(torch.cpu, "get_capabilities", None)  # newer than the oldest torch we allow
    capabilities: dict[str, object] = ask() if ask is not None else {}
    return frozenset(name for flag, name in machine.CPU_FLAGS.items() if capabilities.get(flag))


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(text in str(error) for text in _OUT_OF_MEMORY_TEXTS)
