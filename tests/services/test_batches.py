"""Batches: filled, halved when memory runs out, drained at the end."""

from collections.abc import Sequence
from typing import Any

import pytest

from f1cap.errors import OutOfMemoryError
from f1cap.models.catalog import CATALOG
from f1cap.records.captions import Generation
from f1cap.records.models import Decoding, Device, DType, Family, ModelSpec, Placement
from f1cap.services.caption.batches import Batcher, Prepared


class SmallGpu:
    """A captioner that holds so many images and no more."""

    spec = ModelSpec("small", "org/small", Family.GIT, Decoding())
    placement = Placement(Device.parse("cuda:0"), DType.FLOAT32)
    revision = "0"
    threads = 1
    input_side = 32

    def __init__(self, room: int) -> None:
        self.room = room
        self.batches: list[int] = []

    def preprocess(self, image: Any) -> Any:
        return image

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        if len(prepared) > self.room:
            raise OutOfMemoryError("full")
        self.batches.append(len(prepared))
        return [Generation(str(pixels), 1, truncated=False) for pixels in prepared]

    def close(self) -> None:
        pass


def _images(number: int) -> list[Prepared]:
    return [Prepared(place, f"{place}.jpg", "", place, 0.0) for place in range(number)]


def _captioned(gpu: SmallGpu, number: int, size: int | None) -> tuple[list[str], list[str]]:
    notes: list[str] = []
    batcher = Batcher(gpu, Decoding(), None, size)
    done = [generation.text for _, generation, _ in batcher.run(_images(number), notes.append)]
    return done, notes


def test_batches_are_filled_and_the_rest_comes_last() -> None:
    gpu = SmallGpu(room=100)
    done, notes = _captioned(gpu, 10, 4)
    assert done == [str(place) for place in range(10)]
    assert gpu.batches == [4, 4, 2]
    assert notes == []


@pytest.mark.parametrize(("room", "batches"), [(3, [2] * 5), (1, [1] * 10), (4, [4, 4, 2])])
def test_a_batch_that_does_not_fit_is_halved(room: int, batches: list[int]) -> None:
    gpu = SmallGpu(room)
    done, notes = _captioned(gpu, 10, 8)
    assert done == [str(place) for place in range(10)], "none is lost, none is done twice"
    assert gpu.batches == batches
    assert len(notes) == {3: 2, 1: 3, 4: 1}[room], "once for each halving"


def test_a_image_that_does_not_fit_ends_the_model() -> None:
    with pytest.raises(OutOfMemoryError):
        _captioned(SmallGpu(room=0), 3, 2)


def test_no_images_no_batch() -> None:
    gpu = SmallGpu(room=8)
    assert _captioned(gpu, 0, None) == ([], [])
    assert gpu.batches == []


class Gpu:
    """What NVML says of a GPU with so much memory, of which this process holds the weights."""

    def __init__(self, total_bytes: int | None, used_bytes: int | None) -> None:
        self.vram_total_bytes = total_bytes
        self._used_bytes = used_bytes

    def used_vram_bytes(self) -> int | None:
        return self._used_bytes

    def process_vram_bytes(self) -> int | None:
        return None


@pytest.mark.parametrize(
    ("total_gib", "used_gib", "at_least", "at_most"),
    [(80, 1, 32, 32), (4, 1, 2, 32), (1.2, 1, 1, 2), (None, None, 8, 8), (4, None, 8, 8)],
)
def test_an_automatic_batch_fits_the_gpu(
    monkeypatch: pytest.MonkeyPatch,
    total_gib: float | None,
    used_gib: float | None,
    at_least: int,
    at_most: int,
) -> None:
    total, used = (None if gib is None else int(gib * 2**30) for gib in (total_gib, used_gib))
    monkeypatch.setattr("f1cap.services.caption.batches.find_gpu", lambda _: Gpu(total, used))
    captioner = SmallGpu(room=100)
    captioner.spec = CATALOG["blip-base"]
    assert at_least <= Batcher(captioner, Decoding(num_beams=5), None, None).size <= at_most
