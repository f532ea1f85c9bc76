"""Devices, memory and silence, where torch decides."""

from collections.abc import Callable
from typing import NoReturn

import pytest
import torch

from f1cap.errors import OutOfMemoryError
from f1cap.models.device import runtime
from f1cap.models.device.placement import resolve_placement
from f1cap.records.models import Device, DType, Placement


def raising(error: Exception) -> Callable[[], NoReturn]:
    def work() -> NoReturn:
        raise error

    return work


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
        MemoryError(),
    ],
)
def test_every_way_to_run_out_of_memory_is_one_error_without_a_past(error: Exception) -> None:
    with pytest.raises(OutOfMemoryError, match="Too big") as caught:
        runtime.in_memory(raising(error), what="Too big.", hint="Less.")
    assert caught.value.hint == "Less."
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_real_allocation_that_fails_is_recognised() -> None:
    with pytest.raises(OutOfMemoryError):
        runtime.in_memory(lambda: torch.empty(1 << 60), what="Too big.", hint="Less.")


def test_other_failures_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        runtime.in_memory(raising(RuntimeError("shapes differ")), what="", hint="")


def test_work_that_fits_gives_its_result() -> None:
    assert runtime.in_memory(lambda: 3, what="", hint="") == 3


def test_the_hint_follows_the_placement() -> None:
    assert "--dtype float16" in runtime.memory_hint(
        Placement(Device.parse("cuda:0"), DType.FLOAT32)
    )
    assert "--dtype" not in runtime.memory_hint(Placement(Device.parse("cuda:0"), DType.FLOAT16))
    assert "--device" not in runtime.memory_hint(Placement(Device.parse("cpu"), DType.FLOAT32))


def test_this_machine_can_be_placed_on() -> None:
    facts = runtime.probe()
    placement = resolve_placement("auto", DType.AUTO, facts)
    assert placement.dtype in {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16}
    assert runtime.torch_dtype(placement.dtype) is getattr(torch, placement.dtype)
    assert resolve_placement("cpu", DType.FLOAT32, facts) == Placement(
        Device.parse("cpu"), DType.FLOAT32
    )


@pytest.mark.parametrize("error", [RuntimeError("driver"), AssertionError("not compiled")])
def test_a_driver_that_breaks_is_no_gpu(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", raising(error))
    assert runtime.probe().gpus == ()


def test_gpus_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"GPU {index}")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _index: (6, 1))
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_60"])
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    facts = runtime.probe()
    assert [(gpu.index, gpu.name) for gpu in facts.gpus] == [(0, "GPU 0"), (1, "GPU 1")]
    assert resolve_placement("cuda:1", DType.AUTO, facts) == Placement(
        Device.parse("cuda:1"), DType.FLOAT32
    )


def test_torch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        monkeypatch.setattr(runtime, "DEFAULT_THREADS", 2)
        monkeypatch.setattr(runtime, "usable_cores", lambda: 16)
        assert runtime.choose_threads(4_000_000) == 1 == torch.get_num_threads()
        # a large model after a tiny one; 2 is what the user or torch decided
        assert runtime.choose_threads(120_000_000) == 2 == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
