"""The memory gauge of a run: this process on its GPU, or its resident memory."""

import os

from f1cap import measure
from f1cap.gpu import find_gpu
from f1cap.records.models import Device
from f1cap.records.readings import MemoryReading


class MemoryGauge:
    """Reads memory on demand and remembers the peak of what it read."""

    def __init__(self, device: Device) -> None:
        """Watch one device.

        A GPU that NVML cannot find, or will not speak of, leaves the resident memory.
        """
        self.vram_peak_bytes: int | None = None
        self.rss_peak_bytes: int | None = None
        index = device.cuda_index
        self._gpu = None if index is None else find_gpu(index)

    def read(self) -> MemoryReading:
        """Return memory now; what is not told is None."""
        rss_bytes = measure.resident_bytes()
        self.rss_peak_bytes = _larger(self.rss_peak_bytes, rss_bytes)
        if self._gpu is None:
            return MemoryReading(rss_bytes)
        used_bytes = self._gpu.process_vram_bytes(os.getpid())
        self.vram_peak_bytes = _larger(self.vram_peak_bytes, used_bytes)
        return MemoryReading(rss_bytes, used_bytes, self._gpu.vram_total_bytes)


def _larger(peak: int | None, reading: int | None) -> int | None:
    if peak is None or reading is None:
        return peak if reading is None else reading
    return max(peak, reading)
