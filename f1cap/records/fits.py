"""What `gpu` reports: GPUs, whether torch can run on them, and which models fit."""

from collections.abc import Mapping
from dataclasses import dataclass

from f1cap.records.architectures import Footprint
from f1cap.records.devices import DriverReading, GpuReading
from f1cap.records.models import DType
from f1cap.records.readings import Processor, TorchBuild


@dataclass(frozen=True, slots=True)
class GpuVerdict:
    """A GPU and what the installed torch can do with it.

    Attributes:
        supported: This torch build has code for the GPU; None where that cannot be told.
        visible: CUDA shows it to programs (CUDA_VISIBLE_DEVICES); None where that cannot be told.
        notes: Why not, in sentences.
        install: The command that installs a build that can, by installer (`pip`, `pipx`).
    """

    gpu: GpuReading
    supported: bool | None
    visible: bool | None
    notes: tuple[str, ...] = ()
    install: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What the predictions are for.

    Attributes:
        gpu_index: The GPU whose memory is meant; None for one that is not there, or none.
        capacity_bytes: What models must fit into: the GPU's free memory, or what was asked for.
        dtype: Never `auto`.
        num_beams: None for each model's own.
    """

    gpu_index: int | None
    capacity_bytes: int | None
    dtype: DType
    batch_size: int
    num_beams: int | None


@dataclass(frozen=True, slots=True)
class ModelFit:
    """One model against a GPU's memory.

    Attributes:
        footprint: Predicted; None for a checkpoint whose shape is not known.
        measured_vram_bytes: The last peak that `bench` saw with these settings on such a GPU, or
            with another batch size, if it saw none with this one.
        measured_batch_size: The batch that was measured.
        fits: None without a capacity or a prediction.
        largest_batch_size: How many images at once fit, up to the most that can be asked for; 0
            if not even one does.
    """

    model: str
    num_beams: int
    footprint: Footprint | None
    measured_vram_bytes: int | None
    measured_batch_size: int | None
    fits: bool | None
    largest_batch_size: int | None


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """Everything that can be said without importing torch.

    Attributes:
        torch: None where it is not installed.
        apple_gpu: This is a Mac whose GPU torch can use.
    """

    driver: DriverReading
    gpus: tuple[GpuVerdict, ...]
    torch: TorchBuild | None
    processor: Processor
    apple_gpu: bool
    settings: FitSettings
    models: tuple[ModelFit, ...]

    def plain(self) -> dict[str, object]:
        """Return the report as JSON has it."""
        return {
            "gpus": [self._plain_gpu(verdict) for verdict in self.gpus],
            "nvml": {
                "driver": self.driver.driver,
                "cuda": self.driver.cuda,
                "problem": self.driver.problem,
            },
            "torch": self.torch,
            "cpu": self.processor,
            "fit": self.settings,
            "models": [_plain_fit(fit) for fit in self.models],
        }

    def _plain_gpu(self, verdict: GpuVerdict) -> dict[str, object]:
        gpu = verdict.gpu
        capability = gpu.compute_capability
        return {
            "index": gpu.index,
            "name": gpu.name,
            "uuid": gpu.uuid,
            "driver": self.driver.driver,
            "cuda": self.driver.cuda,
            "compute_capability": None
            if capability is None
            else f"{capability[0]}.{capability[1]}",
            "vram_total_bytes": gpu.vram_total_bytes,
            "vram_used_bytes": gpu.vram_used_bytes,
            "vram_free_bytes": gpu.vram_free_bytes,
            "utilization": gpu.utilization,
            "temperature_c": gpu.temperature_c,
            "power_w": gpu.power_w,
            "energy_j": gpu.energy_j,
            "sm_clock_mhz": gpu.sm_clock_mhz,
            "memory_clock_mhz": gpu.memory_clock_mhz,
            "throttle_reasons": gpu.throttle_reasons,
            "processes": gpu.processes,
            "mig_devices": gpu.mig_devices,
            "problem": gpu.problem,
            "supported": verdict.supported,
            "visible": verdict.visible,
            "notes": verdict.notes,
            "install": verdict.install,
        }


def _plain_fit(fit: ModelFit) -> dict[str, object]:
    footprint = fit.footprint
    return {
        "model": fit.model,
        "num_beams": fit.num_beams,
        "predicted_vram_bytes": None if footprint is None else footprint.total,
        "predicted_parts_bytes": footprint,
        "measured_vram_bytes": fit.measured_vram_bytes,
        "measured_batch_size": fit.measured_batch_size,
        "fits": fit.fits,
        "largest_batch_size": fit.largest_batch_size,
    }
