"""Which GPUs CUDA shows a process, by the rules of CUDA_VISIBLE_DEVICES."""

import pytest

from f1cap.gpu import visible_uuids
from f1cap.records.readings import GpuReading, MigReading

A, B = GpuReading(0, "GPU-a1", "T4"), GpuReading(1, "GPU-b1", "T4")
OTHER = GpuReading(1, "GPU-b2", "A100")
SLICED = GpuReading(
    1,
    "GPU-b3",
    "T4",
    mig_devices=tuple(MigReading(uuid, None, None, None, None) for uuid in ("MIG-1", "MIG-2")),
)


@pytest.mark.parametrize(
    ("gpus", "visible", "expected"),
    [
        ((A, B), None, ("GPU-a1", "GPU-b1")),
        ((A, B), "", ()),
        ((A, B), "-1", ()),
        ((A, B), "1", ("GPU-b1",)),
        ((A, B), " 1 , 0 ", ("GPU-b1", "GPU-a1")),
        ((A, B), "1,2,0", ("GPU-b1",)),
        ((A, B), "0,-1,1", ("GPU-a1",)),
        ((A, B), "0,0", ()),
        ((A, B), "GPU-b", ("GPU-b1",)),
        ((A, B), "GPU-b1,GPU-a1", ("GPU-b1", "GPU-a1")),
        ((A, B), "GPU-", ()),
        ((A, B), "GPU-c", ()),
        ((A, B), "NoDevFiles", ()),
        ((A, OTHER), None, (None, None)),
        ((A, OTHER), "1,0", (None, None)),
        ((A, OTHER), "GPU-b2", ("GPU-b2",)),
        ((A, SLICED), None, ("GPU-a1", "MIG-1")),
        ((A, SLICED), "MIG-2", ("MIG-2",)),
        ((), None, ()),
    ],
)
def test_what_cuda_shows(
    gpus: tuple[GpuReading, ...], visible: str | None, expected: tuple[str | None, ...]
) -> None:
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert visible_uuids(gpus, environment) == expected


def test_the_order_of_the_bus_makes_unlike_gpus_certain() -> None:
    environment = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "1,0"}
    assert visible_uuids((A, OTHER), environment) == ("GPU-b2", "GPU-a1")
