"""f1cap from Python: captions, scores and comparisons as records; nothing is written or printed.

The package exports the public names (`f1cap.load`, …). The commands and this module are built on
the same services.
"""

import numbers
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, TypeVar, Union, cast, get_args

from f1cap import corpus
from f1cap.errors import CaptionSetError, UsageError
from f1cap.metrics.scoring import ScoringSession
from f1cap.models import catalog, naming
from f1cap.models.loading import open_captioner
from f1cap.records.captions import Caption, CaptionSet, CaptionSettings
from f1cap.records.evaluations import Comparison, Evaluation
from f1cap.records.images import Problem, Reference, category_of
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
from f1cap.records.scores import MissingPolicy, ScoreOptions
from f1cap.services.caption.batches import Captioned, CaptionLoop
from f1cap.services.caption.prepare import Failed, Source
from f1cap.services.score.compare import compare_scores
from f1cap.services.score.evaluate import score_hypotheses
from f1cap.services.score.hypotheses import Hypotheses

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from f1cap.models import base

ImageSource: TypeAlias = Union[str, os.PathLike[str], bytes, "Image", "npt.NDArray[np.uint8]"]
OnError = Literal["return", "raise"]
Captions: TypeAlias = Mapping[str, str] | Iterable[Caption]
References: TypeAlias = Mapping[str, str | Sequence[str]]
Choice = TypeVar("Choice", bound=StrEnum)


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
        _require_count("batch_size", batch_size, LARGEST_BATCH)
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
            dtype=_choice(DType, "dtype", dtype),
            engine=_choice(Engine, "engine", engine),
            offline=offline,
            own_process=False,
        )
    )


def evaluate(  # noqa: PLR0913 - each is an option of `f1cap eval`
    candidates: Captions,
    references: References,
    *,
    name: str = "captions",
    metrics: Sequence[str] | None = None,
    primary: str | None = None,
    categories: Mapping[str, str] | None = None,
    missing: MissingPolicy = "error",
    resamples: int | None = None,
    confidence: float = 0.95,
    seed: int = 12345,
    read_image: Callable[[str], bytes] | None = None,
    java: str | os.PathLike[str] | None = None,
) -> Evaluation:
    """Score captions against references, as `f1cap eval` does.

    Args:
        candidates: A caption by image name, or what `Captioner.caption` returned.
        references: By image name: one human caption, or several.
        name: What the report calls the captions.
        metrics: Names such as `cider`; None takes all that need no extra.
        primary: The score that ranks images and decides; None takes CIDEr where it is computed.
        categories: The group of an image by its name; by default the folder in its name.
        missing: Where an image with references has no caption: `error`, `skip` it, or score an
            `empty` one.
        resamples: Of the bootstrap; None picks by the number of images.
        confidence: Of the intervals, between 0 and 1.
        seed: Of every random draw.
        read_image: Returns the encoded bytes of an image by its name, for metrics that look at it.
        java: The Java for METEOR and the tokeniser; None looks for one, f1cap's own first.

    Raises:
        CaptionSetError: Captions and references do not fit together.
        JavaError: The Java that was named does not run. Without any, what needs it has no value.
        MissingExtraError: A metric needs a package that is not installed.
        UsageError: There is no such metric, or an option is out of its range.
    """
    return _score(
        {name: candidates},
        references,
        _score_options(metrics, primary, missing, resamples, confidence, seed),
        categories=categories,
        read_image=read_image,
        java=java,
    )


