"""Captions and references matched: which images are scored, what is reported of the rest."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from f1cap.errors import CaptionSetError
from f1cap.metrics.tokens import clean
from f1cap.records.scores import MissingPolicy, Remark

_MAX_NAMES = 5  # images that a message lists; the rest is counted


class Aligned(NamedTuple):
    """The images to score, and every model's captions of them.

    Attributes:
        images: Sorted, so that the same captions in another order give the same resamples.
        raw: Captions as given, by model and image.
        captions: Clean lines, by model, in the order of `images`.
        references: Clean lines of each image.
        remarks: What was left out or filled in.
    """

    images: tuple[str, ...]
    raw: Mapping[str, Mapping[str, str]]
    captions: Mapping[str, Sequence[str]]
    references: Sequence[Sequence[str]]
    remarks: tuple[Remark, ...]


def align(
    hypotheses: Mapping[str, Mapping[str, str]],
    references: Mapping[str, Sequence[str]],
    missing: MissingPolicy,
    *,
    references_needed: bool = True,
) -> Aligned:
    """Choose the images that all models are scored on.

    Captions of images without references are left out and counted. What happens where a caption is
    missing is the user's choice (see `ScoreOptions.missing`).

    Args:
        hypotheses: By model, then by image.
        references: By image; an image with an empty list has none.
        missing: The choice.
        references_needed: Leave out images without references; else every image that a model
            captioned is scored.

    Raises:
        CaptionSetError: A caption is missing and may not be, a caption is no text, or nothing is
        left to score.
    """
    _check_texts(hypotheses, references)
    if references_needed:
        scored = {image for image, lines in references.items() if lines}
    else:
        scored = {image for captions in hypotheses.values() for image in captions}
    if not hypotheses:
        raise CaptionSetError(
            "There are no captions to score.", hint="Name a model or a caption file."
        )
    if not scored and references_needed:
        raise CaptionSetError(
            "There are no references to score against.",
            hint="Put a captions.json beside the images, or name one: --references FILE.",
        )
    remarks: list[Remark] = []
    keep = set(scored)
    for model, captions in hypotheses.items():
        remarks += _surplus(model, captions.keys() - scored)
        absent = scored - captions.keys()
        if not absent:
            continue
        if len(absent) == len(scored):
            which = "with references" if references_needed else "that another model captioned"
            message = f"No caption of {model} belongs to an image {which}."
            raise CaptionSetError(message, hint=_names_hint(captions, scored))
        if missing == "error":
            raise CaptionSetError(
                f"{model} has no caption for {len(absent)} of "
                f"{counted(len(scored), 'image')}{' with references' * references_needed}: "
                f"{listing(absent)}.",
                hint="Caption them, or choose: --missing skip leaves them out for every model, "
                "--missing empty scores them as empty captions.",
            )
        if missing == "skip":
            keep &= captions.keys()
        remarks.append(_absent(model, absent, missing))
    if not keep:
        raise CaptionSetError(
            "No image has a caption from every model.", hint="Score the models one by one."
        )
    images = tuple(sorted(keep))
    raw = {
        model: {image: captions.get(image, "") for image in images}
        for model, captions in hypotheses.items()
    }
    cleaned = {
        model: [clean(text) for text in captions.values()] for model, captions in raw.items()
    }
    lines = [[clean(text) for text in references.get(image, ())] for image in images]
    return Aligned(images, raw, cleaned, lines, tuple(remarks))


def listing(images: Collection[str]) -> str:
    """Name a few images and count the rest."""
    first = sorted(images)[:_MAX_NAMES]
    rest = len(images) - len(first)
    return ", ".join(first) + (f" and {rest} more" if rest else "")


def counted(number: int, noun: str) -> str:
    """Return `1 image`, `1,000 images`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _check_texts(
    # Files are read from outside: their types are a hope until here.
    hypotheses: Mapping[str, Mapping[str, object]],
    references: Mapping[str, Sequence[object]],
) -> None:
    for model, captions in hypotheses.items():
        for image, text in captions.items():
            if not isinstance(text, str):
                message = f"The caption of {image} by {model} is {_kind(text)}, not text."
                raise CaptionSetError(message)
    for image, lines in references.items():
        if isinstance(lines, str) or not all(isinstance(text, str) for text in lines):
            message = f"The references of {image} are not a list of texts."
            raise CaptionSetError(message)


def _kind(value: object) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def _surplus(model: str, images: Collection[str]) -> list[Remark]:
    if not images:
        return []
    reason = (
        "is not scored, as its image has no references"
        if len(images) == 1
        else "are not scored, as their images have no references"
    )
    text = f"{counted(len(images), 'caption')} of {model} {reason}: {listing(images)}."
    return [Remark("without_references", text, model=model)]


def _absent(model: str, images: Collection[str], missing: MissingPolicy) -> Remark:
    they_are = "it is" if len(images) == 1 else "they are"
    empty = "an empty caption" if len(images) == 1 else "empty captions"
    fate = "left out for every model" if missing == "skip" else f"scored as {empty}"
    text = (
        f"{model} has no caption for {counted(len(images), 'image')}; {they_are} {fate}: "
        f"{listing(images)}."
    )
    return Remark("missing_captions", text, model=model)


def _names_hint(captions: Mapping[str, str], scored: Collection[str]) -> str:
    if not captions:
        return "The caption file is empty."
    caption, reference = min(captions), min(scored)
    shown = repr
    if unicodedata.normalize("NFC", caption) == unicodedata.normalize("NFC", reference):
        shown = ascii  # one accent in two spellings looks the same
    return (
        f"Names must agree: the captions have {shown(caption)}, the references {shown(reference)}."
    )
