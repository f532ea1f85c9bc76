"""Captions from Python: a loaded model, and images from files or memory."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, Union, cast

from f1cap import corpus
from f1cap.api.arguments import choice, require_count, require_number
from f1cap.errors import UsageError
from f1cap.models import catalog, naming
from f1cap.models.loading import open_captioner
from f1cap.records.captions import Caption, CaptionSettings
from f1cap.records.images import Problem
from f1cap.records.models import (
    LARGEST_BATCH,
    LENGTH_PENALTIES,
    MOST_BEAMS,
    REPETITION_PENALTIES,
    DecodingOverrides,
    DType,
    Engine,
    ModelSpec,
    Placement,
)
from f1cap.services.caption.batches import Captioned, CaptionLoop
from f1cap.services.caption.prepare import Failed, Source

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from f1cap.models import base

ImageSource: TypeAlias = Union[str, os.PathLike[str], bytes, "Image", "npt.NDArray[np.uint8]"]
OnError = Literal["return", "raise"]


class Captioner:
    """A loaded model. Close it, or use it in a `with` block, before the next one is loaded.

    It captions for one thread at a time.

    Attributes:
        model: What is known of the checkpoint: its name, family, default decoding.
        placement: The device and the dtype that it runs in, with notes on why.
        revision: The commit on the hub, or `sha256:…` over a local folder's files.
    """

    def __init__(self, loaded: "base.Captioner") -> None:
        """Take over a loaded model; `f1cap.load` makes one."""
        self.model: ModelSpec = loaded.spec
        self.placement: Placement = loaded.placement
        self.revision: str = loaded.revision
        self._loaded: base.Captioner | None = loaded

    def caption(  # noqa: PLR0913 - each is an option of `f1cap caption`
        self,
        images: ImageSource | Iterable[ImageSource],
        *,
        batch_size: int | None = None,
        prompt: str | None = None,
        num_beams: int | None = None,
        max_new_tokens: int | None = None,
        min_new_tokens: int | None = None,
        no_repeat_ngram_size: int | None = None,
        repetition_penalty: float | None = None,
        length_penalty: float | None = None,
        early_stopping: bool | Literal["never"] | None = None,
        first_sentence: bool = False,
        reduced_jpeg: bool = False,
        errors: OnError = "return",
    ) -> list[Caption]:
        """Caption images, in order.

        Args:
            images: Each a path, an encoded file's bytes, a `PIL.Image.Image`, or an array
                [height, width, 3] of uint8. One of them alone gives a list of one.
            batch_size: None picks one that should fit; it is halved where memory runs out.
            prompt: How each caption begins, or what the model is asked, by its family.
            num_beams: Of the search; None takes the model's own.
            max_new_tokens: Length limit of a caption; None takes the model's own.
            min_new_tokens: Shortest caption; as for all that follow, None takes the model's own.
            no_repeat_ngram_size: Length of the token n-grams that may not repeat; 0 bans none.
            repetition_penalty: Above 1 makes tokens that were used less likely.
            length_penalty: Above 0 favours longer captions, below 0 shorter; with beams only.
            early_stopping: When beam search ends, as in `Decoding`.
            first_sentence: Cut each caption after its first sentence.
            reduced_jpeg: Decode large JPEGs at a reduced size: faster, and a few captions change.
            errors: What becomes of an image that cannot be read: `return` gives a caption without
                text whose `error` says why, `raise` ends the call.

        Raises:
            ImageError: An image cannot be read, with `errors="raise"`.
            OutOfMemoryError: Not even one image fits into memory.
            UnsupportedModelError: A prompt was given to a family that takes none.
            UsageError: An argument is out of its range, or the captioner is closed.
        """
        return list(
            self.iter_captions(
                images,
                batch_size=batch_size,
                prompt=prompt,
                num_beams=num_beams,
                max_new_tokens=max_new_tokens,
                min_new_tokens=min_new_tokens,
                no_repeat_ngram_size=no_repeat_ngram_size,
                repetition_penalty=repetition_penalty,
                length_penalty=length_penalty,
                early_stopping=early_stopping,
                first_sentence=first_sentence,
                reduced_jpeg=reduced_jpeg,
                errors=errors,
            )
        )

    def iter_captions(  # noqa: PLR0913 - as above
        self,
        images: ImageSource | Iterable[ImageSource],
        *,
        batch_size: int | None = None,
        prompt: str | None = None,
        num_beams: int | None = None,
        max_new_tokens: int | None = None,
        min_new_tokens: int | None = None,
        no_repeat_ngram_size: int | None = None,
        repetition_penalty: float | None = None,
        length_penalty: float | None = None,
        early_stopping: bool | Literal["never"] | None = None,
        first_sentence: bool = False,
        reduced_jpeg: bool = False,
        errors: OnError = "return",
    ) -> Iterator[Caption]:
        """Caption images as `caption` does, lazily: they are read a few batches ahead.

        Errors in the arguments are raised by the call, those of an image when its turn comes.
        """
        loaded = self._open()
        if errors not in {"return", "raise"}:
            raise UsageError(f"errors must be 'return' or 'raise', not {errors!r}.")
        require_count("batch_size", batch_size, LARGEST_BATCH)
        overrides = _overrides(
            DecodingOverrides(
                num_beams,
                max_new_tokens,
                min_new_tokens,
                no_repeat_ngram_size,
                repetition_penalty,
                length_penalty,
                early_stopping,
            )
        )
        if prompt is not None:
            if not isinstance(prompt, str):
                raise UsageError(f"prompt must be a text, not {prompt!r}.")
            catalog.require_prompt(self.model)
        settings = CaptionSettings(
            self.model.decoding.override(overrides),
            self.placement.dtype,
            prompt,
            first_sentence,
            reduced_jpeg,
        )
        return self._run(
            CaptionLoop(loaded, settings, batch_size=batch_size), _sources(images), errors
        )

    def close(self) -> None:
        """Free the model's memory, on the GPU too. Calling it twice is harmless."""
        if self._loaded is not None:
            self._loaded.close()
            self._loaded = None

    def __enter__(self) -> Self:
        """Return the captioner itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Say which model runs where."""
        where = "closed" if self._loaded is None else str(self.placement.device)
        return f"<f1cap.Captioner {self.model.name} {where} {self.placement.dtype}>"

    def _open(self) -> "base.Captioner":
        if self._loaded is None:
            raise UsageError(f"The captioner of {self.model.name} is closed.")
        return self._loaded

    def _run(
        self, loop: CaptionLoop, images: Iterable[Source], errors: OnError
    ) -> Iterator[Caption]:
        for result in loop.run(images):
            if isinstance(result, Captioned):
                yield result.caption
            elif isinstance(result, Failed):
                if errors == "raise":
                    raise result.error
                problem = Problem.of(result.error, image=result.name, model=self.model.name)
                yield Caption.failed(problem)
            self._open()  # closed between two captions, it has no weights for the next


