"""The metrics: one row each. Another package adds one through the entry-point group below.

A row and a scorer (see `base`) are all that a metric takes: intervals, significance, categories,
columns and JSON follow from them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from f1cap.errors import F1capError, PluginError, UsageError
from f1cap.records.scores import Metric, Signature

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from f1cap.metrics.base import Scorer

# An entry names a `MetricSpec` as `module:NAME`, and is called what the metric is called.
ENTRY_POINTS = "f1cap.metrics"


class Needs(StrEnum):
    """What a metric works on."""

    TOKENS = "tokens"  # lower-case Penn Treebank words without punctuation, which takes Java
    TEXT = "text"  # clean lines
    IMAGES = "images"  # clean lines, and the images themselves


# "ptb-3.4.1" is Stanford CoreNLP's; lc: lower-cased; nopunct: without pycocoevalcap's 17
# punctuation marks.
_TOKENS = "ptb-3.4.1.lc.nopunct"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric, as data.

    Attributes:
        name: What `--metrics` calls it.
        target: Its `Scorer`, as `module:Class`, loaded when it is asked for.
        columns: The numbers it yields, in the order of the scorer's.
        needs: What it works on.
        references: It compares with references; without, images that have none can be scored.
        default: It is computed where the user names no metrics.
        tokenizer: What cuts the text, for the signature; None for tokens and uncut text.
        flags: Its settings, for the signature.
        package: The distribution that adds it; None for f1cap's own. The registry fills it in.
    """

    name: str
    target: str
    columns: tuple[Metric, ...]
    needs: Needs = Needs.TEXT
    references: bool = True
    default: bool = False
    tokenizer: str | None = None
    flags: tuple[str, ...] = ()
    package: str | None = None

    def signature(
        self, column: Metric, version: str | None, references: Sequence[int]
    ) -> Signature:
        """Say how a score was made.

        Args:
            column: Which of its numbers.
            version: Of the code behind it; None where it did not run.
            references: How many each scored image has.
        """
        fewest, most = min(references, default=0), max(references, default=0)
        return Signature(
            metric=column.name,
            version=version or "not computed",
            tokenizer=self.tokenizer or (_TOKENS if self.needs is Needs.TOKENS else "none"),
            references=str(fewest) if fewest == most else f"{fewest}-{most}",
            images=len(references),
            flags=self.flags,
        )


METRICS: tuple[MetricSpec, ...] = (
    MetricSpec(
        "bleu",
        "f1cap.metrics.coco:Bleu",
        (
            Metric("bleu_1", "BLEU-1", rank=5, lowest=0.0, highest=1.0),
            Metric("bleu_2", "BLEU-2", rank=None, lowest=0.0, highest=1.0),
            Metric("bleu_3", "BLEU-3", rank=None, lowest=0.0, highest=1.0),
            Metric("bleu_4", "BLEU-4", rank=4, lowest=0.0, highest=1.0),
        ),
        Needs.TOKENS,
        default=True,
        flags=("len:closest", "smooth:none"),
    ),
    MetricSpec(
        "rouge_l",
        "f1cap.metrics.coco:RougeL",
        (Metric("rouge_l", "ROUGE-L", rank=3, lowest=0.0, highest=1.0),),
        Needs.TOKENS,
        default=True,
        flags=("beta:1.2",),
    ),
    MetricSpec(
        "meteor",
        "f1cap.metrics.meteor:Meteor",
        (Metric("meteor", "METEOR", rank=2, lowest=0.0, highest=1.0),),
        Needs.TOKENS,
        default=True,
        flags=("lang:en", "norm", "a:.85", "b:.2", "g:.6", "d:.75"),
    ),
    MetricSpec(
        "cider",
        "f1cap.metrics.coco:Cider",
        (Metric("cider", "CIDEr", rank=1, lowest=0.0, highest=10.0),),
        Needs.TOKENS,
        default=True,
        flags=("variant:d", "n:4", "sigma:6", "df:references"),
    ),
    MetricSpec(
        "semantic",
        "f1cap.metrics.semantic:Semantic",
        (Metric("semantic", "Semantic", rank=6, lowest=-1.0, highest=1.0),),
        tokenizer="wordpiece-256",
        flags=("pool:mean", "refs:nearest"),
    ),
)


def choose(names: Sequence[str] | None) -> tuple[MetricSpec, ...]:
    """Return the metrics that a user names, f1cap's own first and in their order.

    Packages are only asked for what f1cap itself lacks, so that a broken one affects only those
    who use it.

    Raises:
        UsageError: There is no such metric, or none was named.
        PluginError: The package that adds it cannot be loaded.
    """
    if names is None:
        return tuple(spec for spec in METRICS if spec.default)
    if not names:
        raise UsageError("--metrics names no metric.", hint=f"Known metrics: {_listed(_own())}.")
    own = [spec for spec in METRICS if spec.name in names]
    foreign = [name for name in dict.fromkeys(names) if name not in _own()]
    return _distinct((*own, *_added(foreign)))


