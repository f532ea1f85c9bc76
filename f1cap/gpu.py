"""What NVML, the NVIDIA driver's library, says of the GPUs.

NVML may be absent, mismatched, silent on any one question, or lose a GPU half-way. None of that
is an error of ours: whatever it does not answer is None, and no function here raises because of it.
"""

import atexit
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from f1cap.records.readings import DriverReading, GpuProcess, GpuReading, MigReading

_THROTTLE_REASONS = {
    0x001: "idle",
    0x002: "application clocks",
    0x004: "power cap",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "thermal slowdown",
    0x040: "hardware thermal slowdown",
    0x080: "hardware power brake",
    0x100: "display clocks",
}
# What NVML says where there is no driver; anything else comes from one that is there.
_NO_DRIVER = ("NVML Shared Library Not Found", "Driver Not Loaded")
# What it says of memory where a GPU has none of its own but the system's (GB10, Jetson).
_NOT_SUPPORTED = "Not Supported"
_MAX_GPUS = 64  # a driver that reports more is broken, and would be queried for ever

_lock = threading.Lock()
_started = False
_problem: str | None = None


class VisibleGpu:
    """A GPU, or a slice of one, as CUDA numbers them; each call queries the driver.

    Attributes:
        uuid: Its identifier.
        vram_total_bytes: Its memory, or the system's that it shares; None where the driver does
            not say.
    """

    def __init__(self, uuid: str) -> None:
        _start()
        self.uuid = uuid
        self._handle = _ask("nvmlDeviceGetHandleByUUID", uuid)
        self.vram_total_bytes = _gpu_memory(self._handle).total

    def process_vram_bytes(self, pid: int | None = None) -> int | None:
        """Return the memory of one process on this GPU.

        Args:
            pid: None for this process.

        Returns:
            None where the driver does not say (WDDM), does not know the process (it has nothing
            on the GPU, or is numbered otherwise in a container), or does not answer.
        """
        wanted = os.getpid() if pid is None else pid
        found = [process for process in _processes(self._handle) or () if process.pid == wanted]
        # A process may have several contexts, each with memory of its own.
        known = [process.vram_bytes for process in found if process.vram_bytes is not None]
        return sum(known) if known else None

    def used_vram_bytes(self) -> int | None:
        """Return the memory in use on this GPU, by all processes."""
        return _gpu_memory(self._handle).used

    def energy_j(self) -> float | None:
        """Return the energy used since the driver was loaded; differences of it are exact."""
        return _scaled(_ask("nvmlDeviceGetTotalEnergyConsumption", self._handle), 1e-3)

    def power_w(self) -> float | None:
        """Return the power drawn now."""
        return _scaled(_ask("nvmlDeviceGetPowerUsage", self._handle), 1e-3)


def read_driver() -> DriverReading:
    """Return all that the driver says of itself and of each GPU."""
    problem = _start()
    if problem is not None:
        return DriverReading(problem=problem, silent=problem not in _NO_DRIVER)
    cuda = _ask("nvmlSystemGetCudaDriverVersion_v2")
    count = min(_ask("nvmlDeviceGetCount") or 0, _MAX_GPUS)
    return DriverReading(
        driver=_ask("nvmlSystemGetDriverVersion"),
        cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else None,
        gpus=tuple(_read_gpu(index) for index in range(count)),
    )


def find_gpu(cuda_index: int) -> VisibleGpu | None:
    """Return the GPU that has this index for CUDA, and so for torch, in this process.

    Returns:
        None where there is none, or where it is uncertain which one it is (see `visible_uuids`).
    """
    uuids = visible_uuids(read_driver().gpus, os.environ)
    uuid = uuids[cuda_index] if 0 <= cuda_index < len(uuids) else None
    return None if uuid is None else VisibleGpu(uuid)


def visible_uuids(
    gpus: Sequence[GpuReading], environment: Mapping[str, str]
) -> tuple[str | None, ...]:
    """Return the GPUs that CUDA shows a process, in CUDA's order.

    Args:
        gpus: All GPUs, in the driver's order.
        environment: CUDA_VISIBLE_DEVICES holds numbers, or UUIDs or beginnings of them, and ends
            at the first that does not exist; CUDA_DEVICE_ORDER says what the numbers mean.

    Returns:
        None for a GPU that is uncertain: CUDA numbers unlike GPUs by their speed, which NVML
        does not know, unless the order is PCI_BUS_ID. Of a divided GPU CUDA shows one slice.
    """
    ordered = _in_cuda_order(gpus, environment)
    chosen = environment.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return tuple(ordered)
    names = [name.strip() for name in chosen.split(",")]
    visible: list[str | None] = []
    for name in names:
        index = _number(name)
        if index is not None and index < len(ordered):
            uuid = ordered[index]
        elif index is None and (found := _complete(name, gpus)) is not None:
            uuid = found
        else:
            break
        visible.append(uuid)
    taken = names[: len(visible)]
    return () if len(set(taken)) < len(taken) else tuple(visible)  # one GPU twice: CUDA has none


def close() -> None:
    """Shut NVML down. The next query opens it again."""
    global _started, _problem
    with _lock:
        if _started and _problem is None:
            _ask("nvmlShutdown")
        _started, _problem = False, None


def _start() -> str | None:
    """Open NVML once for the process; return what it answered if it would not."""
    global _started, _problem
    with _lock:
        if not _started:
            _started, _problem = True, _try("nvmlInit")[1]
            atexit.register(close)
        return _problem


def _ask(function: str, *arguments: object) -> Any:  # noqa: ANN401 - as NVML answers
    """Return NVML's answer to one question, None where it gives none."""
    return _try(function, *arguments)[0]