def compare(  # noqa: PLR0913 - each is an option of `f1cap compare`
    candidates: Mapping[str, Captions],
    references: References,
    *,
    metrics: Sequence[str] | None = None,
    primary: str | None = None,
    categories: Mapping[str, str] | None = None,
    missing: MissingPolicy = "error",
    resamples: int | None = None,
    confidence: float = 0.95,
    seed: int = 12345,
    read_image: Callable[[str], bytes] | None = None,
    java: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Compare the captions of several models, as `f1cap compare` does.

    Args:
        candidates: By model name; each as for `evaluate`.
        references: As for `evaluate`, and so are all further arguments.
        metrics: Names such as `cider`.
        primary: The score named beforehand as the one that decides.
        categories: The group of an image by its name.
        missing: Where a model lacks a caption.
        resamples: Of the bootstrap and the randomisation.
        confidence: Of the intervals.
        seed: Of every random draw.
        read_image: For metrics that look at the images.
        java: The Java for METEOR and the tokeniser.

    Raises:
        F1capError: As `evaluate`.
    """
    return compare_scores(
        _score(
            candidates,
            references,
            _score_options(metrics, primary, missing, resamples, confidence, seed),
            categories=categories,
            read_image=read_image,
            java=java,
        )
    )


def _score(  # noqa: PLR0913 - as above
    candidates: Mapping[str, Captions],
    references: References,
    options: ScoreOptions,
    *,
    categories: Mapping[str, str] | None,
    read_image: Callable[[str], bytes] | None,
    java: str | os.PathLike[str] | None,
) -> Evaluation:
    _require_names(references, *(c for c in candidates.values() if isinstance(c, Mapping)))
    groups = categories or {}
    by_image = {
        image: Reference(
            groups.get(image), (captions,) if isinstance(captions, str) else tuple(captions)
        )
        for image, captions in references.items()
    }
    by_model = {model: _caption_set(model, captions) for model, captions in candidates.items()}
    images = dict.fromkeys((*by_image, *(i for found in by_model.values() for i in found.captions)))
    hypotheses = Hypotheses(
        by_model=by_model,
        references=by_image,
        categories={image: groups.get(image) or category_of(image, by_image) for image in images},
        folder=None,
        read_image=read_image,
    )
    with ScoringSession(options, java=None if java is None else Path(java)) as session:
        return score_hypotheses(session, hypotheses)


def _score_options(  # noqa: PLR0913, PLR0917 - as above
    metrics: Sequence[str] | None,
    primary: str | None,
    missing: MissingPolicy,
    resamples: int | None,
    confidence: float,
    seed: int,
) -> ScoreOptions:
    if missing not in get_args(MissingPolicy):
        known = ", ".join(map(repr, get_args(MissingPolicy)))
        raise UsageError(f"missing must be one of {known}, not {missing!r}.")
    if not 0 < confidence < 1:
        raise UsageError(f"confidence must lie between 0 and 1, not be {confidence!r}.")
    _require_count("resamples", resamples)
    if not _is_integer(seed) or seed < 0:
        raise UsageError(f"seed must be an integer from 0, not {seed!r}.")
    if isinstance(metrics, str):  # a sequence of letters, for a type checker
        raise UsageError(f"metrics must be names in a list, such as [{metrics!r}].")
    return ScoreOptions(
        missing=missing,
        metrics=None if metrics is None else tuple(metrics),
        primary=primary,
        resamples=resamples,
        confidence=confidence,
        seed=seed,
    )


def _caption_set(model: str, captions: Captions) -> CaptionSet:
    if isinstance(captions, Mapping):
        return CaptionSet(model, captions)
    made = [caption for caption in captions if caption.error is None]
    texts: dict[str, str] = {}
    for caption in made:
        if texts.setdefault(caption.image, caption.caption) != caption.caption:
            raise CaptionSetError(
                f"{model} has two captions of {caption.image}.",
                hint="Images in memory are named by their place in a call: give their captions as "
                "a dict, under names of their own.",
            )
    return CaptionSet(
        model,
        texts,
        truncated=frozenset(caption.image for caption in made if caption.truncated),
        line_breaks=frozenset(caption.image for caption in made if caption.line_breaks),
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


def _choice(kind: type[Choice], name: str, value: str) -> Choice:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(repr(str(choice)) for choice in kind)
        raise UsageError(f"{name} must be one of {known}, not {value!r}.") from None


def _overrides(overrides: DecodingOverrides) -> DecodingOverrides:
    """Return what was chosen of the search, having checked it."""
    _require_count("num_beams", overrides.num_beams, MOST_BEAMS)
    _require_count("max_new_tokens", overrides.max_new_tokens)
    _require_count("min_new_tokens", overrides.min_new_tokens, least=0)
    _require_count("no_repeat_ngram_size", overrides.no_repeat_ngram_size, least=0)
    _require_number("repetition_penalty", overrides.repetition_penalty, *REPETITION_PENALTIES)
    _require_number("length_penalty", overrides.length_penalty, *LENGTH_PENALTIES)
    stopping: object = overrides.early_stopping
    if stopping is not None and not isinstance(stopping, bool) and stopping != "never":
        raise UsageError(f"early_stopping must be True, False or 'never', not {stopping!r}.")
    return overrides


def _require_count(
    name: str, value: int | None, limit: int | None = None, *, least: int = 1
) -> None:
    if value is None:
        return
    if not _is_integer(value) or value < least or (limit is not None and value > limit):
        upper = "" if limit is None else f" to {limit}"
        raise UsageError(f"{name} must be an integer from {least}{upper}, not {value!r}.")


def _require_number(name: str, value: object, least: float, most: float) -> None:
    if value is None:
        return
    is_number = isinstance(value, float) or _is_integer(value)
    if not is_number or not least <= cast("float", value) <= most:
        raise UsageError(f"{name} must be a number from {least:g} to {most:g}, not {value!r}.")


def _is_integer(value: object) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _require_names(*by_image: Mapping[str, object]) -> None:
    for image in (image for mapping in by_image for image in mapping):
        if not isinstance(image, str):
            raise CaptionSetError(
                f"The name of an image is a {type(image).__name__}, not text: {image!r}."
            )
