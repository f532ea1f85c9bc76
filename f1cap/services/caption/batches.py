"""From images to clean captions: in batches, in order, halved when memory runs out."""

import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from f1cap.errors import OutOfMemoryError
from f1cap.models import memory_estimate
from f1cap.models.base import Captioner
from f1cap.models.memory_estimate import architecture_of, parameters_of
from f1cap.records.captions import Caption, CaptionSettings, Generation
from f1cap.records.models import Decoding
from f1cap.services.caption.prepare import Failed, Find, Kept, Prepared, Preparer, Source

# Kept small on a CPU, where a larger batch gains little and the screen should move.
_CPU_BATCH_SIZE = 4
# On a GPU: where its memory is not known, and where a larger batch would gain nothing.
_UNKNOWN_GPU_BATCH_SIZE = 8
_MAX_AUTO_BATCH_SIZE = 32
# Images that need no model and may wait behind one that does; then its batch goes as it is.
MAX_BEHIND = 100

_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Captioned:
    """An image that got a caption.

    Attributes:
        index: Its number among the images of this run, from 0.
        key: The journal's key of the caption; empty without a journal.
        prepare_s: Time spent on reading, decoding and preprocessing it.
        generate_s: Its share of its batch's time.
        notes: Remarks on its file.
    """

    index: int
    key: str
    caption: Caption
    prepare_s: float
    generate_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An image that waits for the model, and what must not come before it."""

    image: Prepared
    behind: list[Kept | Failed] = field(default_factory=list)


class CaptionLoop:
    """Captions images with one captioner; the batch size that fitted is kept between runs."""

    def __init__(
        self,
        captioner: Captioner,
        settings: CaptionSettings,
        *,
        batch_size: int | None = None,
        threads: bool = True,
    ) -> None:
        """Plan the batches.

        Args:
            captioner: Closed by the caller, after the last run.
            settings: What the captions depend on.
            batch_size: To start with; None picks one that should fit.
            threads: Prepare images ahead of the model; else each when it is due.
        """
        self._captioner = captioner
        self._settings = settings
        self._preparer = Preparer(captioner, reduced_jpeg=settings.reduced_jpeg, threads=threads)
        self.batch_size = batch_size or _automatic_size(captioner, settings.decoding)

    def run(
        self,
        images: Iterable[Source],
        *,
        start: int = 0,
        find: Find | None = None,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Captioned | Kept | Failed]:
        """Yield what became of each image, in order.

        Args:
            images: Drawn as they are needed, from the caller's thread.
            start: The number of the first of them.
            find: Tells which image has a caption already; images in memory have none.
            on_note: Called for every batch that had to be halved.

        Raises:
            OutOfMemoryError: Not even one image fits.
        """
        queue: list[_Waiting] = []
        numbered = enumerate(images, start)
        for found in self._preparer.run(numbered, find, ahead=2 * self.batch_size):
            if isinstance(found, Prepared):
                queue.append(_Waiting(found))
            elif queue:
                queue[-1].behind.append(found)
            else:
                yield found
            if len(queue) >= self.batch_size or (queue and len(queue[-1].behind) >= MAX_BEHIND):
                yield from self._caption_batch(queue, on_note)
        while queue:
            yield from self._caption_batch(queue, on_note)

    def _caption_batch(
        self, queue: list[_Waiting], on_note: Callable[[str], None]
    ) -> Iterator[Captioned | Kept | Failed]:
        """Caption one batch from the front of the queue, smaller than asked if need be."""
        while True:
            batch = queue[: self.batch_size]
            started = time.perf_counter()
            try:
                generations = self._captioner.generate(
                    [waiting.image.pixels for waiting in batch],
                    self._settings.decoding,
                    self._settings.prompt,
                )
                break
            except OutOfMemoryError:
                if len(batch) == 1:
                    raise
                self.batch_size = len(batch) // 2
                on_note(
                    f"Out of memory at batch size {len(batch)}; continuing with {self.batch_size}"
                )
        share_s = (time.perf_counter() - started) / len(batch)
        del queue[: len(batch)]
        for waiting, generation in zip(batch, generations, strict=True):
            yield self._finish(waiting.image, generation, share_s)
            yield from waiting.behind

    def _finish(self, image: Prepared, generation: Generation, generate_s: float) -> Captioned:
        text = clean_caption(generation.text)
        caption = Caption(
            image=image.name,
            caption=first_sentence(text) if self._settings.first_sentence else text,
            tokens=generation.tokens,
            truncated=generation.truncated,
            line_breaks=has_line_breaks(generation.text),
            latency_s=image.prepare_s + generate_s,
        )
        return Captioned(image.index, image.key, caption, image.prepare_s, generate_s, image.notes)


def clean_caption(text: str) -> str:
    """Collapse white space and drop control characters and lone surrogates.

    Everything else stays as the model wrote it; markup is escaped where it is shown.
    """
    kept = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return " ".join(kept.split())


def first_sentence(caption: str) -> str:
    """Cut a clean caption after its first sentence; one without an end stays whole."""
    found = _SENTENCE.match(caption)
    return found[1] if found else caption


def has_line_breaks(text: str) -> bool:
    """Tell whether a model's text, white space around it aside, runs over several lines."""
    return len(text.strip().splitlines()) > 1


def _automatic_size(captioner: Captioner, decoding: Decoding) -> int:
    """Return a batch that the GPU's free memory should hold, by the prediction of `f1cap gpu`."""
    placement, spec = captioner.placement, captioner.spec
    index = placement.device.cuda_index
    if index is None:
        return _CPU_BATCH_SIZE
    from f1cap.gpu import find_gpu  # a run on the CPU asks no driver

    gpu = find_gpu(index)
    architecture, parameters = architecture_of(spec), parameters_of(spec)
    if gpu is None or architecture is None or parameters is None:
        return _UNKNOWN_GPU_BATCH_SIZE
    total_bytes, used_bytes = gpu.vram_total_bytes, gpu.used_vram_bytes()
    if total_bytes is None or used_bytes is None:
        return _UNKNOWN_GPU_BATCH_SIZE
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
        limit=_MAX_AUTO_BATCH_SIZE,
    )
    return max(1, size)
