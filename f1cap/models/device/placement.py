"""Which device a model runs on and in which dtype: one pure decision over plain facts.

`runtime.probe` gathers the facts; nothing here asks a machine, so every machine can be a row
of a test table.
"""

import re
from dataclasses import dataclass

from f1cap.errors import DeviceError
from f1cap.models.device.torch_build import has_kernels, install_command, is_cuda_13
from f1cap.records.models import Device, DeviceKind, DType, Placement

NATIVE_BF16 = frozenset({"avx512_bf16", "amx_bf16", "neon_bf16"})
# Turing chips without tensor cores, whose half precision gives NaN in vision models
_BROKEN_HALF = re.compile(r"GTX 16\d\d|\b(T400|T500|T550|T600|T1000|T1200|T2000|MX450|MX550)\b")
# Below this a model runs no faster in bfloat16, and its captions would differ from one CPU to
# another for nothing
_SMALL_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA GPU as torch sees it: its index, its name and its compute capability."""

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
        nvidia_driver: An NVIDIA driver is installed, whether or not torch can use it.
        mps: Apple's GPU can be used.
        cpu_features: Those of `avx512_bf16`, `amx_bf16`, `neon_bf16` that the CPU has.
        pip: The command of this installation's pip.
        driver_cuda: The newest CUDA that the driver supports, where it was asked.
    """

    gpus: tuple[Gpu, ...] = ()
    arch_list: tuple[str, ...] = ()
    cuda_build: str | None = None
    nvidia_driver: bool = False
    mps: bool = False
    cpu_features: frozenset[str] = frozenset()
    pip: str = "python -m pip"
    driver_cuda: str | None = None


def resolve_placement(
    device: str, dtype: DType, machine: Machine, weights_bytes: int | None = None
) -> Placement:
    """Resolve `auto` to the device and dtype that a model runs on, and check what is not `auto`.

    Args:
        device: `auto`, `cpu`, `mps`, `cuda` or `cuda:N`.
        dtype: `auto` or a dtype.
        machine: What there is.
        weights_bytes: Of the checkpoint's weights files; None is taken for a model of usual size.

    Raises:
        DeviceError: A device was asked for by name and cannot be used.
    """
    requested = _parse(device)
    if requested.is_cpu:
        return _on_cpu(dtype, machine, (), weights_bytes)
    if requested.kind is DeviceKind.MPS:
        if not machine.mps:
            message = "--device mps: there is no Apple GPU that this torch build can use."
            raise DeviceError(message, hint="Leave --device out, or use --device cpu.")
        return _on_mps(dtype)
    if requested.kind is DeviceKind.CUDA:
        return _on_gpu(_requested_gpu(requested, machine), dtype)
    for gpu in machine.gpus:
        if has_kernels(gpu.capability, machine.arch_list):
            return _on_gpu(gpu, dtype)
    if machine.mps:
        return _on_mps(dtype)
    reasons = _why_no_gpu(machine)
    notes = (" ".join(reasons),) if reasons else ()  # the reason and the command are one line
    return _on_cpu(dtype, machine, notes, weights_bytes)


def auto_dtype(gpu: Gpu) -> DType:
    """Return the dtype that `auto` takes on a GPU."""
    return _on_gpu(gpu, DType.AUTO).dtype


def why_unusable(gpu: Gpu, machine: Machine) -> tuple[str, ...]:
    """Say why a torch build cannot use a GPU: a sentence and, where there is one, the command.

    Returns:
        Nothing where it can.
    """
    if machine.cuda_build is None:
        return _cpu_only_build(gpu.capability, machine)
    if has_kernels(gpu.capability, machine.arch_list):
        return ()
    return _no_kernels(gpu, machine)


def _parse(device: str) -> Device:
    try:
        return Device.parse(device)
    except ValueError:
        message = f"--device {device}: there is no such device."
        raise DeviceError(message, hint="Choose auto, cuda, cuda:N, mps or cpu.") from None


def _requested_gpu(device: Device, machine: Machine) -> Gpu:
    if not machine.gpus:
        notes = _why_no_gpu(machine) or ("torch finds no NVIDIA GPU.",)
        raise DeviceError(f"--device {device}: {notes[0]}", hint=_next_step(notes))
    if device.index is None:
        usable = [g for g in machine.gpus if has_kernels(g.capability, machine.arch_list)]
        gpu = usable[0] if usable else machine.gpus[0]
    else:
        named = [g for g in machine.gpus if g.index == device.index]
        if not named:
            known = ", ".join(f"cuda:{g.index} ({g.name})" for g in machine.gpus)
            raise DeviceError(f"--device {device}: there is no such GPU.", hint=f"Known: {known}.")
        gpu = named[0]
    if not has_kernels(gpu.capability, machine.arch_list):
        notes = _no_kernels(gpu, machine)
        raise DeviceError(f"--device {device}: {notes[0]}", hint=_next_step(notes))
    return gpu


