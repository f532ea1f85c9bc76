"""Threads by machine: few workers beside a model on a processor, all cores beside a card."""

import pytest

from f1cap.models.threads import model_threads, picture_workers, usable_cores


@pytest.mark.parametrize(
    ("device", "cores", "workers"),
    [("cpu", 1, 1), ("cpu", 2, 1), ("cpu", 8, 4), ("cpu", 64, 8), ("cuda:0", 4, 4), ("mps", 64, 8)],
)
def test_workers(device: str, cores: int, workers: int) -> None:
    assert picture_workers(device, cores) == workers


def test_a_tiny_model_computes_alone() -> None:
    assert model_threads(4_000_000, 16) == 1
    assert model_threads(120_000_000, 16) == 16


def test_cores_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_cores() >= 1
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert usable_cores() == 1
