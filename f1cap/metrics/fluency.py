"""What captions look like with no metric in between: length, cut-offs, repetition, sameness.

These need neither references nor Java, and they expose what the metrics reward: METEOR prefers
run-on captions.
"""

import string
from collections import Counter
from collections.abc import Mapping, Sequence

from f1cap.records.scores import CaptionFlags, TextStatistics

_MARKS = string.punctuation + "“”‘’„«»…–—"  # noqa: RUF001 - the marks that people type


def words_of(text: str) -> list[str]:
    """Return a text's words: lower-cased, without the punctuation around them."""
    stripped = (piece.strip(_MARKS) for piece in text.lower().split())
    return [word for word in stripped if word]


def is_multiline(text: str) -> bool:
    """Tell whether a text has more than one line, by any character that breaks lines."""
    return len(text.splitlines()) > 1


def text_statistics(
    captions: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    flags: CaptionFlags | None = None,
) -> TextStatistics:
    """Describe a caption set.

    Args:
        captions: By image, as the model wrote them where that is known; at least one.
        references: Of the same images; empty where there are none.
        flags: What was recorded when the captions were made.
    """
    flags = flags or CaptionFlags()
    images = len(captions)
    words = [words_of(caption) for caption in captions.values()]
    reference_lengths = [
        len(words_of(line)) for image in captions for line in references.get(image, ())
    ]
    per_caption = sum(map(len, words)) / images
    per_reference = sum(reference_lengths) / len(reference_lengths) if reference_lengths else None
    if flags.line_breaks is None:
        broken = sum(is_multiline(caption) for caption in captions.values())
    else:
        broken = len(flags.line_breaks & captions.keys())
    return TextStatistics(
        words_per_caption=per_caption,
        reference_words=per_reference,
        length_ratio=per_caption / per_reference if per_reference else None,
        truncated=None
        if flags.truncated is None
        else len(flags.truncated & captions.keys()) / images,
        line_breaks=broken / images,
        empty=sum(not piece for piece in words),
        identical=_identical(words),
        repeated_1=_repeated(words, 1),
        repeated_2=_repeated(words, 2),
        repeated_4=_repeated(words, 4),
        distinct_1=_distinct(words, 1),
        distinct_2=_distinct(words, 2),
    )


def _identical(words: Sequence[Sequence[str]]) -> int:
    counts = Counter(tuple(caption) for caption in words if caption)
    return sum(count for count in counts.values() if count > 1)


def _repeated(words: Sequence[Sequence[str]], order: int) -> float:
    """Return the share of n-grams that their own caption had before.

    This is seq-rep-n of Welleck et al. 2020, pooled over captions.
    """
    grams = [_ngrams(caption, order) for caption in words]
    total = sum(map(len, grams))
    return 1 - sum(len(set(caption)) for caption in grams) / total if total else 0.0


def _distinct(words: Sequence[Sequence[str]], order: int) -> float:
    """Return the different n-grams over all n-grams of the set (Li et al. 2016)."""
    grams = [gram for caption in words for gram in _ngrams(caption, order)]
    return len(set(grams)) / len(grams) if grams else 0.0


def _ngrams(words: Sequence[str], order: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + order]) for start in range(len(words) - order + 1)]