def _next_step(notes: tuple[str, ...]) -> str:
    return notes[1] if len(notes) > 1 else "Leave --device out, or use --device cpu."


def _why_no_gpu(machine: Machine) -> tuple[str, ...]:
    """Say why `auto` takes no GPU: a sentence and, where there is one, the command."""
    if machine.gpus:
        return _no_kernels(machine.gpus[0], machine)
    if not machine.nvidia_driver:
        return ()
    if machine.cuda_build is None:
        return _cpu_only_build(None, machine)
    step = "Update the NVIDIA driver; nvidia-smi says which CUDA version it supports."
    if is_cuda_13(machine.cuda_build):
        older = install_command(None, machine.pip)
        step = f"Update the NVIDIA driver or, before Blackwell, install an older build: {older}"
    return f"There is an NVIDIA driver, but torch (CUDA {machine.cuda_build}) cannot use it.", step


def _cpu_only_build(capability: tuple[int, int] | None, machine: Machine) -> tuple[str, ...]:
    sentence = "There is an NVIDIA GPU, but this torch build runs on the CPU only."
    return sentence, _install_hint(capability, machine)


def _no_kernels(gpu: Gpu, machine: Machine) -> tuple[str, ...]:
    major, minor = gpu.capability
    build = f" (CUDA {machine.cuda_build})" if machine.cuda_build else ""
    sentence = (
        f"This torch build{build} has no kernels for {gpu.name} (compute capability "
        f"{major}.{minor})."
    )
    return sentence, _install_hint(gpu.capability, machine)


def _install_hint(capability: tuple[int, int] | None, machine: Machine) -> str:
    command = install_command(capability, machine.pip, machine.driver_cuda)
    if command is None:
        return "No current torch build supports a GPU this old."
    # torch does not see this GPU, and the newest ones need another build
    seen = "" if capability is not None else " (f1cap gpu names that for Blackwell)"
    return f"Install a build that supports it{seen}: {command}"


def _on_gpu(gpu: Gpu, dtype: DType) -> Placement:
    device = Device(DeviceKind.CUDA, gpu.index)
    is_broken = _BROKEN_HALF.search(gpu.name) is not None
    if dtype is DType.AUTO:
        needs_float32 = is_broken or _half_is_slow(gpu)
        return Placement(device, DType.FLOAT32 if needs_float32 else DType.FLOAT16)
    notes: tuple[str, ...] = ()
    if dtype is DType.FLOAT16 and is_broken:
        notes = (f"{gpu.name} is known to give NaN in float16; use --dtype float32.",)
    elif dtype is DType.FLOAT16 and _half_is_slow(gpu):
        notes = (f"{gpu.name} computes float16 many times slower than float32.",)
    elif dtype is DType.BFLOAT16 and gpu.capability < (8, 0):
        notes = (f"{gpu.name} has no native bfloat16 and emulates it slowly.",)
    return Placement(device, dtype, notes)


def _half_is_slow(gpu: Gpu) -> bool:
    """Tell GPUs whose float16 is slower than float32: up to Pascal, but for P100 and Tegras."""
    return gpu.capability < (7, 0) and gpu.capability not in {(5, 3), (6, 0), (6, 2)}


def _on_mps(dtype: DType) -> Placement:
    # memory is shared with the CPU, so half the bytes bring little; float32 is the safe one
    return Placement(Device(DeviceKind.MPS), DType.FLOAT32 if dtype is DType.AUTO else dtype)


def _on_cpu(
    dtype: DType, machine: Machine, notes: tuple[str, ...], weights_bytes: int | None
) -> Placement:
    cpu = Device(DeviceKind.CPU)
    is_native = bool(machine.cpu_features & NATIVE_BF16)
    fastest = DType.BFLOAT16 if is_native else DType.FLOAT32
    if dtype is DType.AUTO:
        is_small = weights_bytes is not None and weights_bytes < _SMALL_BYTES
        return Placement(cpu, DType.FLOAT32 if is_small else fastest, notes)
    if dtype is DType.FLOAT16 or (dtype is DType.BFLOAT16 and not is_native):
        slow = (
            f"This CPU has no native {dtype} and emulates it, up to hundreds of times slower than "
            f"--dtype {fastest}."
        )
        return Placement(cpu, dtype, (*notes, slow))
    return Placement(cpu, dtype, notes)
