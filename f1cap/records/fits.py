"""What a model's shape costs in memory, and what `gpu` reports of GPUs and the models that fit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from f1cap.records.models import DType
from f1cap.records.readings import Cpu, DriverReading, GpuReading, TorchBuild


@dataclass(frozen=True, slots=True)
class VisionShape:
    """An image encoder.

    Attributes:
        pixels: Side of the square image that it takes.
        tokens: Positions of its first layer, where a pyramid such as Swin holds the most.
        width: Of a position there.
        mlp_width: Of the feed-forward part there.
        tokens_out: Positions that it hands to the text model.
    """

    pixels: int
    tokens: int
    width: int
    mlp_width: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class TextShape:
    """A text decoder.

    Attributes:
        tied: The token embeddings serve as the output layer too.
        prefix: Image tokens are the start of its text (GIT); else it reads them by cross-attention
            (BLIP, GPT-2).
    """

    layers: int
    width: int
    mlp_width: int
    vocab_size: int
    tied: bool
    prefix: bool


@dataclass(frozen=True, slots=True)
class Architecture:
    """A captioner's two halves."""

    vision: VisionShape
    text: TextShape


@dataclass(frozen=True, slots=True)
class Footprint:
    """The memory that a model is predicted to take while it captions, in bytes, by what takes it.

    Attributes:
        weights: Exact: every parameter once, in the model's dtype.
        prepack: On a CPU, tied embeddings a second time, packed as an output layer.
        images: Prepared images of a batch.
        encoder: The most that the image encoder holds at once.
        cache: Keys and values: of the images once, of the text per beam.
        prefill: What the text model holds while it takes the image tokens in.
        search: Logits and scores of all beams over the vocabulary.
        overhead: What the CUDA context and the allocator add on a GPU; 0 on a CPU.
    """

    weights: int
    prepack: int
    images: int
    encoder: int
    cache: int
    prefill: int
    search: int
    overhead: int

    @property
    def working(self) -> int:
        """The peak of what comes and goes: the three stages come one after the other."""
        return self.images + max(self.encoder, self.cache + max(self.prefill, self.search))

    @property
    def tensors(self) -> int:
        """The peak of all tensors."""
        return self.weights + self.prepack + self.working

    @property
    def total(self) -> int:
        """The peak that the driver is predicted to see."""
        return self.tensors + self.overhead


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

    def to_dict(self, driver: DriverReading) -> dict[str, object]:
        """Return the GPU as JSON has it, with its driver's versions."""
        return {
            **self.gpu.to_dict(),
            "driver": driver.driver,
            "cuda": driver.cuda,
            "supported": self.supported,
            "visible": self.visible,
            "notes": list(self.notes),
            "install": None if self.install is None else dict(self.install),
        }


@dataclass(frozen=True, slots=True)
class TorchRecipe:
    """The torch build that suits a machine better than the one that is installed.

    Attributes:
        reason: Why, in sentences.
        install: The command that installs it, by installer (`pip`, `pipx`).
    """

    reason: str
    install: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What the predictions are for.

    Attributes:
        gpu_index: The GPU whose memory is meant; None where a size was given, or there is none.
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
        largest_batch_size: The largest batch that fits, up to the largest that can be asked for;
            0 if not even one image does.
    """

    model: str
    num_beams: int
    footprint: Footprint | None
    measured_vram_bytes: int | None
    measured_batch_size: int | None
    fits: bool | None
    largest_batch_size: int | None

    def to_dict(self) -> dict[str, object]:
        """Return the prediction as JSON has it."""
        footprint = self.footprint
        return {
            "model": self.model,
            "num_beams": self.num_beams,
            "predicted_vram_bytes": None if footprint is None else footprint.total,
            "predicted_parts_bytes": None if footprint is None else asdict(footprint),
            "measured_vram_bytes": self.measured_vram_bytes,
            "measured_batch_size": self.measured_batch_size,
            "fits": self.fits,
            "largest_batch_size": self.largest_batch_size,
        }


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What `gpu` reports, all of it known without importing torch.

    Attributes:
        torch: None where it is not installed.
        recipe: None where the installed torch suits the machine, or nobody can tell.
        apple_gpu: This is a Mac whose GPU torch can use.
    """

    driver: DriverReading
    gpus: tuple[GpuVerdict, ...]
    torch: TorchBuild | None
    recipe: TorchRecipe | None
    cpu: Cpu
    apple_gpu: bool
    settings: FitSettings
    models: tuple[ModelFit, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the report as JSON has it."""
        driver, recipe = self.driver, self.recipe
        return {
            "gpus": [verdict.to_dict(driver) for verdict in self.gpus],
            "nvml": {"driver": driver.driver, "cuda": driver.cuda, "problem": driver.problem},
            "torch": None if self.torch is None else asdict(self.torch),
            "recipe": None
            if recipe is None
            else {"reason": recipe.reason, "install": dict(recipe.install)},
            "cpu": asdict(self.cpu),
            "fit": asdict(self.settings),
            "models": [fit.to_dict() for fit in self.models],
        }
