"""Threads by machine: few workers beside a model on a CPU, all cores beside a GPU."""

import pytest
import torch

from f1cap.models.device import runtime
from f1cap.models.device.cpu import (
    image_workers,
    let_idle_threads_sleep,
    model_threads,
    usable_cores,
)
from f1cap.records.models import Device


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


def test_torch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        monkeypatch.setattr(runtime, "_THREADS", 2)
        monkeypatch.setattr(runtime, "usable_cores", lambda: 16)
        assert runtime.choose_threads(4_000_000) == 1 == torch.get_num_threads()
        # a large model after a tiny one; 2 is what the user or torch decided
        assert runtime.choose_threads(120_000_000) == 2 == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


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
