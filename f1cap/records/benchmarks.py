"""What `bench` measures: a row for each model and setting, and the machine it was measured on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from f1cap.records.baselines import BaselineComparison
from f1cap.records.images import Problem
from f1cap.records.readings import Timings


@dataclass(frozen=True, slots=True)
class MemoryPeaks:
    """The most memory that a run took, by several counts; None where one is missing.

    Attributes:
        nvml_process_bytes: This process on the GPU, as the driver sees it: tensors, what torch
            keeps reserved, the CUDA context.
        nvml_device_bytes: The whole GPU, all processes together.
        torch_allocated_bytes: Tensors alone.
        torch_reserved_bytes: Tensors, and memory that torch keeps reserved.
        rss_bytes: Resident memory of the process, code and libraries included.
    """

    nvml_process_bytes: int | None = None
    nvml_device_bytes: int | None = None
    torch_allocated_bytes: int | None = None
    torch_reserved_bytes: int | None = None
    rss_bytes: int | None = None

    @property
    def vram_bytes(self) -> int | None:
        """The process on its GPU, by the best count there is."""
        if self.nvml_process_bytes is not None:
            return self.nvml_process_bytes
        return self.torch_reserved_bytes


@dataclass(frozen=True, slots=True)
class Sampling:
    """How closely memory and power were watched.

    Attributes:
        samples: How many times, from a process of its own.
        interval_s: The mean time between two.
        cpu_share: Of one core, what the watching took.
    """

    samples: int
    interval_s: float | None
    cpu_share: float | None


@dataclass(frozen=True, slots=True)
class BenchQuality:
    """How good the captions of the measured images are.

    Attributes:
        images: Images with references that were scored.
        cider: None where it could not be computed; `note` says why.
        low: Lower end of its 95 % interval.
        high: Upper end.
        length_ratio: Words of a caption over words of a reference.
        signature: How the score was made.
    """

    images: int
    cider: float | None
    low: float | None
    high: float | None
    length_ratio: float | None
    signature: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class TransformersResult:
    """The same checkpoint through plain transformers, in alternating rounds with f1cap.

    Attributes:
        images_per_s: Of plain transformers; None where it failed.
        speedup: f1cap's rate over that one, from the rounds that both took.
        identical: Share of images for which both wrote the same caption.
        images: Images that both captioned.
        latency_s: Plain transformers' times an image.
        reason: Why it failed.
    """

    images_per_s: float | None = None
    speedup: float | None = None
    identical: float | None = None
    images: int = 0
    latency_s: Timings | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One model in one setting.

    Attributes:
        reason: Why it failed, in a sentence; None for a complete row.
        code: The kind of failure.
        dtype: The one it ran in; what was asked for where it never ran.
        decoding: What the user chose of the search; all else is the model's own.
        prompt: How each caption had to begin; None where nothing was given.
        reduced_jpeg: Large JPEGs were decoded at a reduced size.
        asked_batch_size: None where the choice was f1cap's.
        batch_size: The largest batch that fitted into memory.
        images: Images captioned while the clock ran; the same one may come again.
        import_s: Importing torch, transformers and the family's code.
        load_s: From the first byte read of the checkpoint to a model ready to run.
        first_caption_s: The first image after that, alone.
        latency_s: Of an image: decoding, preprocessing, and its share of the batch.
        prepare_s: Decoding and preprocessing alone.
        generate_s: An image's share of the model's time alone.
        images_per_s: Images over the time from the first to the last.
        images_per_s_stdev: Of the rounds' own rates: what a repetition may differ by.
        tokens_per_s: New tokens over the model's time.
        fits: The peak is within the GPU, within --vram-limit, or within the RAM on a CPU.
        captions: Cleaned, by image; not part of the JSON row.
    """

    model: str
    status: Literal["ok", "failed"]
    reason: str | None = None
    code: str | None = None
    hint: str | None = None
    # what ran
    checkpoint: str | None = None
    revision: str | None = None
    engine: str | None = None
    device: str | None = None
    dtype: str | None = None
    num_beams: int | None = None
    max_new_tokens: int | None = None
    decoding: Mapping[str, object] = field(default_factory=dict)
    prompt: str | None = None
    reduced_jpeg: bool = False
    asked_batch_size: int | None = None
    batch_size: int | None = None
    threads: int | None = None
    # times
    images: int = 0
    import_s: float | None = None
    load_s: float | None = None
    first_caption_s: float | None = None
    latency_s: Timings | None = None
    prepare_s: Timings | None = None
    generate_s: Timings | None = None
    images_per_s: float | None = None
    images_per_s_stdev: float | None = None
    tokens_per_s: float | None = None
    words_per_caption: float | None = None
    # cost
    memory: MemoryPeaks = field(default_factory=MemoryPeaks)
    sampling: Sampling | None = None
    vram_limit_bytes: int | None = None
    fits: bool | None = None
    energy_j_per_image: float | None = None
    # quality
    quality: BenchQuality | None = None
    transformers: TransformersResult | None = None
    notes: tuple[str, ...] = ()
    captions: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the row as JSON has it."""
        row = asdict(self)
        del row["captions"]
        return row


@dataclass(frozen=True, slots=True)
class EnvironmentGpu:
    """A GPU of the machine, as far as the driver says."""

    name: str | None
    compute_capability: str | None
    vram_total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Environment:
    """The machine and the versions that the numbers belong to.

    Attributes:
        cuda: The CUDA version of the torch build.
        threads: Of torch on the CPU; None where no model ran.
    """

    f1cap: str
    python: str
    platform: str
    cpu: str | None
    cores: int
    ram_bytes: int | None
    gpus: tuple[EnvironmentGpu, ...]
    driver: str | None
    cuda: str | None
    torch: str | None
    transformers: str | None
    threads: int | None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """All rows of one command."""

    environment: Environment
    dataset: str
    images: int
    rows: tuple[BenchRow, ...]
    problems: tuple[Problem, ...]
    comparison: BaselineComparison | None = None
    saved: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the benchmark as JSON has it."""
        return {
            "environment": asdict(self.environment),
            "dataset": self.dataset,
            "images": self.images,
            "rows": [row.to_dict() for row in self.rows],
            "comparison": None if self.comparison is None else asdict(self.comparison),
            "saved": self.saved,
        }
