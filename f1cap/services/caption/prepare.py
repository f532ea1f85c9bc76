"""From images to what a model takes: read, decoded and preprocessed by threads ahead of it."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from f1cap import corpus
from f1cap.errors import ImageError
from f1cap.models.base import Captioner
from f1cap.models.device.cpu import image_workers, usable_cores
from f1cap.records.images import ImageItem
from f1cap.records.models import Device, DeviceKind

Item = TypeVar("Item")
Result = TypeVar("Result")

Source = ImageItem | corpus.LoadedImage


class Lookup(NamedTuple):
    """What a journal says of an image.

    Attributes:
        key: Of the caption that the image gets, or has.
        position: Of the caption that it has; None where there is none.
    """

    key: str
    position: int | None


# From an image's name and bytes. Called from several threads.
Find = Callable[[str, bytes], Lookup]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image that waits for the model.

    Attributes:
        index: Its number among the images of this run, from 0.
        key: The journal's key of the caption it will get; empty without a journal.
        pixels: What the captioner's `preprocess` made.
        prepare_s: Time spent on reading, decoding and preprocessing it.
        notes: Remarks on its file.
    """

    index: int
    name: str
    key: str
    pixels: Any
    prepare_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """An image that has a caption already, and where the journal has it."""

    index: int
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Failed:
    """An image that gets no caption, why, and remarks on its file."""

    index: int
    name: str
    error: ImageError
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image that only the model can go on with."""

    index: int


def reuse(
    images: Sequence[ImageItem], find: Find, *, decode: bool
) -> Iterator[Kept | Failed | Wanted]:
    """Yield what becomes of each image without a model, in order, up to the first that needs one.

    Args:
        images: All of a run.
        find: Tells which image has a caption already.
        decode: Tell whether an image without a caption can be decoded; else it is wanted.
    """

    def look_up(numbered: tuple[int, ImageItem]) -> Kept | Failed | Wanted:
        index, image = numbered
        notes: list[str] = []
        try:
            data = image.read()
            _, position = find(image.name, data)
            if position is not None:
                return Kept(index, image.name, position)
            if decode:
                corpus.decode_image(data, image.name, on_note=notes.append)
        except ImageError as error:
            return Failed(index, image.name, error, tuple(notes))
        return Wanted(index)

    workers = image_workers(Device(DeviceKind.CPU), usable_cores(), threads=1)
    for result in prefetch(look_up, enumerate(images), workers=workers, ahead=2 * workers):
        yield result
        if isinstance(result, Wanted):
            return


class Preparer:
    """Makes images ready for one captioner."""

    def __init__(self, captioner: Captioner, *, reduced_jpeg: bool, threads: bool) -> None:
        """Choose the threads.

        Args:
            captioner: Says what size of image it looks at, and where it runs.
            reduced_jpeg: Decode large JPEGs at a reduced size, if the captioner has one size.
            threads: Prepare ahead of the model; else each image is prepared when it is asked for.
        """
        self._captioner = captioner
        self._side = captioner.input_side if reduced_jpeg else None
        self._workers = (
            image_workers(captioner.placement.device, usable_cores(), captioner.threads)
            if threads
            else 0
        )

    def run(
        self, images: Iterable[tuple[int, Source]], find: Find | None, *, ahead: int
    ) -> Iterator[Prepared | Kept | Failed]:
        """Yield every image, made ready or not, in order.

        Args:
            images: With their numbers; drawn as they are needed, from the caller's thread.
            find: Asked before an image is decoded; images in memory are not asked for.
            ahead: Images that may lie waiting.
        """

        def prepare(numbered: tuple[int, Source]) -> Prepared | Kept | Failed:
            return self._prepare(*numbered, find)

        if self._workers == 0:
            return map(prepare, images)
        return prefetch(prepare, images, workers=self._workers, ahead=ahead)

    def _prepare(self, index: int, image: Source, find: Find | None) -> Prepared | Kept | Failed:
        started = time.perf_counter()
        key = ""
        notes: list[str] = []
        try:
            if isinstance(image, corpus.LoadedImage):
                decoded = corpus.decode_loaded(image, for_side=self._side, on_note=notes.append)
            else:
                data = image.read()
                if find is not None:
                    key, position = find(image.name, data)
                    if position is not None:
                        return Kept(index, image.name, position)
                decoded = corpus.decode_image(
                    data, image.name, for_side=self._side, on_note=notes.append
                )
            pixels = self._captioner.preprocess(decoded)
        except ImageError as error:
            return Failed(index, image.name, error, tuple(notes))
        seconds = time.perf_counter() - started
        return Prepared(index, image.name, key, pixels, seconds, tuple(notes))


def prefetch(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int, ahead: int
) -> Iterator[Result]:
    """Yield `work(item)` in the order of the items.

    Args:
        work: Called in a thread; what it raises is raised here, in its turn.
        items: Drawn as they are needed, from the caller's thread.
        workers: Threads.
        ahead: Results that may lie waiting, which bounds the memory they take.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="f1cap-images")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # After Ctrl-C nobody wants the rest; what has begun is short.
        pool.shutdown(wait=True, cancel_futures=True)
