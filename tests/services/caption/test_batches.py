"""The loop from images to captions: order, batches that are halved, failures, kept captions."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from f1cap import corpus
from f1cap.errors import ImageError, OutOfMemoryError
from f1cap.models.catalog import CATALOG
from f1cap.records.captions import CaptionSettings, Generation
from f1cap.records.images import ImageAddress
from f1cap.records.models import Decoding, Device, DType, ModelSpec, Placement
from f1cap.services.caption import batches
from f1cap.services.caption.batches import Captioned, CaptionLoop
from f1cap.services.caption.prepare import Failed, Kept, Lookup, Source
from tests.zoo import encode


class SmallGpu:
    """A captioner that holds so many images and no more, and names their widths."""

    spec = ModelSpec("small", "org/small", "git", Decoding())
    placement = Placement(Device.parse("cuda:0"), DType.FLOAT32)
    revision = "0"
    threads = 1
    input_side = 32

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.batches: list[int] = []
        self.threads_used: set[int] = set()
        self.asked: list[tuple[Decoding, str | None]] = []

    def preprocess(self, image: Any) -> Any:
        self.threads_used.add(threading.get_ident())
        return image.size[0]

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        if len(prepared) > self.room:
            raise OutOfMemoryError("full")
        self.batches.append(len(prepared))
        self.asked.append((decoding, prompt))
        return [Generation(f"{pixels}\nwide. So.", 7, truncated=True) for pixels in prepared]

    def close(self) -> None:
        pass


@dataclass
class Shard:
    """Images that are no files; those of width 0 cannot be decoded."""

    widths: Sequence[int]
    read: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator["ShardItem"]:
        return (ShardItem(self, f"{width}.png", width) for width in self.widths)


@dataclass(frozen=True)
class ShardItem:
    shard: Shard
    name: str
    width: int
    path: Path | None = None

    def read(self) -> bytes:
        self.shard.read.append(self.name)
        return encode("PNG", size=(self.width, 8)) if self.width else b"nothing"

    def address(self) -> ImageAddress:
        raise NotImplementedError


SETTINGS = CaptionSettings(Decoding(), DType.FLOAT32)


def _loop(gpu: SmallGpu, size: int | None, settings: CaptionSettings = SETTINGS) -> CaptionLoop:
    return CaptionLoop(gpu, settings, batch_size=size)


def _captioned(gpu: SmallGpu, number: int, size: int | None) -> tuple[list[str], list[str]]:
    notes: list[str] = []
    results = _loop(gpu, size).run(Shard(range(8, 8 + number)), on_note=notes.append)
    return [_said(result) for result in results], notes


def _said(result: Captioned | Kept | Failed) -> str:
    """Return a result as one word: the caption's first, or what else became of the image."""
    if isinstance(result, Captioned):
        return result.caption.caption.split()[0]
    return f"kept {result.position}" if isinstance(result, Kept) else "failed"


def test_batches_are_filled_and_the_rest_comes_last() -> None:
    gpu = SmallGpu()
    done, notes = _captioned(gpu, 10, 4)
    assert done == [str(width) for width in range(8, 18)]
    assert gpu.batches == [4, 4, 2]
    assert notes == []


@pytest.mark.parametrize(("room", "batches"), [(3, [2] * 5), (1, [1] * 10), (4, [4, 4, 2])])
def test_a_batch_that_does_not_fit_is_halved(room: int, batches: list[int]) -> None:
    gpu = SmallGpu(room)
    done, notes = _captioned(gpu, 10, 8)
    assert done == [str(width) for width in range(8, 18)], "none is lost, none is done twice"
    assert gpu.batches == batches
    assert len(notes) == {3: 2, 1: 3, 4: 1}[room], "once for each halving"


def test_an_image_that_does_not_fit_ends_the_model() -> None:
    with pytest.raises(OutOfMemoryError):
        _captioned(SmallGpu(room=0), 3, 2)


def test_no_images_no_batch() -> None:
    gpu = SmallGpu()
    assert _captioned(gpu, 0, None) == ([], [])
    assert gpu.batches == []


def test_the_size_that_held_is_kept_for_the_next_run() -> None:
    gpu = SmallGpu(room=3)
    loop = _loop(gpu, 8)
    list(loop.run(Shard(range(8, 18))))
    assert loop.batch_size == 2
    gpu.batches.clear()
    assert [result.index for result in loop.run(Shard([8, 9, 10]))] == [0, 1, 2]
    assert gpu.batches == [2, 1]


def test_what_became_of_each_image_comes_in_the_order_of_the_images() -> None:
    gpu = SmallGpu()
    images = Shard([0, 20, 0, 21, 22, 30, 0, 23, 31, 24])

    def find(name: str, data: bytes) -> Lookup:
        assert data == ShardItem(images, name, int(name.removesuffix(".png"))).read()
        return Lookup(f"key of {name}", 1000 if name.startswith("3") else None)

    results = list(_loop(gpu, 2).run(images, find=find))
    assert [result.index for result in results] == list(range(10))
    assert [_said(result) for result in results] == [
        *("failed", "20", "failed", "21", "22", "kept 1000", "failed", "23", "kept 1000", "24"),
    ]
    assert gpu.batches == [2, 2, 1]
    keys = [result.key for result in results if isinstance(result, Captioned)]
    assert keys == [f"key of {width}.png" for width in range(20, 25)]


