"""Threads by machine, and freed memory that is kept, unless the user says otherwise."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from f1cap.models.device import cpu
from f1cap.models.device.cpu import (
    image_workers,
    let_idle_threads_sleep,
    model_threads,
    usable_cores,
)
from f1cap.records.models import Device

# 24 MB, larger than what glibc keeps by itself at the start, written to and freed 50 times over
_CHURN = """
import resource
import numpy as np
from f1cap.models.device.cpu import keep_freed_memory
print(keep_freed_memory())
np.ones(3_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(3_000_000), np.ones(3_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
glibc_only = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def resident_file_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith("RssFile"))
    return int(found.split()[1]) * 1024


def churn(**changes: str) -> tuple[str, int]:
    ours = {k: v for k, v in os.environ.items() if k not in cpu._MALLOC_VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", _CHURN],
        env=ours | changes,
        capture_output=True,
        text=True,
        check=True,
    )
    answer, faults = done.stdout.split()
    return answer, int(faults)


@glibc_only
def test_what_is_freed_is_used_again() -> None:
    answer, faults = churn()
    assert answer == "True"
    assert faults < 10_000  # once through at most; each time anew they are some 500,000


@glibc_only
@pytest.mark.parametrize("name", cpu._MALLOC_VARIABLES)
def test_the_users_own_settings_win(name: str) -> None:
    value = "glibc.malloc.check=0" if name == "GLIBC_TUNABLES" else "131072"
    answer, _ = churn(**{name: value})
    assert answer == "False"


def test_a_c_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in cpu._MALLOC_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    assert not cpu.keep_freed_memory()
    cpu.return_freed_memory()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no Linux")
def test_a_mapped_file_leaves_memory_and_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(os.urandom(2**24))
    mapped = np.memmap(path, mode="r")
    before = mapped.sum()  # touches every page
    held = resident_file_bytes()
    cpu.madvise_dontneed(mapped.ctypes.data, mapped.nbytes)
    assert held - resident_file_bytes() > 15 * 2**20
    assert mapped.sum() == before


def test_no_c_library_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise TypeError  # as on Windows

    monkeypatch.setattr("ctypes.CDLL", refuse)
    assert not cpu.keep_freed_memory()


@pytest.mark.parametrize(
    ("device", "cores", "threads", "workers"),
    [
        ("cpu", 1, 1, 1),
        ("cpu", 2, 2, 1),
        ("cpu", 2, 1, 2),
        ("cpu", 8, 8, 4),
        ("cpu", 8, 1, 8),
        ("cpu", 64, 64, 8),
        ("cuda:0", 4, 4, 4),
        ("mps", 64, 64, 8),
    ],
)
def test_workers(device: str, cores: int, threads: int, workers: int) -> None:
    assert image_workers(Device.parse(device), cores, threads) == workers


def test_a_tiny_model_computes_alone() -> None:
    assert model_threads(4_000_000, 16) == 1
    assert model_threads(120_000_000, 16) == 16


def test_idle_threads_sleep_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {}
    monkeypatch.setattr("os.environ", environment)
    let_idle_threads_sleep()
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert 0 < int(environment["GOMP_SPINCOUNT"]) < 10_000


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_a_users_own_waiting_wins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {name: "7"}
    monkeypatch.setattr("os.environ", environment)
    let_idle_threads_sleep()
    assert environment == {name: "7"}


def test_cores_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_cores() >= 1
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert usable_cores() == 1


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        pytest.param("0::/", {"cpu.max": "150000 100000"}, 2, id="v2, docker --cpus 1.5"),
        pytest.param("0::/", {"cpu.max": "max 100000"}, 8, id="v2 without a quota"),
        pytest.param("0::/", {"cpu.max": "50000 100000"}, 1, id="v2, half a core"),
        pytest.param("0::/", {"cpu.max": "9900000 100000"}, 8, id="v2, more than there are"),
        pytest.param(
            "0::/a/b",
            {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"},
            3,
            id="v2, an outer group's",
        ),
        pytest.param(
            "0::/../other", {"cpu.max": "200000 100000", "../cpu.max": "1 1"}, 2, id="v2, outside"
        ),
        pytest.param(
            "5:cpuacct,cpu:/docker/123\n4:memory:/x",
            {"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"},
            3,
            id="v1 in a container",
        ),
        pytest.param(
            "5:cpu:/slice",
            {"cpu/slice/cpu.cfs_quota_us": "200000", "cpu/slice/cpu.cfs_period_us": "100000"},
            2,
            id="v1",
        ),
        pytest.param(
            "5:cpu:/",
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            8,
            id="v1 without a quota",
        ),
        pytest.param("0::/", {"cpu.max": "nonsense"}, 8, id="damaged"),
        pytest.param("5:cpu:/", {"cpu/cpu.cfs_quota_us": "5"}, 8, id="half of it"),
        pytest.param("what", {}, 8, id="no groups"),
        pytest.param(None, {}, 8, id="no cgroups"),
    ],
)
def test_a_quota_of_time_counts_as_cores(
    groups: str | None,
    files: dict[str, str],
    cores: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = tmp_path / "fs" / "cgroup"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")
    if groups is not None:
        (tmp_path / "own").write_text(f"{groups}\n")
    monkeypatch.setattr(cpu, "_CGROUP_ROOT", root)
    monkeypatch.setattr(cpu, "_OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert usable_cores() == cores
