"""Statistics against NumPy, memory against allocations of known size."""

import math
import random
import statistics
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from f1cap import measure

MIB = 2**20


@pytest.mark.parametrize("count", [1, 2, 3, 10, 99, 100, 1001])
def test_statistics_equal_those_of_numpy(count: int) -> None:
    randomness = random.Random(count)
    values = [randomness.expovariate(3.0) for _ in range(count)]
    timings = measure.summarize(values)
    expected = np.percentile(values, [50, 90, 95, 99])
    assert [timings.p50, timings.p90, timings.p95, timings.p99] == pytest.approx(expected)
    assert timings.mean == pytest.approx(np.mean(values))
    assert timings.values == tuple(values)
    if count == 1:
        assert timings.stdev is None
    else:
        assert timings.stdev == pytest.approx(statistics.stdev(values))


def test_percentiles_interpolate_between_the_two_nearest_values() -> None:
    ordered = [1.0, 2.0, 4.0]
    assert [measure.percentile(ordered, p) for p in (0, 25, 50, 75, 100)] == [1, 1.5, 2, 3, 4]


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_a_percentile_that_does_not_exist_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        measure.percentile(values, percent)


def test_nothing_measured_has_no_statistics() -> None:
    with pytest.raises(ValueError, match="0 values"):
        measure.summarize([])


def test_resident_memory_grows_by_what_is_allocated() -> None:
    # In a small process of its own: this one may give back what earlier tests took meanwhile.
    script = (
        "from f1cap import measure\n"
        "before = measure.resident_bytes()\n"
        f"held = bytearray(b'\\x01') * {64 * MIB}\n"
        "print(before, measure.resident_bytes(), measure.peak_resident_bytes(), len(held))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, after, peak, held = map(int, done.stdout.split())
    assert 60 * MIB < after - before < 80 * MIB
    assert peak >= after - MIB  # the kernel counts in per-thread batches
    assert held == 64 * MIB


def test_a_process_that_is_gone_has_no_memory() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert measure.resident_bytes(child.pid) is None


def test_another_process_can_be_asked_for() -> None:
    script = "import sys; sys.stdout.write('up'); sys.stdout.flush(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.read(2) == b"up"
        resident = measure.resident_bytes(child.pid)
        child.communicate()
    assert resident is not None
    assert MIB < resident < 200 * MIB


def test_a_child_does_not_inherit_the_peak_of_a_large_parent() -> None:
    held = bytearray(b"\x01") * (200 * MIB)
    script = "from f1cap import measure; print(measure.peak_resident_bytes())"
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert int(child.stdout) < len(held) / 2


@pytest.mark.parametrize(
    ("system", "expected"), [("Darwin", 5), ("FreeBSD", 5 * 1024), ("Windows", 7)]
)
def test_every_system_has_its_own_unit(
    system: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=7))
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("resource.getrusage", lambda _: SimpleNamespace(ru_maxrss=5))
    monkeypatch.setattr(psutil, "Process", lambda: memory)
    assert measure.peak_resident_bytes() == expected


def test_a_system_without_proc_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_args, **_kwargs: "Name:\tpython\n")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert measure.peak_resident_bytes() is None

    def refuse(*_args: object, **_kwargs: object) -> str:
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.read_text", refuse)
    assert measure.peak_resident_bytes() is None


def test_the_mean_of_many_small_values_is_exact() -> None:
    assert measure.summarize([0.1] * 10).mean == math.fsum([0.1] * 10) / 10
