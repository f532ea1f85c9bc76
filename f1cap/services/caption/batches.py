"""From images to captions in batches: prepared ahead by threads, halved when memory runs out."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from f1cap.errors import OutOfMemoryError
from f1cap.gpu import find_gpu
from f1cap.models import memory_estimate
from f1cap.models.base import Captioner
from f1cap.models.memory_estimate import architecture_of, parameters_of
from f1cap.records.captions import Generation
from f1cap.records.models import Decoding

Item = TypeVar("Item")
Result = TypeVar("Result")


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


# Kept small on a CPU, where a larger batch gains little and the screen should move.
_ON_CPU = 4
# On a GPU: where its memory is not told, and where it would hold more than speeds anything up.
_ON_UNKNOWN_CARD = 8
_AT_MOST = 32


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image that waits for the model.

    Attributes:
        place: Its index in the dataset.
        key: The journal's key of the caption it will get.
        pixels: What the captioner's `preprocess` made.
        prepare_s: Time spent on reading, decoding and preprocessing it.
    """

    place: int
    image: str
    key: str
    pixels: Any
    prepare_s: float


class Batcher:
    """Feeds a captioner batches of a size that holds."""

    def __init__(
        self, captioner: Captioner, decoding: Decoding, prompt: str | None, size: int | None
    ) -> None:
        """Start with `size` images a batch; None picks one that should fit."""
        self._captioner = captioner
        self._decoding = decoding
        self._prompt = prompt
        self.size = size or _automatic_size(captioner, decoding)

    def run(
        self, images: Iterable[Prepared], note: Callable[[str], None]
    ) -> Iterator[tuple[Prepared, Generation, float]]:
        """Yield each image with its caption and its share of the batch's time in seconds.

        Raises:
            OutOfMemoryError: Not even one image fits.
        """
        waiting: list[Prepared] = []
        for image in images:
            waiting.append(image)
            if len(waiting) >= self.size:
                yield from self._drain(waiting, note)
        while waiting:
            yield from self._drain(waiting, note)

    def _drain(
        self, waiting: list[Prepared], note: Callable[[str], None]
    ) -> Iterator[tuple[Prepared, Generation, float]]:
        """Caption one batch from the front of the queue, smaller than asked if need be."""
        while True:
            batch = waiting[: self.size]
            started = time.perf_counter()
            try:
                generations = self._captioner.generate(
                    [image.pixels for image in batch], self._decoding, self._prompt
                )
                break
            except OutOfMemoryError:
                if len(batch) == 1:
                    raise
                self.size = len(batch) // 2
                note(f"Out of memory with {len(batch)} images at once; going on with {self.size}")
        share_s = (time.perf_counter() - started) / len(batch)
        del waiting[: len(batch)]
        for image, generation in zip(batch, generations, strict=True):
            yield image, generation, share_s


def _automatic_size(captioner: Captioner, decoding: Decoding) -> int:
    """Return a batch that the GPU's free memory should hold, by the prediction of `f1cap gpu`."""
    placement, spec = captioner.placement, captioner.spec
    index = placement.device.cuda_index
    if index is None:
        return _ON_CPU
    gpu = find_gpu(index)
    architecture, parameters = architecture_of(spec), parameters_of(spec)
    if gpu is None or architecture is None or parameters is None:
        return _ON_UNKNOWN_CARD
    total_bytes, used_bytes = gpu.vram_total_bytes, gpu.used_vram_bytes()
    if total_bytes is None or used_bytes is None:
        return _ON_UNKNOWN_CARD
    # The prediction counts the weights, and they are on the GPU already.
    weights_bytes = parameters * memory_estimate.BYTES[placement.dtype]
    own_bytes = gpu.process_vram_bytes() or weights_bytes
    size = memory_estimate.largest_batch(
        architecture,
        total_bytes - used_bytes + own_bytes,
        parameters=parameters,
        dtype=placement.dtype,
        num_beams=decoding.num_beams,
        max_new_tokens=decoding.max_new_tokens,
        limit=_AT_MOST,
    )
    return max(1, size)
