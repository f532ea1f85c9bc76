"""The energy of a GPU over windows of time: by its own counter, or summed up from its power."""

import threading
import time
from typing import Literal

from f1cap.gpu import VisibleGpu

# A gap in the samples longer than this is no measurement of power over it.
LONGEST_GAP_S = 1.0


class EnergyMeter:
    """The energy of the windows so far.

    It is unknown once a part of a window was not covered: the joules of a part, over all of the
    images, would flatter the GPU.
    """

    def __init__(self, gpu: VisibleGpu) -> None:
        self._gpu = gpu
        self._lock = threading.Lock()  # windows are opened and closed from another thread
        self._open = False
        self._counter = _EnergyCounter()
        self._power = _PowerIntegral()

    def open_window(self) -> None:
        """Begin to count."""
        with self._lock:
            self._counter.begin(self._gpu.energy_j())
            self._power.begin()
            self._sample_power()
            self._open = True

    def close_window(self) -> None:
        """Count no longer; power is read at both ends, so that no window is too short for it."""
        with self._lock:
            if self._open:
                energy_j = self._gpu.energy_j()
                self._sample_power()
                self._counter.end(energy_j)
            self._open = False

    def sample(self) -> None:
        """Take the power of this moment, where a window is open."""
        with self._lock:
            if self._open:
                self._sample_power()

    def total_j(self) -> float | None:
        """Return the energy of all windows; None where a part of one is not known."""
        with self._lock:
            if self._open or self._counter.state == "broken":
                return None
            # a counter that stands still while a GPU works is no counter
            return self._counter.total_j or self._power.total_j or None

    def _sample_power(self) -> None:
        self._power.add(time.perf_counter(), self._gpu.power_w())


class _EnergyCounter:
    """Differences of the GPU's counter of joules.

    Attributes:
        state: `absent` once a window opened without an answer, so that power has to do; `broken`
            once it answered when a window opened and no more when it closed, so that nothing does.
    """

    def __init__(self) -> None:
        self.state: Literal["counting", "absent", "broken"] = "counting"
        self._sum_j = 0.0
        self._start_j = 0.0

    @property
    def total_j(self) -> float | None:
        return self._sum_j if self.state == "counting" else None

    def begin(self, reading_j: float | None) -> None:
        if reading_j is not None:
            self._start_j = reading_j
        elif self.state == "counting":
            self.state = "absent"

    def end(self, reading_j: float | None) -> None:
        if self.state == "counting":
            if reading_j is None:
                self.state = "broken"
            else:
                self._sum_j += reading_j - self._start_j


class _PowerIntegral:
    """The mean of each two powers over the time between them; None once a sample is missing."""

    def __init__(self) -> None:
        self.total_j: float | None = 0.0
        self._last: tuple[float, float] | None = None  # when, watts

    def begin(self) -> None:
        self._last = None

    def add(self, now_s: float, watts: float | None) -> None:
        if watts is None:
            self.total_j = None
        if self.total_j is None or watts is None:
            return
        if self._last is not None:
            then_s, before = self._last
            gap_s = now_s - then_s
            joules = gap_s * (before + watts) / 2
            self.total_j = None if gap_s > LONGEST_GAP_S else self.total_j + joules
        self._last = (now_s, watts)