def _try(function: str, *arguments: object) -> tuple[Any, str | None]:
    """Return NVML's answer, and its error text where there is none."""
    if None in arguments:  # the handle of a GPU that could not be had
        return None, None
    try:
        import pynvml

        return getattr(pynvml, function)(*arguments), None
    except Exception as error:  # noqa: BLE001 - not NVMLError alone: a library of another version, text that is not UTF-8, a damaged installation
        return None, _text(error)


def _text(error: Exception) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - to put itself into words, an NVMLError asks NVML
        return type(error).__name__


def _read_gpu(index: int) -> GpuReading:
    handle, problem = _try("nvmlDeviceGetHandleByIndex", index)
    if handle is None:
        return GpuReading(index, problem=problem)
    memory = _gpu_memory(handle)
    busy = _ask("nvmlDeviceGetUtilizationRates", handle)
    return GpuReading(
        index=index,
        uuid=_ask("nvmlDeviceGetUUID", handle),
        name=_ask("nvmlDeviceGetName", handle),
        compute_capability=_ask("nvmlDeviceGetCudaComputeCapability", handle),
        vram_total_bytes=memory.total,
        vram_used_bytes=memory.used,
        vram_free_bytes=memory.free,
        shared_memory=memory.is_shared,
        utilization=None if busy is None else busy.gpu / 100,
        temperature_c=_temperature_c(handle),
        power_w=_scaled(_ask("nvmlDeviceGetPowerUsage", handle), 1e-3),
        energy_j=_scaled(_ask("nvmlDeviceGetTotalEnergyConsumption", handle), 1e-3),
        sm_clock_mhz=_ask("nvmlDeviceGetClockInfo", handle, 1),
        memory_clock_mhz=_ask("nvmlDeviceGetClockInfo", handle, 2),
        throttle_reasons=_throttle_reasons(handle),
        processes=_processes(handle),
        mig_devices=_mig_devices(handle),
        # A lost GPU may still have a handle, but then not even a name.
        problem=_try("nvmlDeviceGetName", handle)[1],
    )


@dataclass(frozen=True, slots=True)
class _Memory:
    """Bytes of a GPU; `is_shared` where they are the system's."""

    total: int | None = None
    used: int | None = None
    free: int | None = None
    is_shared: bool = False


def _gpu_memory(handle: object) -> _Memory:
    """Return a GPU's or a slice's memory: the system's, where it has none of its own."""
    memory, problem = _try("nvmlDeviceGetMemoryInfo", handle)
    if problem == _NOT_SUPPORTED or (memory is not None and memory.total == 0):
        return _system_memory()
    return _Memory() if memory is None else _Memory(memory.total, memory.used, memory.free)


def _system_memory() -> _Memory:
    import psutil

    try:
        memory = psutil.virtual_memory()
    except (psutil.Error, OSError, RuntimeError):
        return _Memory(is_shared=True)
    return _Memory(memory.total, memory.total - memory.available, memory.available, is_shared=True)


def _processes(handle: object) -> tuple[GpuProcess, ...] | None:
    # _v3 by name: pynvml's unversioned function raises another error class on an older driver.
    found = _ask("nvmlDeviceGetComputeRunningProcesses_v3", handle)
    if found is None:
        return None
    return tuple(GpuProcess(process.pid, process.usedGpuMemory) for process in found)


def _temperature_c(handle: object) -> int | None:
    # The second is the only one that drivers before 2025 have, and leaves with CUDA 14.
    answer: int | None = _ask("nvmlDeviceGetTemperatureV", handle, 0)
    return _ask("nvmlDeviceGetTemperature", handle, 0) if answer is None else answer


def _throttle_reasons(handle: object) -> tuple[str, ...] | None:
    # Renamed in 2023; older drivers know the second name only.
    bits = _ask("nvmlDeviceGetCurrentClocksEventReasons", handle)
    if bits is None:
        bits = _ask("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
    if bits is None:
        return None
    return tuple(reason for bit, reason in _THROTTLE_REASONS.items() if bits & bit)


def _mig_devices(handle: object) -> tuple[MigReading, ...]:
    mode = _ask("nvmlDeviceGetMigMode", handle)
    if mode is None or mode[0] != 1:
        return ()
    indices = range(min(_ask("nvmlDeviceGetMaxMigDeviceCount", handle) or 0, _MAX_GPUS))
    slices = (_ask("nvmlDeviceGetMigDeviceHandleByIndex", handle, index) for index in indices)
    return tuple(
        _mig_device(part)
        for part in slices
        if part is not None  # there may be gaps
    )


def _mig_device(part: object) -> MigReading:
    memory = _gpu_memory(part)
    return MigReading(
        _ask("nvmlDeviceGetUUID", part),
        _ask("nvmlDeviceGetName", part),
        memory.total,
        memory.used,
        memory.free,
    )


def _in_cuda_order(
    gpus: Sequence[GpuReading], environment: Mapping[str, str]
) -> Sequence[str | None]:
    by_bus = environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    if not by_bus and len({gpu.name for gpu in gpus}) > 1:
        return [None] * len(gpus)
    return [gpu.mig_devices[0].uuid if gpu.mig_devices else gpu.uuid for gpu in gpus]


def _number(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdecimal() else None


def _complete(name: str, gpus: Sequence[GpuReading]) -> str | None:
    """Return the one UUID that begins so."""
    uuids = [gpu.uuid for gpu in gpus]
    uuids += [device.uuid for gpu in gpus for device in gpu.mig_devices]
    found = [uuid for uuid in uuids if uuid is not None and name and uuid.startswith(name)]
    return found[0] if len(found) == 1 else None


def _scaled(value: int | None, unit: float) -> float | None:
    return None if value is None else value * unit
