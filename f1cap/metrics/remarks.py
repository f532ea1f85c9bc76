"""Remarks: what to know when reading a number, given once and beside it."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from f1cap.metrics.alignment import counted, listing
from f1cap.metrics.base import ScoringInput
from f1cap.records.scores import Metric, Remark, TextStatistics

_FEW_IMAGES = 50
_SMALL_CATEGORY = 10
_RUN_ON_RATIO = 1.5
_CUT_OFF_RATIO = 0.5
_SCRIPTS = {
    "CJK": "Chinese characters",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
}
_SPACELESS = frozenset({"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"})
_SHARES = {
    "bleu_1": "shares a word with a reference",
    "bleu_2": "shares two consecutive words with a reference",
    "bleu_3": "shares three consecutive words with a reference",
    "bleu_4": "shares four consecutive words with a reference",
}
_UNSTEADY = {"bleu_4": "BLEU-4", "cider": "CIDEr"}  # of few images


def corpus_remarks(
    images: Sequence[str],
    references: Sequence[Sequence[str]],
    categories: Mapping[str, int],
    metrics: Collection[str],
) -> Iterator[Remark]:
    """Yield what holds for every model: what this many images and references can show.

    Args:
        images: Names of those scored.
        references: Of each image.
        categories: Number of images by category.
        metrics: Names of the scores that were asked for.
    """
    count = len(images)
    if count < _FEW_IMAGES:
        yield Remark(
            "few_images",
            f"With {counted(count, 'image')} only large differences between models can be "
            "detected: see the intervals. They reflect the choice of images, not that of "
            "references or random seeds.",
        )
        yield Remark(
            "cider_few_images",
            f"CIDEr weights a word by how few images mention it; with {counted(count, 'image')} "
            f"(fewer than {_FEW_IMAGES}) these weights are noise. Do not compare it with scores on "
            "other images.",
            metric="cider",
        )
    else:
        yield Remark(
            "cider_weights",
            f"CIDEr weights a word by how few of these {counted(count, 'image')} mention it, and "
            "its interval takes the weights as they are. With other images they differ: of such "
            "intervals of 200 images, 4 in 10 missed the CIDEr of 5,000.",
            metric="cider",
        )
    single = sum(len(lines) == 1 for lines in references)
    if single:
        which = (
            "every image has" if single == count else f"{single} of {count} images {_have(single)}"
        )
        yield Remark(
            "cider_one_reference",
            f"CIDEr was designed for five references or more and {which} only one: a good caption "
            "in other words scores near 0.",
            metric="cider",
        )
    small = {name: size for name, size in categories.items() if size < _SMALL_CATEGORY}
    if small:
        sizes = ", ".join(f"{name} ({size})" for name, size in sorted(small.items()))
        unsteady = [text for name, text in _UNSTEADY.items() if name in metrics]
        above_all = f", {' and '.join(unsteady)} above all," if unsteady else ""
        yield Remark(
            "small_category",
            f"Categories of fewer than {_SMALL_CATEGORY} images: {sizes}. Their scores{above_all} "
            "are only indicative; differences there are not tested.",
        )


def match_remarks(
    metrics: Sequence[Metric], unmatched: Mapping[str, Sequence[str]]
) -> Iterator[Remark]:
    """Yield which scores rest on no match at all.

    Args:
        metrics: All, the least demanding of a family first.
        unmatched: By model: the metrics by which its captions match nowhere.
    """
    labels = {metric.name: metric.label for metric in metrics}
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for model, names in unmatched.items():
        if names:
            alike[tuple(names)].append(model)
    for names, models in alike.items():
        them = "it" if len(models) == 1 else "them"
        narrow = f" Intervals of differences from {them} are too narrow."
        yield Remark(
            "no_match",
            f"No caption of {_listed(models, 'or')} {_SHARES.get(names[0], 'matches a reference')}"
            f": {_listed([labels[name] for name in names], 'and')} "
            f"{'says' if len(names) == 1 else 'say'} nothing about "
            f"{them}, and count{'s' * (len(names) == 1)} as 0 in every test."
            f"{narrow * (len(models) < len(unmatched))}",
            metric=names[-1],
            model=models[0] if len(models) == 1 else None,
        )


def script_remarks(
    captions: Mapping[str, Sequence[str]], references: Sequence[Sequence[str]]
) -> Iterator[Remark]:
    """Yield that the metrics are English where captions or references are in another script.

    Args:
        captions: By model, in the order of the images.
        references: Of each image.
    """
    texts = {f"the captions of {model}": lines for model, lines in captions.items()}
    texts["the references"] = [line for lines in references for line in lines]
    found = {whose: script for whose, lines in texts.items() if (script := _foreign_script(lines))}
    if not found:
        return
    scripts = dict.fromkeys(
        _SCRIPTS.get(script, f"the {script.capitalize()} script") for script in found.values()
    )
    text = (
        f"{_capital(_listed(list(found), 'and'))} are written in {_listed(list(scripts), 'and')}"
        ": the tokeniser, the stems, the synonyms and the function words of the metrics are "
        "English."
    )
    if _SPACELESS.intersection(found.values()):
        text += (
            " Text without spaces is one word to them, so BLEU, ROUGE-L and CIDEr are near 0 "
            "whatever it says."
        )
    yield Remark("not_english", text)


def _foreign_script(lines: Sequence[str]) -> str | None:
    """Return the script of most letters, as Unicode names it; None where that is the Latin one."""
    counts: Counter[str] = Counter()
    for letter, number in Counter("".join(lines)).items():
        if letter.isalpha():
            counts[unicodedata.name(letter, "unknown").split(" ")[0]] += number
    latin = counts.pop("LATIN", 0)
    return counts.most_common(1)[0][0] if counts.total() > latin else None


def token_remarks(tokens: ScoringInput) -> Iterator[Remark]:
    """Yield what the tokenised text tells: captions without words, or too short for BLEU-4."""
    images = tokens.images
    bare = [image for image, lines in zip(images, tokens.references, strict=True) if not all(lines)]
    if bare:
        yield Remark(
            "empty_references",
            f"{counted(len(bare), 'image')} with a reference that contains no word: "
            f"{listing(bare)}.",
        )
    for model, captions in tokens.captions.items():
        empty = {image for image, line in zip(images, captions, strict=True) if not line}
        if empty:
            have = "contains no word and scores" if len(empty) == 1 else "contain no word and score"
            yield Remark(
                "empty_captions",
                f"{counted(len(empty), 'caption')} of {model} {have} 0: {listing(empty)}.",
                model=model,
            )
        matched = empty.intersection(bare)
        if matched:
            yield Remark(
                "empty_match",
                f"ROUGE-L counts the empty captions of {model} as perfect where a reference is "
                f"empty too, as pycocoevalcap does: {listing(matched)}.",
                metric="rouge_l",
                model=model,
            )
        short = sum(len(line.split()) < 4 for line in captions)
        if short:
            yield Remark(
                "bleu_4_short",
                f"{short} of {counted(len(captions), 'caption')} of {model} {_have(short)} fewer "
                "than four words, hence no 4-gram: BLEU-4 of the whole set ignores "
                f"{'it' if short == 1 else 'them'}, and alone even a perfect one scores about 0.",
                metric="bleu_4",
                model=model,
            )


def length_remarks(model: str, text: TextStatistics, metrics: Collection[str]) -> Iterator[Remark]:
    """Yield how the length of a model's captions affects its scores."""
    ratio = text.length_ratio
    if ratio is not None and ratio > _RUN_ON_RATIO:
        yield Remark(
            "run_on",
            f"Captions of {model} are {ratio:.1f} times as long as the references. METEOR weights "
            "recall more than precision, so longer captions score higher.",
            metric="meteor",
            model=model,
        )
    if ratio is not None and ratio < _CUT_OFF_RATIO and {"bleu_1", "cider"} & set(metrics):
        yield Remark(
            "terse",
            f"Captions of {model} are {ratio:.1f} times as long as the references: BLEU's brevity "
            "penalty and CIDEr's length penalty apply.",
            model=model,
        )


def _listed(names: Sequence[str], conjunction: str) -> str:
    first = ", ".join(names[:-1])
    return f"{first} {conjunction} {names[-1]}" if first else names[-1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
