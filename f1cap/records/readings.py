"""What is measured or read off a machine: times, memory, the CPU, the installed torch build."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Statistics of one kind of measured time, in seconds, with the values they come from.

    Attributes:
        p50: The median.
        p90: 90 % of the values are at or below; between two values, linearly interpolated.
        p95: Likewise 95 %.
        p99: Likewise 99 %; below a hundred values it is close to the largest.
        mean: The arithmetic mean.
        stdev: Sample standard deviation; None for a single value.
        values: As measured, in order.
    """

    p50: float
    p90: float
    p95: float
    p99: float
    mean: float
    stdev: float | None
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """Memory at one moment.

    Attributes:
        rss_bytes: Resident memory of this process.
        vram_process_bytes: This process on its GPU; None without a GPU, or where the driver
            does not say.
        vram_total_bytes: The GPU's memory; None likewise.
    """

    rss_bytes: int | None
    vram_process_bytes: int | None = None
    vram_total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class TorchBuild:
    """The installed torch, as its files say.

    Attributes:
        version: As `2.13.0+cpu`.
        cuda: The CUDA version that it was built with, as `13.0`; None for a build without.
        hip: The same of ROCm, for AMD GPUs.
    """

    version: str
    cuda: str | None = None
    hip: str | None = None


@dataclass(frozen=True, slots=True)
class Processor:
    """The CPU and its memory.

    Attributes:
        name: None where the system does not say.
        cores: Those that this process may use.
        bfloat16: It has bfloat16 arithmetic of its own; without, half precision is emulated.
        ram_total_bytes: None where the system does not say.
        ram_free_bytes: What a new program can have without others being pushed out.
    """

    name: str | None
    cores: int
    bfloat16: bool
    ram_total_bytes: int | None
    ram_free_bytes: int | None
