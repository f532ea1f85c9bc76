"""What there is to run on, and which models fit: all without importing torch."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace

from f1cap.gpu import read_driver, visible_uuids
from f1cap.models import catalog, memory_estimate
from f1cap.models.device.machine import has_nvidia_driver, read_cpu
from f1cap.models.device.placement import Gpu, Machine, auto_dtype, why_unusable
from f1cap.models.device.torch_build import (
    arch_list_of,
    cpu_command,
    driver_note,
    install_command,
    installed_torch,
    is_served,
    pip_commands,
)
from f1cap.models.memory_estimate import architecture_of, parameters_of
from f1cap.records.fits import DeviceReport, FitSettings, GpuVerdict, ModelFit, TorchRecipe
from f1cap.records.models import LARGEST_BATCH, DType, ModelSpec
from f1cap.records.readings import DriverReading, GpuReading, TorchBuild
from f1cap.store.benchmarks import PeakKey, read_peaks

# What `caption` starts with on a GPU by default.
_BATCH_SIZE = 8


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """What the predictions are asked for; None means f1cap's or the model's own choice.

    Attributes:
        vram_bytes: Predict for a GPU with this much memory, instead of one of this machine.
    """

    vram_bytes: int | None = None
    dtype: DType = DType.AUTO
    num_beams: int | None = None
    batch_size: int | None = None


def report_devices(request: DeviceRequest) -> DeviceReport:
    """Read the GPUs and judge each model against one of them. Never raises for a bad driver."""
    driver = read_driver()
    torch = installed_torch()
    verdicts = judge_gpus(driver, torch)
    ordered = _in_cuda_order(verdicts, driver.gpus)
    settings = _settings(request, ordered)
    name = next((v.gpu.name for v in verdicts if v.gpu.index == settings.gpu_index), None)
    return DeviceReport(
        driver=driver,
        gpus=verdicts,
        torch=torch,
        recipe=_recipe(driver, torch, ordered),
        cpu=read_cpu(),
        apple_gpu=platform.system() == "Darwin" and platform.machine() == "arm64",
        settings=settings,
        models=_fits(settings, name),
    )


def judge_gpus(driver: DriverReading, torch: TorchBuild | None) -> tuple[GpuVerdict, ...]:
    """Tell of each GPU whether the installed torch can run on it, and what to do if not."""
    visible = visible_uuids(driver.gpus, os.environ)
    return tuple(_judge(gpu, driver, torch, _is_visible(gpu, visible)) for gpu in driver.gpus)


def _judge(
    gpu: GpuReading, driver: DriverReading, torch: TorchBuild | None, visible: bool | None
) -> GpuVerdict:
    arch_list = None if torch is None else arch_list_of(torch)
    capability = gpu.compute_capability
    if torch is None or arch_list is None or capability is None:
        return GpuVerdict(gpu, None, visible)
    named = Gpu(gpu.index, gpu.name or "This GPU", capability)
    machine = Machine(
        gpus=(named,),
        arch_list=arch_list,
        cuda_build=torch.cuda,
        nvidia_driver=has_nvidia_driver(),
        driver_cuda=driver.cuda,
    )
    if reasons := why_unusable(named, machine):
        known = _commands(capability, driver.cuda)
        # the second sentence is the command, or that there is none
        notes = list(reasons[: 1 if known else 2])
        if known and (note := driver_note(capability, driver.cuda)) is not None:
            notes.append(note)
        return GpuVerdict(gpu, False, visible, tuple(notes), known or None)
    if _major(driver.cuda) < _major(torch.cuda):
        note = (
            f"This torch build needs an NVIDIA driver for CUDA {torch.cuda}; the installed one "
            f"supports CUDA {driver.cuda} at most. Update the driver"
        )
        if driver_note(capability, driver.cuda) is None:
            older = _commands(capability, driver.cuda)
            return GpuVerdict(gpu, False, visible, (f"{note}, or install another build.",), older)
        return GpuVerdict(gpu, False, visible, (f"{note}.",))
    return GpuVerdict(gpu, True, visible)


def _commands(capability: tuple[int, int], driver_cuda: str | None) -> dict[str, str]:
    """Return what installs a build for a GPU, by installer; nothing where no build serves it."""
    commands = {
        name: install_command(capability, pip, driver_cuda) for name, pip in pip_commands().items()
    }
    return {name: command for name, command in commands.items() if command is not None}


def _recipe(
    driver: DriverReading, torch: TorchBuild | None, verdicts: Sequence[GpuVerdict]
) -> TorchRecipe | None:
    """Return the torch build that this machine should have; None where it has it, or is unknown."""
    if driver.silent or torch is None or torch.hip is not None or platform.system() == "Darwin":
        return None
    if any(verdict.supported for verdict in verdicts):
        return None
    chosen = next((v for v in verdicts if v.install is not None and v.visible is not False), None)
    if chosen is not None and chosen.install is not None:
        return TorchRecipe(f"For GPU {chosen.gpu.index}: {chosen.notes[0]}", chosen.install)
    # a GPU that is hidden or does not answer may be back for the next run
    capabilities = [verdict.gpu.compute_capability for verdict in verdicts]
    if torch.cuda is None or any(c is None or is_served(c) for c in capabilities):
        return None
    return TorchRecipe(
        f"This torch build (CUDA {torch.cuda}) brings gigabytes of CUDA libraries, which no GPU "
        "here can use; the build for the CPU is far smaller. pip leaves the old nvidia-… packages "
        "behind; a new environment is free of them.",
        {name: cpu_command(pip) for name, pip in pip_commands().items()},
    )


def _major(version: str | None) -> int:
    """Return what decides whether a driver runs a build; an unknown version passes."""
    head = (version or "").partition(".")[0]
    return int(head) if head.isdecimal() else 99


def _is_visible(gpu: GpuReading, visible: tuple[str | None, ...]) -> bool | None:
    own = _uuids(gpu)
    if own & set(visible):
        return True
    return None if None in visible or not own else False


def _uuids(gpu: GpuReading) -> set[str]:
    """Return all ids by which CUDA may know a GPU: its own and its MIG slices'."""
    found = (gpu.uuid, *(part.uuid for part in gpu.mig_devices))
    return {uuid for uuid in found if uuid is not None}


