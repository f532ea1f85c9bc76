"""The torch build: which is installed, which GPUs it has kernels for, which to install instead.

Imports no torch: what is installed is read from its files.
"""

import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

from f1cap.records.readings import TorchBuild

_BUILD_LINE = re.compile(
    r"^(?P<name>__version__|cuda|hip)\s*(?::[^=]+)?=\s*['\"](?P<value>[^'\"]+)['\"]", re.MULTILINE
)
_ARCH = re.compile(r"(?P<kind>sm|compute)_(?P<number>\d+)(?P<suffix>[af]?)")
_WHEELS = "https://download.pytorch.org/whl"

# What published wheels have kernels for, by the CUDA version that they were built with. The release
# scripts of torch 2.6 to 2.14 agree with it.
_MAXWELL_TO_VOLTA = ("sm_50", "sm_60", "sm_70")
_TURING_TO_HOPPER = ("sm_75", "sm_80", "sm_86", "sm_90")
_OLDEST_SERVED = (5, 0)
_BLACKWELL = ("sm_100", "sm_120", "compute_120")
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


def arch_list_of(build: TorchBuild) -> tuple[str, ...] | None:
    """Return what a torch build has kernels for, as `torch.cuda.get_arch_list` names it.

    The list itself is in torch's compiled part, which takes seconds to load; what follows from
    the versions is right for every published wheel, and may be wrong for one built from source.

    Returns:
        Empty for a build without CUDA; None where it cannot be told.
    """
    if build.hip is not None:
        return None
    if build.cuda is None:
        return ()
    cuda, torch = _major_minor(build.cuda), _major_minor(build.version)
    if len(cuda) < 2 or len(torch) < 2:
        return None
    if cuda < (12, 8):
        return (*_MAXWELL_TO_VOLTA, *_TURING_TO_HOPPER)
    first, end = _VOLTA_WITH_CUDA_12_8
    volta = ("sm_70",) if cuda < (13, 0) and first <= torch < end else ()
    return (*volta, *_TURING_TO_HOPPER, *_BLACKWELL)


def has_kernels(capability: tuple[int, int], arch_list: tuple[str, ...]) -> bool:
    """Tell whether a torch build can run on a GPU.

    Kernels for sm_XY run on every X.Z with Z >= Y; compute_XY (intermediate code) is compiled by
    the driver for anything newer; the suffix `a` ties kernels to exactly one chip.
    """
    for arch in arch_list:
        match = _ARCH.fullmatch(arch)
        if match is None:
            continue
        built = (int(match["number"][:-1]), int(match["number"][-1]))
        if match["suffix"] == "a":
            usable = built == capability
        elif match["kind"] == "compute":
            usable = built <= capability
        else:
            usable = built[0] == capability[0] and built[1] <= capability[1]
        if usable:
            return True
    return False


def is_served(capability: tuple[int, int]) -> bool:
    """Tell whether any current torch build has kernels for a GPU."""
    return capability >= _OLDEST_SERVED


def install_command(
    capability: tuple[int, int] | None, pip: str, driver_cuda: str | None = None
) -> str | None:
    """Return the command that installs a torch build with kernels for a GPU; None if none has.

    Args:
        capability: The GPU's; None where torch cannot see it: the build that most GPUs and drivers
            can use, all but those from Blackwell on.
        pip: The command of this installation's pip.
        driver_cuda: The newest CUDA that the driver supports; None where nobody asked it.
    """
    if capability is None:
        return _command(pip, "torch<2.15", "cu126")
    if not is_served(capability):
        return None
    if capability < (7, 5) or (capability < (10, 0) and _is_before_13(driver_cuda)):
        # CUDA 13 dropped Maxwell, Pascal and Volta, and needs a newer driver than 12 does; the
        # last wheels with CUDA 12.6 are those of 2.14
        return _command(pip, "torch<2.15", "cu126")
    return _command(pip, "torch", "cu130")


def cpu_command(pip: str) -> str:
    """Return the command that installs the torch build for machines without a GPU."""
    return _command(pip, "torch", "cpu")


def _command(pip: str, requirement: str, wheel: str) -> str:
    # Forced: the build that is there satisfies the same requirement. Of two builds of one release
    # pip takes the one whose version ends in a label: the extra index's.
    return f'{pip} install --force-reinstall "{requirement}" --extra-index-url {_WHEELS}/{wheel}'


def driver_note(capability: tuple[int, int], driver_cuda: str | None) -> str | None:
    """Say that the build of `install_command` needs a newer driver; None where it does not.

    A driver runs what was built with any minor version of its own CUDA or an older major one.
    """
    if driver_cuda is None or not driver_cuda.partition(".")[0].isdecimal():
        return None
    needed = 13 if capability >= (10, 0) else 12
    if int(driver_cuda.partition(".")[0]) >= needed:
        return None
    return (
        f"Update the NVIDIA driver first: it supports CUDA {driver_cuda}, and that build needs "
        f"CUDA {needed}."
    )


def pip_command() -> str:
    """Return the command of this installation's pip, so that a printed command can be pasted."""
    prefix = Path(sys.prefix)
    if _is_pipx(prefix):
        return f"pipx runpip {prefix.name}"
    if (prefix / "uv-receipt.toml").exists():
        return f'uv pip --python "{sys.executable}"'
    return f'"{sys.executable}" -m pip'


def pip_commands() -> dict[str, str]:
    """Return the commands of pip and of pipx's pip; the one of this installation is exact."""
    prefix = Path(sys.prefix)
    if _is_pipx(prefix):
        return {"pip": "python -m pip", "pipx": pip_command()}
    return {"pip": pip_command(), "pipx": "pipx runpip f1cap"}


def _torch_metadata() -> str | None:
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None


def _major_minor(version: str) -> tuple[int, ...]:
    """Return major and minor number; fewer where the text has none."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return () if match is None else (int(match[1]), int(match[2]))


def is_cuda_13(cuda: str | None) -> bool:
    """Tell a build that has neither kernels for old GPUs nor patience with old drivers."""
    head = (cuda or "").partition(".")[0]
    return head.isdecimal() and int(head) >= 13


def _is_before_13(driver_cuda: str | None) -> bool:
    return driver_cuda is not None and driver_cuda.startswith(("11.", "12."))


def _is_pipx(prefix: Path) -> bool:
    return (prefix / "pipx_metadata.json").exists()
