"""Scores and comparisons from Python, over plain dicts; nothing is written or printed."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, get_args

from f1cap.api.arguments import is_integer, require_count
from f1cap.errors import CaptionSetError, UsageError
from f1cap.metrics.scoring import ScoringSession
from f1cap.records.captions import Caption, CaptionSet
from f1cap.records.evaluations import Comparison, Evaluation
from f1cap.records.images import Reference, category_of
from f1cap.records.scores import MissingPolicy, ScoreOptions
from f1cap.services.score.compare import compare_scores
from f1cap.services.score.evaluate import score_hypotheses
from f1cap.services.score.hypotheses import Hypotheses

Captions: TypeAlias = Mapping[str, str] | Iterable[Caption]
References: TypeAlias = Mapping[str, str | Sequence[str]]


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
    require_count("resamples", resamples)
    if not is_integer(seed) or seed < 0:
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


def _require_names(*by_image: Mapping[str, object]) -> None:
    for image in (image for mapping in by_image for image in mapping):
        if not isinstance(image, str):
            raise CaptionSetError(
                f"The name of an image is a {type(image).__name__}, not text: {image!r}."
            )