def _in_cuda_order(
    verdicts: tuple[GpuVerdict, ...], gpus: tuple[GpuReading, ...]
) -> list[GpuVerdict]:
    """Return GPUs as CUDA numbers them, which is how a run takes them; uncertain ones last."""
    visible = visible_uuids(gpus, os.environ)

    def cuda_index(verdict: GpuVerdict) -> int:
        own = _uuids(verdict.gpu)
        return next((index for index, uuid in enumerate(visible) if uuid in own), len(visible))

    return sorted(verdicts, key=cuda_index)


def _settings(request: DeviceRequest, verdicts: Sequence[GpuVerdict]) -> FitSettings:
    """Choose the GPU that a run would take: the first that torch can use, else could use."""
    shown = [v for v in verdicts if _may_serve(v) and v.gpu.vram_total_bytes is not None]
    usable = [verdict for verdict in shown if verdict.supported]
    gpu = next((verdict.gpu for verdict in (*usable, *shown)), None)
    chosen = None if request.vram_bytes is not None else gpu
    capability = None if chosen is None else chosen.compute_capability
    dtype = request.dtype
    if dtype is DType.AUTO:
        # of a GPU that is not known, the largest dtype: what fits in it fits in any
        dtype = DType.FLOAT32
        if chosen is not None and capability is not None:
            dtype = auto_dtype(Gpu(chosen.index, chosen.name or "", capability))
    return FitSettings(
        gpu_index=None if chosen is None else chosen.index,
        capacity_bytes=request.vram_bytes if chosen is None else _free_bytes(chosen),
        dtype=dtype,
        batch_size=request.batch_size or _BATCH_SIZE,
        num_beams=request.num_beams,
    )


def _may_serve(verdict: GpuVerdict) -> bool:
    """Tell whether programs see a GPU, and some torch build may run on it."""
    capability = verdict.gpu.compute_capability
    return verdict.visible is not False and (capability is None or is_served(capability))


def _free_bytes(gpu: GpuReading) -> int | None:
    if gpu.mig_devices:  # CUDA shows the first slice
        return gpu.mig_devices[0].vram_free_bytes
    return gpu.vram_total_bytes if gpu.vram_free_bytes is None else gpu.vram_free_bytes


def _fits(settings: FitSettings, gpu_name: str | None) -> tuple[ModelFit, ...]:
    peaks = read_peaks()
    return tuple(_fit(spec, settings, gpu_name, peaks) for spec in catalog.CATALOG.values())


def _fit(
    spec: ModelSpec, settings: FitSettings, gpu_name: str | None, peaks: dict[PeakKey, int]
) -> ModelFit:
    beams = settings.num_beams or spec.decoding.num_beams
    key = PeakKey(gpu_name or "", spec.name, settings.dtype, beams, settings.batch_size)
    measured, measured_batch = _last_peak(key, peaks)
    architecture, parameters = architecture_of(spec), parameters_of(spec)
    capacity = settings.capacity_bytes
    predicted = fits = largest = None
    if architecture is not None and parameters is not None:
        predicted = memory_estimate.predict(
            architecture,
            parameters=parameters,
            dtype=settings.dtype,
            num_beams=beams,
            batch_size=settings.batch_size,
            max_new_tokens=spec.decoding.max_new_tokens,
        )
        if capacity is not None:
            fits = predicted.total <= capacity
            largest = memory_estimate.largest_batch(
                architecture,
                capacity,
                parameters=parameters,
                dtype=settings.dtype,
                num_beams=beams,
                max_new_tokens=spec.decoding.max_new_tokens,
                limit=LARGEST_BATCH,
            )
    return ModelFit(spec.name, beams, predicted, measured, measured_batch, fits, largest)


def _last_peak(key: PeakKey, peaks: dict[PeakKey, int]) -> tuple[int | None, int | None]:
    """Return a measured peak and its batch: this one's, else the last of another."""
    if key in peaks:
        return peaks[key], key.batch_size
    for other, peak in reversed(peaks.items()):
        if replace(other, batch_size=key.batch_size) == key:
            return peak, other.batch_size
    return None, None
