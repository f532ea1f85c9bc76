"""What can be known of the machine without importing torch."""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from f1cap.models.device.placement import NATIVE_BF16
from f1cap.records.readings import Processor, TorchBuild

# how a CPU's own flag names map to the ones that placement knows
CPU_FLAGS = {"avx512_bf16": "avx512_bf16", "amx_bf16": "amx_bf16", "bf16": "neon_bf16"}
_CPUINFO = Path("/proc/cpuinfo")
_BUILD_LINE = re.compile(
    r"^(?P<name>__version__|cuda|hip)\s*(?::[^=]+)?=\s*['\"](?P<value>[^'\"]+)['\"]", re.MULTILINE
)

# What published wheels hold code for, by the CUDA version that they were built with: from the
# first version of a row on. The release scripts of torch 2.6 to 2.14 agree with it.
_OLD = ("sm_50", "sm_60", "sm_70")
_COMMON = ("sm_75", "sm_80", "sm_86", "sm_90")
_NEW = ("sm_100", "sm_120", "compute_120")
_VOLTA_WITH_CUDA_12_8 = ((2, 8), (2, 11))  # the torch releases whose 12.8 and 12.9 wheels have it


def installed_torch() -> TorchBuild | None:
    """Return the torch that an import would give, read from its files; None without one."""
    try:
        found = importlib.util.find_spec("torch")
    except (ImportError, ValueError):  # a module of that name that says it has no origin
        found = None
    if found is None or found.origin is None:
        return None
    try:
        text = Path(found.origin).with_name("version.py").read_text(encoding="utf-8")
    except (OSError, ValueError):
        text = ""
    facts = {match["name"]: match["value"] for match in _BUILD_LINE.finditer(text)}
    version = facts.get("__version__") or _torch_metadata()
    if version is None:
        return None
    return TorchBuild(version, facts.get("cuda"), facts.get("hip"))


def built_for(build: TorchBuild) -> tuple[str, ...] | None:
    """Return what a torch build has code for, in the words of `torch.cuda.get_arch_list`.

    The list itself is in torch's compiled part, which takes seconds to load; what follows from
    the versions is right for every published wheel, and may be wrong for one built at home.

    Returns:
        Empty for a build without CUDA; None where it cannot be told.
    """
    if build.hip is not None:
        return None
    if build.cuda is None:
        return ()
    cuda, torch = _numbers(build.cuda), _numbers(build.version)
    if len(cuda) < 2 or len(torch) < 2:
        return None
    if cuda < (12, 8):
        return (*_OLD, *_COMMON)
    first, end = _VOLTA_WITH_CUDA_12_8
    volta = ("sm_70",) if cuda < (13, 0) and first <= torch < end else ()
    return (*volta, *_COMMON, *_NEW)


def read_cpu() -> Processor:
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
    return Processor(
        name=_cpu_name(),
        cores=_usable_cores(),
        bfloat16=bool((features or frozenset()) & NATIVE_BF16),
        ram_total_bytes=total,
        ram_free_bytes=free,
    )


def cpu_features() -> frozenset[str] | None:
    """Return which kinds of bfloat16 arithmetic the CPU has; None where nobody says."""
    flags = _cpuinfo({"flags", "Features"})
    if flags is None:
        # torch has no bfloat16 kernels for Apple CPUs
        return frozenset() if platform.system() == "Darwin" else None
    words = set(flags.split())
    return frozenset(name for flag, name in CPU_FLAGS.items() if flag in words)


def has_nvidia_driver() -> bool:
    """Tell whether an NVIDIA driver is installed, whatever torch makes of it."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def pip_command() -> str:
    """Name the pip of this installation, so that a printed command works as it stands."""
    prefix = Path(sys.prefix)
    if _is_pipx(prefix):
        return f"pipx runpip {prefix.name}"
    if (prefix / "uv-receipt.toml").exists():
        return f'uv pip --python "{sys.executable}"'
    return f'"{sys.executable}" -m pip'


def pip_commands() -> dict[str, str]:
    """Return how pip is called with pip and with pipx; the one of this installation is exact."""
    prefix = Path(sys.prefix)
    if _is_pipx(prefix):
        return {"pip": "python -m pip", "pipx": pip_command()}
    return {"pip": pip_command(), "pipx": "pipx runpip f1cap"}


def _is_pipx(prefix: Path) -> bool:
    return (prefix / "pipx_metadata.json").exists()


def _torch_metadata() -> str | None:
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """Return major and minor number; fewer where the text has none."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return () if match is None else (int(match[1]), int(match[2]))


def _usable_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not Linux
        return os.cpu_count() or 1


def _cpu_name() -> str | None:
    return _cpuinfo({"model name", "Model", "Hardware"}) or platform.processor() or None


def _cpuinfo(keys: set[str]) -> str | None:
    """Return the first value under any of these names in Linux's list of CPUs."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in keys:
            return value.strip()
    return None
