"""Which cards CUDA shows a process, by the rules of CUDA_VISIBLE_DEVICES."""

import pytest

from f1cap import gpu
from f1cap.records.devices import CardReading, MigReading

A, B = CardReading(0, "GPU-a1", "T4"), CardReading(1, "GPU-b1", "T4")
OTHER = CardReading(1, "GPU-b2", "A100")
SLICED = CardReading(
    1,
    "GPU-b3",
    "T4",
    mig_devices=tuple(MigReading(uuid, None, None, None, None) for uuid in ("MIG-1", "MIG-2")),
)


@pytest.mark.parametrize(
    ("cards", "visible", "expected"),
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
    cards: tuple[CardReading, ...], visible: str | None, expected: tuple[str | None, ...]
) -> None:
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert gpu.visible_uuids(cards, environment) == expected


def test_the_order_of_the_bus_makes_unlike_cards_certain() -> None:
    environment = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "1,0"}
    assert gpu.visible_uuids((A, OTHER), environment) == ("GPU-b2", "GPU-a1")
