"""The watching process from inside: peaks, energy by counter or by power, and what a gap does."""

import os
import threading
import time
from typing import Any

import pytest

from f1cap.services.bench import energy, sampler
from f1cap.services.bench.messages import Watched


class FakeGpu:
    """Answers from lists; the last answer stays."""

    vram_total_bytes = 1000

    def __init__(
        self, used: list[int], power: list[float | None], energy: list[float | None]
    ) -> None:
        self._answers: dict[str, list[Any]] = {"used": used, "power": power, "energy": energy}

    def _next(self, name: str) -> Any:
        answers = self._answers[name]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def process_vram_bytes(self, pid: int) -> int | None:
        assert pid == os.getpid()
        return 7

    def used_vram_bytes(self) -> Any:
        return self._next("used")

    def power_w(self) -> Any:
        return self._next("power")

    def energy_j(self) -> Any:
        return self._next("energy")


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of whole milliseconds that only sleeping moves."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += max(seconds, 0.001)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)


def _sampled(gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch, *, times: int) -> Watched:
    monkeypatch.setattr("f1cap.services.bench.sampler.find_gpu", lambda _: gpu)
    watching = sampler.Sampler(os.getpid(), 0)
    watching.stop = _StopAfter(times)
    watching.count_energy(on=True)
    watching.run()
    watching.count_energy(on=False)
    return watching.result()


class _StopAfter(threading.Event):
    def __init__(self, times: int) -> None:
        super().__init__()
        self._left = iter(range(times))

    def is_set(self) -> bool:
        return next(self._left, None) is None


@pytest.mark.usefixtures("ticks")
def test_peaks_are_kept_and_power_is_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = FakeGpu([5, 9, 3], [100.0, 200.0], [None])
    found = _sampled(gpu, monkeypatch, times=11)
    assert (found.nvml_device_bytes, found.nvml_process_bytes) == (9, 7)
    assert isinstance(found.rss_bytes, int)
    # 100 W as the window opens, then 200 W for the eleven ticks until it closes
    assert found.energy_j == pytest.approx(11 * 0.01 * 200)
    assert found.samples == 11
    assert found.interval_s == pytest.approx(sampler.INTERVAL_S)


@pytest.mark.usefixtures("ticks")
def test_the_counter_comes_first_unless_it_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = FakeGpu([1], [100.0], [1000.0, 1012.5])
    assert _sampled(counted, monkeypatch, times=3).energy_j == 12.5
    still = FakeGpu([1], [100.0], [1000.0])
    assert _sampled(still, monkeypatch, times=3).energy_j == pytest.approx(3.0)
    silent = FakeGpu([1], [None], [None])
    assert _sampled(silent, monkeypatch, times=3).energy_j is None


@pytest.mark.usefixtures("ticks")
@pytest.mark.parametrize(
    ("power", "energy"),
    [
        pytest.param([100.0, 100.0, 100.0, None], [None], id="power stops"),
        pytest.param([100.0, None, 100.0], [None], id="power misses a sample"),
        pytest.param([100.0], [1000.0, None], id="counter stops"),
    ],
)
def test_energy_of_a_part_is_no_energy(
    power: list[float | None], energy: list[float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = FakeGpu([1], power, energy)
    assert _sampled(gpu, monkeypatch, times=9).energy_j is None


@pytest.mark.usefixtures("ticks")
def test_a_gap_between_samples_is_no_measured_power(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "INTERVAL_S", energy.LONGEST_GAP_S + 0.1)
    gaps = FakeGpu([1], [100.0], [None])
    assert _sampled(gaps, monkeypatch, times=3).energy_j is None
    counted = FakeGpu([1], [100.0], [1000.0, 1012.5])  # which needs no samples
    assert _sampled(counted, monkeypatch, times=3).energy_j == 12.5


@pytest.mark.usefixtures("ticks")
def test_a_window_that_never_closed_has_no_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = FakeGpu([1], [100.0], [1000.0, 1012.5, 1020.0])
    monkeypatch.setattr("f1cap.services.bench.sampler.find_gpu", lambda _: gpu)
    watching = sampler.Sampler(os.getpid(), 0)
    watching.count_energy(on=True)
    watching.count_energy(on=False)
    watching.count_energy(on=True)
    assert watching.result().energy_j is None


def test_a_process_that_is_gone_has_no_memory() -> None:
    read = sampler.resident_reader(os.getpid())
    assert (read() or 0) > 10**6
    gone = sampler.resident_reader(2**22 + 1)  # beyond what Linux numbers
    assert gone() is None
