"""Where a model runs and in which number format: one pure decision over plain facts.

`runtime.probe` gathers the facts; nothing here asks a machine, so every machine can be a row
of a test table.
"""

import re
from dataclasses import dataclass

from f1cap.errors import DeviceError
from f1cap.records.models import Device, DeviceKind, DType, Placement

NATIVE_BF16 = frozenset({"avx512_bf16", "amx_bf16", "neon_bf16"})
# Turing chips without tensor cores, whose half precision gives NaN in vision models
_BROKEN_HALF = re.compile(r"GTX 16\d\d|\b(T400|T500|T550|T600|T1000|T1200|T2000|MX450|MX550)\b")
# Below this a model runs no faster in bfloat16, and its words would differ from one CPU to
# another for nothing: git-mini says 3 of 20 bundled images in other words
_SMALL_BYTES = 50_000_000
_WHEELS = "https://download.pytorch.org/whl"
_ARCH = re.compile(r"(?P<kind>sm|compute)_(?P<number>\d+)(?P<only>[af]?)")


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA GPU as torch sees it: its place, its name and its compute capability."""

    index: int
    name: str
    capability: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known of the machine and of this torch build.

    Attributes:
        gpus: The GPUs that torch's driver call reports, in its order.
        arch_list: What this build has kernels for, as `torch.cuda.get_arch_list` says.
        cuda_build: The CUDA version of this torch build; None for a build without CUDA.
        nvidia_driver: An NVIDIA driver is installed, whatever torch makes of it.
        mps: Apple's GPU can be used.
        cpu_features: Those of `avx512_bf16`, `amx_bf16`, `neon_bf16` that the CPU has.
        pip: How this installation's pip is called.
        driver_cuda: The newest CUDA that the driver serves, where somebody asked it.
    """

    gpus: tuple[Gpu, ...] = ()
    arch_list: tuple[str, ...] = ()
    cuda_build: str | None = None
    nvidia_driver: bool = False
    mps: bool = False
    cpu_features: frozenset[str] = frozenset()
    pip: str = "python -m pip"
    driver_cuda: str | None = None


def place(
    device: str, dtype: DType, machine: Machine, weights_bytes: int | None = None
) -> Placement:
    """Decide where a model runs.

    Args:
        device: `auto`, `cpu`, `mps`, `cuda` or `cuda:N`.
        dtype: `auto` or a format.
        machine: What there is.
        weights_bytes: Of the checkpoint's weights files; None is taken for a model of usual size.

    Raises:
        DeviceError: A device was asked for by name and cannot be used.
    """
    asked = _parse(device)
    if asked.is_cpu:
        return _on_cpu(dtype, machine, (), weights_bytes)
    if asked.kind is DeviceKind.MPS:
        if not machine.mps:
            message = "--device mps: there is no Apple GPU that this torch build can use."
            raise DeviceError(message, hint="Leave --device out, or use --device cpu.")
        return _on_mps(dtype)
    if asked.kind is DeviceKind.CUDA:
        return _on_gpu(_asked_gpu(asked, machine), dtype)
    for gpu in machine.gpus:
        if has_kernels(gpu.capability, machine.arch_list):
            return _on_gpu(gpu, dtype)
    notes = _why_no_gpu(machine)
    if machine.mps:
        return _on_mps(dtype)
    return _on_cpu(dtype, machine, notes, weights_bytes)


def has_kernels(capability: tuple[int, int], arch_list: tuple[str, ...]) -> bool:
    """Tell whether a torch build can run on a GPU.

    Code for sm_XY runs on every X.Z with Z >= Y; compute_XY (intermediate code) is compiled by
    the driver for anything newer; an `a` ties code to exactly one chip.
    """
    for arch in arch_list:
        match = _ARCH.fullmatch(arch)
        if match is None:
            continue
        built = (int(match["number"][:-1]), int(match["number"][-1]))
        if match["only"] == "a":
            usable = built == capability
        elif match["kind"] == "compute":
            usable = built <= capability
        else:
            usable = built[0] == capability[0] and built[1] <= capability[1]
        if usable:
            return True
    return False


def install_command(
    capability: tuple[int, int] | None, pip: str, driver_cuda: str | None = None
) -> str | None:
    """Return the command that installs a torch build with kernels for a GPU; None if none has.

    Args:
        capability: The GPU's; None where torch cannot see it, which any current build may.
        pip: How this installation's pip is called.
        driver_cuda: The newest CUDA that the driver serves; None where nobody asked it.
    """
    if capability is None:
        wanted, wheel = "torch<2.15", "cu126"
    elif capability < (5, 0):
        return None
    elif capability < (7, 5) or (capability < (10, 0) and _is_before_13(driver_cuda)):
        # CUDA 13 dropped Maxwell, Pascal and Volta, and needs a newer driver than 12 does; the
        # last wheels with CUDA 12.6 are those of 2.14
        wanted, wheel = "torch<2.15", "cu126"
    else:
        wanted, wheel = "torch", "cu130"
    # Forced: the build that cannot run the GPU satisfies the same requirement. Of two builds of
    # one release pip takes the one whose version ends in a CUDA label: the extra index's.
    return f'{pip} install --force-reinstall "{wanted}" --extra-index-url {_WHEELS}/{wheel}'


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
        f"Update the NVIDIA driver first: it serves CUDA {driver_cuda}, and that build needs "
        f"CUDA {needed}."
    )


def _is_before_13(driver_cuda: str | None) -> bool:
    return driver_cuda is not None and driver_cuda.startswith(("11.", "12."))


def auto_dtype(gpu: Gpu) -> DType:
    """Return the number format that `auto` takes on a GPU."""
    return _on_gpu(gpu, DType.AUTO).dtype


