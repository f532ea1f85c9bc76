"""The sampling process: it samples another process's memory, and its GPU, every 10 ms.

Run as a program, apart from the measured process so that it costs that one nothing. Its first
command is `Watch`; then `CountEnergy` opens and closes the windows in which energy counts, and
`Stop`, or the end of the input, ends it. Now and then it writes `Sampled`, at the end `Watched`.
"""

import os
import sys
import threading
import time
from collections.abc import Callable

from f1cap import measure
from f1cap.gpu import find_gpu
from f1cap.records.readings import MemoryReading
from f1cap.services.bench.energy import EnergyMeter
from f1cap.services.bench.messages import CountEnergy, Sampled, Stop, Watch, Watched, decode, encode

INTERVAL_S = 0.01
_REPORT_EVERY_S = 0.2


def main() -> None:
    """Sample until told to stop."""
    watch = decode(sys.stdin.readline(), Watch)
    sampler = Sampler(watch.pid, watch.gpu_index)
    threading.Thread(target=_read_commands, args=(sampler,), daemon=True).start()
    sampler.run()
    _send(sampler.result())


class Sampler:
    """Peaks so far, and the energy of the windows so far."""

    def __init__(self, pid: int, gpu_index: int | None) -> None:
        self.stop = threading.Event()
        self._pid = pid
        self._read_rss_bytes = resident_reader(pid)
        self._gpu = None if gpu_index is None else find_gpu(gpu_index)
        self._energy = None if self._gpu is None else EnergyMeter(self._gpu)
        # the newest reading, and the peaks
        self._memory = MemoryReading(None)
        self._rss_peak_bytes: int | None = None
        self._process_peak_bytes: int | None = None
        self._device_peak_bytes: int | None = None
        # how closely it sampled
        self._samples = 0
        self._first_s = self._last_s = 0.0
        self._used_before_s = 0.0  # by starting up

    def run(self) -> None:
        """Sample by a clock of fixed ticks, so that a late sample delays no other."""
        started = time.perf_counter()
        self._first_s = started
        self._used_before_s = time.process_time()
        reported = 0.0
        tick = 0
        while not self.stop.is_set():
            now = time.perf_counter()
            self._sample(now)
            if now - reported >= _REPORT_EVERY_S:
                reported = now
                _send(Sampled(self._memory))
            tick = max(tick + 1, int((time.perf_counter() - started) / INTERVAL_S))
            # not by waiting for the event: that costs twice a sleep, a hundred times a second
            time.sleep(max(0.0, started + tick * INTERVAL_S - time.perf_counter()))

    def count_energy(self, *, on: bool) -> None:
        """Open or close a window in which energy counts."""
        if self._energy is not None:
            (self._energy.open_window if on else self._energy.close_window)()

    def result(self) -> Watched:
        """Return peaks, energy, and how closely it sampled."""
        watched_s = self._last_s - self._first_s
        used_s = time.process_time() - self._used_before_s
        return Watched(
            nvml_process_bytes=self._process_peak_bytes,
            nvml_device_bytes=self._device_peak_bytes,
            rss_bytes=self._rss_peak_bytes,
            energy_j=None if self._energy is None else self._energy.total_j(),
            samples=self._samples,
            interval_s=watched_s / (self._samples - 1) if self._samples > 1 else None,
            cpu_share=used_s / watched_s if watched_s else None,
        )

    def _sample(self, now: float) -> None:
        self._samples += 1
        self._last_s = now
        rss_bytes = self._read_rss_bytes()
        self._rss_peak_bytes = _peak(self._rss_peak_bytes, rss_bytes)
        if self._gpu is None:
            self._memory = MemoryReading(rss_bytes)
        else:
            process_bytes = self._gpu.process_vram_bytes(self._pid)
            self._memory = MemoryReading(rss_bytes, process_bytes, self._gpu.vram_total_bytes)
            self._process_peak_bytes = _peak(self._process_peak_bytes, process_bytes)
            self._device_peak_bytes = _peak(self._device_peak_bytes, self._gpu.used_vram_bytes())
        if self._energy is not None:
            self._energy.sample()


def resident_reader(pid: int) -> Callable[[], int | None]:
    """Return what reads a process's resident memory; None once the process has ended.

    Where there is /proc, a file that stays open: psutil takes several times as long, which counts
    at a hundred samples a second.
    """
    try:
        descriptor = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
    except OSError:
        return lambda: measure.resident_bytes(pid)
    page = os.sysconf("SC_PAGE_SIZE")

    def read() -> int | None:
        try:
            return int(os.pread(descriptor, 100, 0).split()[1]) * page
        except (OSError, IndexError):  # it has ended: what was seen of it stays
            return None

    return read


def _read_commands(sampler: "Sampler") -> None:
    for line in sys.stdin:
        command = decode(line, CountEnergy, Stop)
        if isinstance(command, Stop):
            break
        sampler.count_energy(on=command.on)
    sampler.stop.set()


def _send(message: Sampled | Watched) -> None:
    sys.stdout.write(encode(message))
    sys.stdout.flush()


def _peak(peak: int | None, reading: int | None) -> int | None:
    """Return the larger; nothing, and nothing at all (0), are no peak."""
    return reading if reading and reading > (peak or 0) else peak
