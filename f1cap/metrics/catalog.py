"""The metrics, as data: what they are called, which way is better, how a score was made."""

from collections.abc import Sequence
from dataclasses import dataclass

from f1cap.metrics.tokens import TOKENIZER
from f1cap.records.scores import METRIC_LABELS, Signature


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: In options and JSON.
        family: The scorer that computes it, with others perhaps.
        higher_is_better: Which way is better.
        maximum: The best possible score.
        tokenizer: What cuts the text into words for it.
        flags: Its settings, for the signature.
        description: One sentence.
    """

    name: str
    family: str
    maximum: float
    tokenizer: str
    flags: tuple[str, ...]
    description: str
    higher_is_better: bool = True

    @property
    def label(self) -> str:
        """What people call it."""
        return METRIC_LABELS[self.name]


# "ptb-3.4.1" is Stanford CoreNLP's; lc: lower-cased; nopunct: without pycocoevalcap's 17
# punctuation marks.
_TOKENS = f"{TOKENIZER}.lc.nopunct"
_BLEU_FLAGS = ("len:closest", "smooth:none")


def _bleu(order: int) -> Metric:
    return Metric(
        name=f"bleu_{order}",
        family="bleu",
        maximum=1.0,
        tokenizer=_TOKENS,
        flags=_BLEU_FLAGS,
        description=f"Share of runs of up to {order} words that a reference has too; no smoothing."
        if order > 1
        else "Share of words that a reference has too; short captions pay a penalty.",
    )


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        *(_bleu(order) for order in range(1, 5)),
        Metric(
            "rouge_l",
            "rouge_l",
            1.0,
            _TOKENS,
            ("beta:1.2",),
            "Longest common subsequence with a reference, leaning to recall (beta 1.2).",
        ),
        Metric(
            "meteor",
            "meteor",
            1.0,
            _TOKENS,
            ("lang:en", "norm", "a:.85", "b:.2", "g:.6", "d:.75"),
            "METEOR 1.5: words match as they are, by stem, synonym or paraphrase; length gains.",
        ),
        Metric(
            "cider",
            "cider",
            10.0,
            _TOKENS,
            ("variant:d", "n:4", "sigma:6", "df:references"),
            "CIDEr-D: agreement with the references, rare words weighing more; 10 at most.",
        ),
        Metric(
            "semantic",
            "semantic",
            1.0,
            "wordpiece-256",
            ("pool:mean", "refs:nearest"),
            "Cosine similarity of sentence embeddings of caption and nearest reference (MiniLM).",
        ),
    )
}


def metrics_of(families: Sequence[str]) -> tuple[str, ...]:
    """Return the names of these families' metrics, in the catalogue's order."""
    return tuple(name for name, metric in METRICS.items() if metric.family in families)


def signature(name: str, version: str, references: Sequence[int], *extra: str) -> Signature:
    """Say how a score was made.

    Args:
        name: Of the metric.
        version: Of the code behind it.
        references: How many each scored image has.
        extra: Flags known only at run time.
    """
    metric = METRICS[name]
    fewest, most = min(references, default=0), max(references, default=0)
    span = str(fewest) if fewest == most else f"{fewest}-{most}"
    return Signature(
        metric=name,
        version=version,
        tokenizer=metric.tokenizer,
        references=span,
        images=len(references),
        flags=metric.flags + extra,
    )