def test_a_kept_image_is_not_decoded() -> None:
    gpu = SmallGpu()
    (result,) = _loop(gpu, 2).run(Shard([0]), find=lambda *_: Lookup("key", 5))
    assert result == Kept(0, "0.png", 5)
    assert gpu.batches == []


def test_a_bad_image_is_named_and_costs_nothing_else() -> None:
    first, failed, last = _loop(SmallGpu(), 2).run(Shard([8, 0, 9]))
    assert isinstance(failed, Failed)
    assert failed.name == "0.png"
    assert failed.error.message == "0.png is not an image that f1cap can decode."
    assert (_said(first), _said(last)) == ("8", "9")


def test_what_needs_no_model_does_not_wait_for_it_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "MAX_BEHIND", 3)
    gpu = SmallGpu()
    images = Shard([8, *[0] * 50])
    run = _loop(gpu, 4).run(images)
    assert _said(next(run)) == "8"
    assert len(images.read) < 20
    assert gpu.batches == [1]
    assert [result.index for result in run] == list(range(1, 51))


def test_images_are_drawn_as_they_are_needed() -> None:
    images = Shard(range(8, 108))
    run = _loop(SmallGpu(), 2).run(images)
    next(run)
    assert len(images.read) < 20
    run.close()  # type: ignore[attr-defined]  # a generator


def test_images_in_memory_go_the_same_way() -> None:
    pixels = np.zeros((8, 40, 3), dtype=np.uint8)
    sources: list[Source] = [
        corpus.LoadedImage("array", pixels),
        corpus.LoadedImage("image", Image.new("L", (41, 8))),
        corpus.LoadedImage("bytes", encode("PNG", size=(42, 8))),
        corpus.LoadedImage("bad", pixels[0]),
        *Shard([43]),
    ]
    asked: list[str] = []

    def find(name: str, _data: bytes) -> Lookup:
        asked.append(name)
        return Lookup("key", None)

    results = list(_loop(SmallGpu(), 2).run(sources, find=find))
    assert [_said(result) for result in results] == ["40", "41", "42", "failed", "43"]
    assert asked == ["43.png"]
    assert isinstance(results[3], Failed)
    assert isinstance(results[3].error, ImageError)


def test_a_caption_is_finished_by_the_settings() -> None:
    (result,) = _loop(SmallGpu(), 1).run(Shard([9]))
    assert isinstance(result, Captioned)
    caption = result.caption
    assert (caption.image, caption.caption) == ("9.png", "9 wide. So.")
    assert (caption.tokens, caption.truncated, caption.line_breaks) == (7, True, True)
    assert caption.latency_s == result.prepare_s + result.generate_s
    decoding = Decoding(num_beams=3)
    settings = CaptionSettings(decoding, DType.FLOAT32, prompt="a", first_sentence=True)
    gpu = SmallGpu()
    (result,) = _loop(gpu, 1, settings).run(Shard([9]))
    assert isinstance(result, Captioned)
    assert result.caption.caption == "9 wide."
    assert gpu.asked == [(decoding, "a")]


@pytest.mark.parametrize(("side", "width"), [(32, 200), (None, 1600)])
def test_a_jpeg_is_reduced_where_it_is_asked_for_and_the_model_has_a_size(
    side: int | None, width: int
) -> None:
    gpu = SmallGpu()
    gpu.input_side = side  # type: ignore[assignment]  # of a family without a size of its own
    photograph = corpus.LoadedImage("x", encode("JPEG", size=(1600, 1200)))
    whole = list(_loop(gpu, 1).run([photograph]))
    reduced = list(
        _loop(gpu, 1, CaptionSettings(Decoding(), DType.FLOAT32, reduced_jpeg=True)).run(
            [photograph]
        )
    )
    assert [_said(result) for result in (*whole, *reduced)] == ["1600", str(width)]


def test_without_threads_each_image_is_prepared_when_it_is_due() -> None:
    gpu = SmallGpu()
    images = Shard([8, 9, 10])
    run = CaptionLoop(gpu, SETTINGS, batch_size=1, threads=False).run(images)
    assert _said(next(run)) == "8"
    assert images.read == ["8.png"]
    assert len(list(run)) == 2
    assert gpu.threads_used == {threading.get_ident()}
    list(_loop(gpu, 1).run(images))
    assert len(gpu.threads_used) > 1


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
    monkeypatch.setattr("f1cap.gpu.find_gpu", lambda _: Gpu(total, used))
    captioner = SmallGpu(room=100)
    captioner.spec = CATALOG["blip-base"]
    settings = CaptionSettings(Decoding(num_beams=5), DType.FLOAT32)
    assert at_least <= CaptionLoop(captioner, settings).batch_size <= at_most
