"""The watching process: it samples another process's memory, and its card, every 10 ms.

Run as a program, apart from the measured process so that it costs that one nothing. The first line
of its input is `{"pid": …, "card": …}`; then `on` and `off` open and close the windows in which
energy counts, and `stop`, or the end of the input, ends it. Now and then it writes a line
`{"now": {…}}`, and at the end `{"peaks": {…}}`.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable

from f1cap import gpu, measure

INTERVAL_S = 0.01
_TELL_EVERY_S = 0.2
# A gap in the samples longer than this is no measurement of power over it.
_LONGEST_GAP_S = 1.0


def main() -> None:
    """Sample until told to stop."""
    settings = json.loads(sys.stdin.readline())
    sampler = _Sampler(settings["pid"], settings["card"])
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

    def __init__(self, pid: int, card_index: int | None) -> None:
        self.stop = threading.Event()
        self._pid = pid
        self._resident = _resident_reader(pid)
        self._card = None if card_index is None else gpu.find_card(card_index)
        self._peaks: dict[str, int] = {}
        self._now: dict[str, int | None] = {}
        if self._card is not None:
            self._now["vram_total_bytes"] = self._card.vram_total_bytes
        self._samples = 0
        self._first_s = self._last_s = 0.0
        self._used_before_s = 0.0  # by starting up
        # energy: by the card's counter where it has one, else summed up from its power
        self._lock = threading.Lock()
        self._on = False
        self._counter_at_start: float | None = None
        self._counted_j: float | None = None
        self._summed_j: float | None = None
        self._power: tuple[float, float] | None = None  # when, watts

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
        if self._card is None:
            return
        counter = self._card.energy_j()
        with self._lock:
            self._on = on
            self._power = None
            if on:
                self._counter_at_start = counter
            elif counter is not None and self._counter_at_start is not None:
                used = counter - self._counter_at_start
                self._counted_j = (self._counted_j or 0.0) + used

    def results(self) -> dict[str, object]:
        """Return peaks, energy, and how closely was looked."""
        watched_s = self._last_s - self._first_s
        used_s = time.process_time() - self._used_before_s
        return {
            **self._peaks,
            # a counter that stands still while a card works is no counter
            "energy_j": self._counted_j or self._summed_j,
            "samples": self._samples,
            "interval_s": watched_s / (self._samples - 1) if self._samples > 1 else None,
            "cpu_share": used_s / watched_s if watched_s else None,
        }

    def _sample(self, now: float) -> None:
        self._samples += 1
        self._last_s = now
        self._see("rss_bytes", self._resident())
        if self._card is not None:
            self._see("nvml_process_bytes", self._card.process_vram_bytes(self._pid))
            self._see("nvml_device_bytes", self._card.used_vram_bytes())
            self._add_power(now)

    def _see(self, name: str, reading: int | None) -> None:
        self._now[name] = reading
        if reading is not None and reading > self._peaks.get(name, 0):
            self._peaks[name] = reading

    def _add_power(self, now: float) -> None:
        """Add the energy since the last sample: the mean of two powers over the time between."""
        if not self._on or self._card is None:
            return
        watts = self._card.power_w()
        with self._lock:
            before, self._power = self._power, None if watts is None else (now, watts)
            if before is not None and watts is not None and now - before[0] < _LONGEST_GAP_S:
                joules = (now - before[0]) * (before[1] + watts) / 2
                self._summed_j = (self._summed_j or 0.0) + joules


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
