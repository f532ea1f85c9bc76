"""The watching process: it samples another process's memory, and its GPU, every 10 ms.

Run as a program, apart from the measured process so that it costs that one nothing. The first line
of its input is `{"pid": …, "gpu": …}`; then `on` and `off` open and close the windows in which
energy counts, and `stop`, or the end of the input, ends it. Now and then it writes a line
`{"now": {…}}`, and at the end `{"peaks": {…}}`.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable

from f1cap import measure
from f1cap.gpu import VisibleGpu, find_gpu

INTERVAL_S = 0.01
_TELL_EVERY_S = 0.2
# A gap in the samples longer than this is no measurement of power over it.
_LONGEST_GAP_S = 1.0


def main() -> None:
    """Sample until told to stop."""
    settings = json.loads(sys.stdin.readline())
    sampler = _Sampler(settings["pid"], settings["gpu"])
    reader = threading.Thread(target=_obey, args=(sampler,), daemon=True)
    reader.start()
    sampler.run()
    _write({"peaks": sampler.results()})


def _obey(sampler: "_Sampler") -> None:
    for line in sys.stdin:
        word = line.strip()
        if word == "stop":
            break
        sampler.count_energy(on=word == "on")
    sampler.stop.set()


def _write(message: dict[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(message)}\n")
    sys.stdout.flush()


class _Sampler:
    """Peaks so far, and the energy of the windows so far."""

    def __init__(self, pid: int, gpu_index: int | None) -> None:
        self.stop = threading.Event()
        self._pid = pid
        self._resident = _resident_reader(pid)
        self._gpu = None if gpu_index is None else find_gpu(gpu_index)
        self._peaks: dict[str, int] = {}
        self._now: dict[str, int | None] = {}
        if self._gpu is not None:
            self._now["vram_total_bytes"] = self._gpu.vram_total_bytes
        self._samples = 0
        self._first_s = self._last_s = 0.0
        self._used_before_s = 0.0  # by starting up
        self._energy = None if self._gpu is None else _Energy(self._gpu)

    def run(self) -> None:
        """Sample by a clock of fixed ticks, so that a late sample delays no other."""
        started = time.perf_counter()
        self._first_s = started
        self._used_before_s = time.process_time()
        told = 0.0
        tick = 0
        while not self.stop.is_set():
            now = time.perf_counter()
            self._sample(now)
            if now - told >= _TELL_EVERY_S:
                told = now
                _write({"now": self._now})
            tick = max(tick + 1, int((time.perf_counter() - started) / INTERVAL_S))
            # not by waiting for the event: that costs twice a sleep, a hundred times a second
            time.sleep(max(0.0, started + tick * INTERVAL_S - time.perf_counter()))

    def count_energy(self, *, on: bool) -> None:
        """Open or close a window in which energy counts."""
        if self._energy is not None:
            self._energy.switch(on=on)

    def results(self) -> dict[str, object]:
        """Return peaks, energy, and how closely was looked."""
        watched_s = self._last_s - self._first_s
        used_s = time.process_time() - self._used_before_s
        return {
            **self._peaks,
            "energy_j": None if self._energy is None else self._energy.total_j(),
            "samples": self._samples,
            "interval_s": watched_s / (self._samples - 1) if self._samples > 1 else None,
            "cpu_share": used_s / watched_s if watched_s else None,
        }

    def _sample(self, now: float) -> None:
        self._samples += 1
        self._last_s = now
        self._see("rss_bytes", self._resident())
        if self._gpu is not None:
            self._see("nvml_process_bytes", self._gpu.process_vram_bytes(self._pid))
            self._see("nvml_device_bytes", self._gpu.used_vram_bytes())
        if self._energy is not None:
            self._energy.sample()

    def _see(self, name: str, reading: int | None) -> None:
        self._now[name] = reading
        if reading is not None and reading > self._peaks.get(name, 0):
            self._peaks[name] = reading


class _Energy:
    """The energy of the windows so far: by the GPU's counter, or summed up from its power.

    It is unknown once a part of a window was not covered: the joules of a part, over all of the
    images, would flatter the GPU.
    """

    def __init__(self, gpu: VisibleGpu) -> None:
        self._gpu = gpu
        self._lock = threading.Lock()  # windows are opened and closed from another thread
        self._on = False
        self._lost = False  # a counter that answered when a window opened, and then no more
        self._at_start: float | None = None
        self._counted_j: float | None = 0.0
        self._summed_j: float | None = 0.0
        self._power: tuple[float, float | None] | None = None  # when, watts

    def switch(self, *, on: bool) -> None:
        """Open or close a window; power is read at both ends, so that none is too short for it."""
        with self._lock:
            counter = self._gpu.energy_j()
            if on:
                self._at_start, self._power = counter, None
                self._add_power()
            elif self._on:
                self._add_power()
                self._count(counter)
            self._on = on

    def sample(self) -> None:
        """Take the power of this moment, where a window is open."""
        with self._lock:
            if self._on:
                self._add_power()

    def total_j(self) -> float | None:
        """Return the energy of all windows; None where a part of one is not known."""
        with self._lock:
            if self._lost or self._on:
                return None
            # a counter that stands still while a GPU works is no counter
            return self._counted_j or self._summed_j or None

    def _count(self, counter: float | None) -> None:
        if self._at_start is None:
            self._counted_j = None
        elif counter is None:
            self._lost = True
        elif self._counted_j is not None:
            self._counted_j += counter - self._at_start

    def _add_power(self) -> None:
        """Add the energy since the last sample: the mean of two powers over the time between."""
        now, watts = time.perf_counter(), self._gpu.power_w()
        before, self._power = self._power, (now, watts)
        if watts is None:
            self._summed_j = None
        elif before is not None and self._summed_j is not None and before[1] is not None:
            gap_s = now - before[0]
            joules = gap_s * (before[1] + watts) / 2
            self._summed_j = None if gap_s > _LONGEST_GAP_S else self._summed_j + joules


def _resident_reader(pid: int) -> Callable[[], int | None]:
    """Return what reads a process's resident memory; None once the process has ended.

    Where there is /proc, a file that stays open: asked a hundred times a second, a tenth of the
    time that psutil takes is what keeps the watching below one part in a hundred.
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
