"""What is read off a machine: times, memory, the CPU, the torch build, the driver and its GPUs."""

from dataclasses import asdict, dataclass


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

    @property
    def used_bytes(self) -> int | None:
        """What the process holds: of its GPU, else of the RAM."""
        return self.rss_bytes if self.vram_process_bytes is None else self.vram_process_bytes


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
class Cpu:
    """The CPU and its memory.

    Attributes:
        name: None where the system does not say.
        cores: Those that this process may use.
        bfloat16: It has native bfloat16 instructions; without them bfloat16 is emulated.
        ram_total_bytes: None where the system does not say.
        ram_free_bytes: What a new program can use without swapping.
    """

    name: str | None
    cores: int
    bfloat16: bool
    ram_total_bytes: int | None
    ram_free_bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that computes on a GPU.

    Attributes:
        pid: As the driver numbers it: inside a container, perhaps the host's number.
        vram_bytes: None under WDDM (Windows, WSL), where the driver does not know.
    """

    pid: int
    vram_bytes: int | None


@dataclass(frozen=True, slots=True)
class MigReading:
    """One slice of a partitioned GPU (MIG); CUDA sees it as a GPU of its own."""

    uuid: str | None
    name: str | None
    vram_total_bytes: int | None
    vram_used_bytes: int | None
    vram_free_bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU at one moment.

    Attributes:
        index: The driver's, by PCI bus order; CUDA's may differ.
        uuid: The GPU's identifier, the same for the driver and for CUDA.
        compute_capability: Major and minor number.
        shared_memory: It has no memory of its own; the figures are the system's.
        utilization: Share of the last second or so in which the GPU was busy, 0 to 1.
        power_w: None on GPUs without the sensor, such as a GTX 1050.
        energy_j: Since the driver was loaded; None before Volta.
        sm_clock_mhz: Of the multiprocessors, now.
        memory_clock_mhz: Of the memory, now.
        throttle_reasons: What keeps the clocks low now; empty where nothing does.
        processes: None where the driver lists none for anybody.
        mig_devices: Its slices; empty where the GPU is whole.
        problem: What the driver answered about a GPU that does not answer; else None.
    """

    index: int
    uuid: str | None = None
    name: str | None = None
    compute_capability: tuple[int, int] | None = None
    vram_total_bytes: int | None = None
    vram_used_bytes: int | None = None
    vram_free_bytes: int | None = None
    shared_memory: bool = False
    utilization: float | None = None
    temperature_c: int | None = None
    power_w: float | None = None
    energy_j: float | None = None
    sm_clock_mhz: int | None = None
    memory_clock_mhz: int | None = None
    throttle_reasons: tuple[str, ...] | None = None
    processes: tuple[GpuProcess, ...] | None = None
    mig_devices: tuple[MigReading, ...] = ()
    problem: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the GPU as JSON has it: the compute capability as `9.0`."""
        capability = self.compute_capability
        text = None if capability is None else "{}.{}".format(*capability)
        return asdict(self) | {"compute_capability": text}


@dataclass(frozen=True, slots=True)
class DriverReading:
    """The driver and its GPUs at one moment.

    Attributes:
        driver: The driver's version.
        cuda: The newest CUDA that this driver runs, as `12.8`.
        gpus: In the driver's order.
        problem: What NVML answered where it does not work at all; else None.
        silent: There is a driver, which does not answer; without one there is a problem too.
    """

    driver: str | None = None
    cuda: str | None = None
    gpus: tuple[GpuReading, ...] = ()
    problem: str | None = None
    silent: bool = False
