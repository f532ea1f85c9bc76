"""Choices that options offer by name."""

from enum import StrEnum


class Missing(StrEnum):
    """What to do where a model lacks a caption of an image with references."""

    ERROR = "error"
    SKIP = "skip"
    EMPTY = "empty"


class Metric(StrEnum):
    """The metrics that can rank images or decide a comparison."""

    CIDER = "cider"
    METEOR = "meteor"
    ROUGE_L = "rouge_l"
    BLEU_1 = "bleu_1"
    BLEU_2 = "bleu_2"
    BLEU_3 = "bleu_3"
    BLEU_4 = "bleu_4"
    SEMANTIC = "semantic"