def why_unusable(gpu: Gpu, machine: Machine) -> tuple[str, ...]:
    """Say why a torch build cannot use a GPU: a sentence and, where there is one, the command.

    Returns:
        Nothing where it can.
    """
    if machine.cuda_build is None:
        return _for_cpus_only(gpu.capability, machine)
    if has_kernels(gpu.capability, machine.arch_list):
        return ()
    return _no_kernels(gpu, machine)


def _parse(device: str) -> Device:
    try:
        return Device.parse(device)
    except ValueError:
        message = f"--device {device}: there is no such device."
        raise DeviceError(message, hint="Choose auto, cuda, cuda:N, mps or cpu.") from None


def _asked_gpu(device: Device, machine: Machine) -> Gpu:
    if not machine.gpus:
        notes = _why_no_gpu(machine) or ("There is no NVIDIA GPU that torch can see.",)
        raise DeviceError(f"--device {device}: {notes[0]}", hint=_next_step(notes))
    if device.index is None:
        usable = [c for c in machine.gpus if has_kernels(c.capability, machine.arch_list)]
        gpu = usable[0] if usable else machine.gpus[0]
    else:
        named = [c for c in machine.gpus if c.index == device.index]
        if not named:
            known = ", ".join(f"cuda:{c.index} ({c.name})" for c in machine.gpus)
            raise DeviceError(f"--device {device}: there is no such GPU.", hint=f"Known: {known}.")
        gpu = named[0]
    if not has_kernels(gpu.capability, machine.arch_list):
        notes = _no_kernels(gpu, machine)
        raise DeviceError(f"--device {device}: {notes[0]}", hint=_next_step(notes))
    return gpu


def _next_step(notes: tuple[str, ...]) -> str:
    return notes[1] if len(notes) > 1 else "Leave --device out, or use --device cpu."


def _why_no_gpu(machine: Machine) -> tuple[str, ...]:
    """Say why GPUs were passed over: a sentence and, where there is one, the command."""
    if machine.gpus:
        return _no_kernels(machine.gpus[0], machine)
    if not machine.nvidia_driver:
        return ()
    if machine.cuda_build is None:
        return _for_cpus_only(None, machine)
    return (
        f"There is an NVIDIA driver, but torch (CUDA {machine.cuda_build}) cannot use it.",
        "Update the NVIDIA driver; nvidia-smi says which CUDA version it serves.",
    )


def _for_cpus_only(capability: tuple[int, int] | None, machine: Machine) -> tuple[str, ...]:
    sentence = "There is an NVIDIA GPU, but this torch build is for CPUs only."
    command = install_command(capability, machine.pip, machine.driver_cuda)
    if command is None:
        return (sentence, "No current torch build serves GPUs of its age.")
    return (sentence, f"A build for NVIDIA GPUs: {command}")


def _no_kernels(gpu: Gpu, machine: Machine) -> tuple[str, ...]:
    major, minor = gpu.capability
    sentence = (
        f"{gpu.name} (compute capability {major}.{minor}) cannot run this torch build"
        f"{f' (CUDA {machine.cuda_build})' if machine.cuda_build else ''}: "
        "it has no code for the GPU."
    )
    command = install_command(gpu.capability, machine.pip, machine.driver_cuda)
    if command is None:
        return (sentence, "No current torch build serves GPUs of its age.")
    return (sentence, f"A build that works: {command}")


def _on_gpu(gpu: Gpu, dtype: DType) -> Placement:
    device = Device(DeviceKind.CUDA, gpu.index)
    broken = _BROKEN_HALF.search(gpu.name) is not None
    if dtype is DType.AUTO:
        return Placement(device, DType.FLOAT32 if broken or _half_is_slow(gpu) else DType.FLOAT16)
    notes: tuple[str, ...] = ()
    if dtype is DType.FLOAT16 and broken:
        notes = (f"{gpu.name} is known for NaN in float16; --dtype float32 is safe on it.",)
    elif dtype is DType.FLOAT16 and _half_is_slow(gpu):
        notes = (f"{gpu.name} computes float16 many times slower than float32.",)
    elif dtype is DType.BFLOAT16 and gpu.capability < (8, 0):
        notes = (f"{gpu.name} has no bfloat16 of its own and emulates it slowly.",)
    return Placement(device, dtype, notes)


def _half_is_slow(gpu: Gpu) -> bool:
    """Tell GPUs whose float16 is slower than float32: up to Pascal, but for P100 and Tegras."""
    return gpu.capability < (7, 0) and gpu.capability not in {(5, 3), (6, 0), (6, 2)}


def _on_mps(dtype: DType) -> Placement:
    # memory is shared with the CPU, so half the bytes buy little; float32 is the safe one
    return Placement(Device(DeviceKind.MPS), DType.FLOAT32 if dtype is DType.AUTO else dtype)


def _on_cpu(
    dtype: DType, machine: Machine, notes: tuple[str, ...], weights_bytes: int | None
) -> Placement:
    native = bool(machine.cpu_features & NATIVE_BF16)
    best = DType.BFLOAT16 if native else DType.FLOAT32
    if dtype is DType.AUTO:
        small = weights_bytes is not None and weights_bytes < _SMALL_BYTES
        return Placement(Device(DeviceKind.CPU), DType.FLOAT32 if small else best, notes)
    if dtype is DType.FLOAT16 or (dtype is DType.BFLOAT16 and not native):
        slow = (
            f"This CPU has no {dtype} arithmetic of its own and emulates it, up to hundreds "
            f"of times slower than --dtype {best}."
        )
        return Placement(Device(DeviceKind.CPU), dtype, (*notes, slow))
    return Placement(Device(DeviceKind.CPU), dtype, notes)