def deciding(specs: Sequence[MetricSpec], name: str | None) -> Metric:
    """Return the metric that ranks or decides: the named one, else the first in tables.

    Raises:
        UsageError: The named one is not computed.
    """
    columns = [column for spec in specs for column in spec.columns]
    if name is None:
        return min(columns, key=lambda column: math.inf if column.rank is None else column.rank)
    found = next((column for column in columns if column.name == name), None)
    if found is None:
        names = [column.name for column in columns]
        raise UsageError(
            f"{name} is not among the metrics that are computed.",
            hint=f"{_guess(name, names)}Name one of {_listed(names)}, or add it with --metrics.",
        )
    return found


def references_needed(specs: Sequence[MetricSpec]) -> bool:
    """Tell whether any of these metrics compares with references."""
    return any(spec.references for spec in specs)


def make_scorer(spec: MetricSpec) -> "Scorer":
    """Load and make what computes a metric.

    Raises:
        PluginError: Another package's does not load.
        MissingExtraError: It needs packages that are not installed.
    """
    try:
        import pkgutil  # not at the start: --help need not pay for it

        scorer: Scorer = pkgutil.resolve_name(spec.target)()
    except F1capError:
        raise
    except Exception as error:
        if spec.package is None:
            raise
        raise _broken(spec.name, spec.package, error) from error
    return scorer


def _own() -> list[str]:
    return [spec.name for spec in METRICS]


def _added(names: Sequence[str]) -> list[MetricSpec]:
    """Return the metrics of these names that other packages add."""
    if not names:
        return []
    from importlib.metadata import entry_points  # slow to load, and not needed by --help

    entries: dict[str, EntryPoint] = {}
    for entry in entry_points(group=ENTRY_POINTS):
        other = entries.setdefault(entry.name, entry)
        if other is not entry and entry.name in names:
            same = ValueError(f"the package {_package_of(other)} adds a metric of that name too")
            raise _broken(entry.name, _package_of(entry), same)
    unknown = next((name for name in names if name not in entries), None)
    if unknown is not None:
        known = [*_own(), *sorted(entries.keys() - set(_own()))]
        scorer = next((s for s in METRICS if unknown in {c.name for c in s.columns}), None)
        guess = f"It is one of the scores of {scorer.name}. " if scorer else _guess(unknown, known)
        raise UsageError(
            f"There is no metric {unknown}.", hint=f"{guess}Known metrics: {_listed(known)}."
        )
    return [_load(entries[name]) for name in names]


def _load(entry: "EntryPoint") -> MetricSpec:
    package = _package_of(entry)
    try:
        spec = entry.load()
    except Exception as error:
        raise _broken(entry.name, package, error) from error
    if not isinstance(spec, MetricSpec):
        kind = TypeError(f"{entry.value} is a {type(spec).__name__}, not a MetricSpec")
        raise _broken(entry.name, package, kind)
    if spec.name != entry.name:
        raise _broken(entry.name, package, ValueError(f"{entry.value} is named {spec.name}"))
    columns: object = spec.columns  # a comma is easily forgotten
    if not isinstance(columns, tuple) or not columns:
        kind = TypeError(f"the columns of {entry.value} are not a tuple of Metric")
        raise _broken(entry.name, package, kind)
    return replace(spec, package=package)


def _package_of(entry: "EntryPoint") -> str:
    return entry.dist.name if entry.dist else entry.value


def _distinct(specs: tuple[MetricSpec, ...]) -> tuple[MetricSpec, ...]:
    """Refuse metrics of two packages that call a score the same."""
    taken: dict[str, MetricSpec] = {}
    for spec in specs:
        for column in spec.columns:
            other = taken.setdefault(column.name, spec)
            if other is not spec and spec.package is not None:
                same = ValueError(f"{other.name} has a score named {column.name} too")
                raise _broken(spec.name, spec.package, same)
    return specs


def _broken(name: str, package: str, error: Exception) -> PluginError:
    return PluginError(
        f"The metric {name} of the package {package} cannot be loaded: "
        f"{type(error).__name__}: {error}.",
        hint=f"Update or remove {package}, or leave {name} out of --metrics.",
    )


def _guess(name: str, known: Sequence[str]) -> str:
    import difflib  # not needed by --help

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}? " if near else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