def load(
    name: str | os.PathLike[str],
    *,
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    offline: bool = False,
) -> Captioner:
    """Load a captioner; a checkpoint that is not on this machine is downloaded first.

    It sets for the whole process what it cannot do without: transformers' logging to errors only,
    and on a CPU torch's number of threads to what the model computes fastest with.

    Args:
        name: A name or alias of the catalogue, a hub id (`org/name`, with `@revision` if need be),
            or a checkpoint folder.
        device: `auto`, `cpu`, `mps`, `cuda` or `cuda:N`.
        dtype: `auto`, `float32`, `float16` or `bfloat16`.
        engine: `fast`, f1cap's own search, `transformers`, or `auto`.
        offline: Do not use the network.

    Raises:
        CheckpointError: It cannot be fetched or read; subclasses say why.
        DeviceError: The device cannot be used.
        OutOfMemoryError: The weights do not fit.
        UnknownModelError: There is no such model.
        UnsupportedModelError: f1cap does not run models of its family, or not on this engine.
        UsageError: There is no such dtype or engine.
    """
    spec = naming.resolve(os.fspath(name), offline=offline)
    return Captioner(
        open_captioner(
            spec,
            device=str(device),  # a torch.device is one too
            dtype=choice(DType, "dtype", dtype),
            engine=choice(Engine, "engine", engine),
            offline=offline,
            own_process=False,
        )
    )


def _sources(images: ImageSource | Iterable[ImageSource]) -> Iterator[Source]:
    """Name images: files by their paths as given, others by their numbers."""
    for index, image in enumerate(_each(images)):
        if isinstance(image, str | os.PathLike):
            yield corpus.FileItem(os.fspath(image), Path(image))
        else:
            yield corpus.LoadedImage(f"images[{index}]", image)


def _each(images: ImageSource | Iterable[ImageSource]) -> Iterable[ImageSource]:
    # An array can be iterated over its rows, an open file over its lines, bytes over their numbers:
    # each is an image all the same, or no image in one sentence. Four dimensions are several.
    single = (
        isinstance(images, str | os.PathLike | bytes | bytearray | memoryview)
        or getattr(images, "ndim", None) in {0, 2, 3}
        or hasattr(images, "read")
    )
    if single or not isinstance(images, Iterable):
        return (cast("ImageSource", images),)
    return cast("Iterable[ImageSource]", images)


def _overrides(overrides: DecodingOverrides) -> DecodingOverrides:
    """Return what was chosen of the search, having checked it."""
    require_count("num_beams", overrides.num_beams, MOST_BEAMS)
    require_count("max_new_tokens", overrides.max_new_tokens)
    require_count("min_new_tokens", overrides.min_new_tokens, least=0)
    require_count("no_repeat_ngram_size", overrides.no_repeat_ngram_size, least=0)
    require_number("repetition_penalty", overrides.repetition_penalty, *REPETITION_PENALTIES)
    require_number("length_penalty", overrides.length_penalty, *LENGTH_PENALTIES)
    stopping: object = overrides.early_stopping
    if stopping is not None and not isinstance(stopping, bool) and stopping != "never":
        raise UsageError(f"early_stopping must be True, False or 'never', not {stopping!r}.")
    return overrides
