"""What can be known of CPU and NVIDIA driver without importing torch."""

import ctypes
import platform
import shutil
from pathlib import Path

from f1cap.models.device.cpu import usable_cores
from f1cap.models.device.placement import NATIVE_BF16, Machine
from f1cap.models.device.torch_build import installed_torch, pip_command
from f1cap.records.readings import Cpu

# A CUDA context with cuBLAS and its workspace: 250 to 500 MiB by GPU and release.
CONTEXT_BYTES = 350 * 2**20

# how a CPU's own flag names map to the ones that placement knows
CPU_FLAGS = {"avx512_bf16": "avx512_bf16", "amx_bf16": "amx_bf16", "bf16": "neon_bf16"}
CPUINFO = Path("/proc/cpuinfo")


def read_cpu() -> Cpu:
    """Return the CPU and its memory."""
    import psutil

    total: int | None = None
    free: int | None = None
    try:
        memory = psutil.virtual_memory()
        total, free = int(memory.total), int(memory.available)
    except (psutil.Error, OSError, RuntimeError):
        pass  # what the system does not tell stays unknown
    features = cpu_features()
    return Cpu(
        name=_cpu_name(),
        cores=usable_cores(),
        bfloat16=bool((features or frozenset()) & NATIVE_BF16),
        ram_total_bytes=total,
        ram_free_bytes=free,
    )


def probe_without_torch(device: str) -> Machine | None:
    """Return what `runtime.probe` would say of this machine, if that is certain without torch.

    Importing torch takes seconds. Without it, nobody knows what an Apple GPU, an AMD one, or an
    NVIDIA one with a driver can do.

    Args:
        device: As asked for; the CPU's placement depends on nothing but the CPU.

    Returns:
        None where torch has to be asked.
    """
    features = cpu_features()
    if features is None:
        return None
    if device.strip().lower() == "cpu":
        return Machine(cpu_features=features)
    build = installed_torch()
    if platform.system() == "Darwin" or build is None or build.hip is not None:
        return None
    if build.cuda is not None and _loads_cuda_driver():
        return None
    return Machine(
        cuda_build=build.cuda,
        nvidia_driver=has_nvidia_driver(),
        cpu_features=features,
        pip=pip_command(),
    )


def cpu_features() -> frozenset[str] | None:
    """Return which native bfloat16 instructions the CPU has; None where the system does not say."""
    flags = _cpuinfo({"flags", "Features"})
    if flags is None:
        # torch has no bfloat16 kernels for Apple CPUs
        return frozenset() if platform.system() == "Darwin" else None
    names = set(flags.split())
    return frozenset(name for flag, name in CPU_FLAGS.items() if flag in names)


def has_nvidia_driver() -> bool:
    """Tell whether an NVIDIA driver is installed, whether or not torch can use it."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _loads_cuda_driver() -> bool:
    """Tell whether the library can be loaded without which CUDA finds no GPU."""
    try:
        ctypes.CDLL("nvcuda.dll" if platform.system() == "Windows" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _cpu_name() -> str | None:
    return _cpuinfo({"model name", "Model", "Hardware"}) or platform.processor() or None


def _cpuinfo(keys: set[str]) -> str | None:
    """Return the first value under any of these names in Linux's list of CPUs."""
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in keys:
            return value.strip()
    return None
