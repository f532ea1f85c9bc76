"""One sentence on what a comparison shows, and what it does not."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, groupby
from typing import NamedTuple

from f1cap.records.evaluations import Evaluation, primary_pairs
from f1cap.records.scores import PairComparison, ScoreReport

_LEVEL = 0.05
_FEW_IMAGES = 50

_Relation = Callable[[str, str], bool]


def conclude(evaluation: Evaluation) -> str:
    """Return the sentence: who is ahead of whom, who cannot be told apart, how controls fared.

    It says of every pair what the table of pairs says; see `is_significant`.
    """
    report = evaluation.report
    label = report.primary_metric.label
    ranked = _ranked(report)
    if len(report.models) < 2:
        return "Only one model: there is nothing to compare it with."
    if len(ranked) < 2:
        only = f"could be computed for {ranked[0]} only" if ranked else "could not be computed"
        return f"{label} {only}, so nothing can be concluded."
    if _nothing_matches(report):
        return (
            f"{label} says nothing {_where(report)}: by it no caption matches a reference, so "
            "nothing can be concluded."
        )
    floor = _smallest_p(report)
    if floor >= _LEVEL:
        return (
            f"{_listed(ranked)} cannot be told apart by {label} {_where(report)}: with so few no "
            f"corrected p below {floor:.4g} exists, however large the difference is."
        )
    parts = [_standing(report, label, ranked), *_control(evaluation, label, ranked)]
    if report.images < _FEW_IMAGES:
        parts.append(f"with {_images(report.images)} only large differences can be detected")
    return "; ".join(parts) + "."


def is_significant(pair: PairComparison) -> bool:
    """Tell whether test and interval agree on a difference; marks and sentence follow from it."""
    return pair.p_holm < _LEVEL and not _contains_zero(pair)


def _contains_zero(pair: PairComparison) -> bool:
    """Tell whether the interval of the difference leaves open who is ahead."""
    return pair.low is None or pair.high is None or pair.low <= 0 <= pair.high


def nothing_differs(pairs: Sequence[PairComparison]) -> bool:
    """Tell whether all models score the same in every resample, so that none can be marked."""
    return bool(pairs) and all(
        pair.difference == 0 and pair.low == 0 and pair.high == 0 for pair in pairs
    )


def _nothing_matches(report: ScoreReport) -> bool:
    """Tell whether the primary metric gives every model a number without any match behind it."""
    unmatched = (
        score.low is None
        for model in report.models
        if (score := model.scores[report.primary]).value is not None
    )
    return nothing_differs(primary_pairs(report)) and all(unmatched)


def _smallest_p(report: ScoreReport) -> float:
    """Return the smallest corrected p that this number of images and pairs allows."""
    pairs = primary_pairs(report)
    if not pairs:
        return 0.0
    smallest = 2.0 ** (1 - report.images) if pairs[0].exact else 1 / (report.resamples + 1)
    return min(1.0, smallest * len(pairs))


def _ranked(report: ScoreReport) -> list[str]:
    """Return the models that have the primary score, best first."""
    values = {
        scores.model: score.value
        for scores in report.models
        if (score := scores.scores.get(report.primary)) is not None and score.value is not None
    }
    better = report.primary_metric.better
    return sorted(values, key=lambda model: better(values[model]), reverse=True)


class _Statement(NamedTuple):
    """What is said of some pairs: of each in front with each of the rest, or of all in front."""

    front: list[str]
    rest: list[str]
    verb: str

    def __str__(self) -> str:
        if not self.rest:
            return f"{_listed(self.front)} {self.verb}"
        return f"{_listed(self.front)} {self.verb} {_listed(self.rest)}"


def _standing(report: ScoreReport, label: str, ranked: Sequence[str]) -> str:
    """Say of every pair who is ahead, or that nobody is."""
    level = list(_level(ranked, lambda one, other: not _ahead(report, one, other)))
    ahead = list(_ahead_of(ranked, lambda one, other: _ahead(report, one, other)))
    # The leader first, whichever it is.
    in_front = bool(level) and ranked[0] in (*level[0].front, *level[0].rest)
    statements = level + ahead if in_front else ahead + level
    first = statements[0]
    one, other = first.front[0], (first.rest or first.front[1:])[0]
    named = len(first.front) + len(first.rest) > 2
    sentences = [str(statement) for statement in statements]
    evidence = _evidence(_pair(report, one, other), f"{one} − {other}: " if named else "")
    sentences[0] += f" by {label} {_where(report)} ({evidence})"
    return (", and " if len(sentences) == 2 else "; ").join(sentences)


def _level(ranked: Sequence[str], level: _Relation) -> Iterator[_Statement]:
    """Yield every level pair once, those of the model with most equals first."""
    unsaid = {pair for pair in combinations(ranked, 2) if level(*pair)}
    while unsaid:
        counts = Counter(model for pair in unsaid for model in pair)
        centre = max(ranked, key=lambda model: counts[model])
        pairs = [pair for pair in combinations(ranked, 2) if pair in unsaid and centre in pair]
        equals = [one if other == centre else other for one, other in pairs]
        unsaid.difference_update(pairs)
        among = list(combinations(equals, 2))
        if all(level(*pair) for pair in among):
            unsaid.difference_update(among)
            front = [model for model in ranked if model == centre or model in equals]
            yield _Statement(front, [], "cannot be told apart")
        else:
            yield _Statement([centre], equals, "cannot be told apart from")


def _ahead_of(ranked: Sequence[str], ahead: _Relation) -> Iterator[_Statement]:
    """Yield who is ahead of whom, best first; neighbours with the same behind them together."""
    behind = {
        one: [other for other in rest if ahead(one, other)] for one, rest in _with_rest(ranked)
    }
    for rest, models in groupby(ranked, key=lambda model: behind[model]):
        front = list(models)
        if rest:
            yield _Statement(front, rest, "is ahead of" if len(front) == 1 else "are ahead of")


def _with_rest(ranked: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    return ((model, ranked[number:]) for number, model in enumerate(ranked, 1))


def _control(evaluation: Evaluation, label: str, ranked: Sequence[str]) -> Iterator[str]:
    """Say whether the metric saw through the models that are expected to be wrong."""
    report = evaluation.report
    for control in ranked:
        if control not in evaluation.negative_controls:
            continue
        others = [model for model in ranked if model not in evaluation.negative_controls]
        if not others:
            return
        best = others[0]
        if _ahead(report, best, control):
            yield f"the negative control {control} is detected: {best} is clearly better"
        else:
            yield (
                f"the negative control {control} is not detected by {label}, so the ranking should "
                "not be trusted"
            )


def _ahead(report: ScoreReport, one: str, other: str) -> bool:
    pair = _pair(report, one, other)
    if pair is None or not is_significant(pair):
        return False
    return (report.metric(pair.metric).better(pair.difference) > 0) == (pair.a == one)


def _pair(report: ScoreReport, one: str, other: str) -> PairComparison | None:
    return next((pair for pair in primary_pairs(report) if {pair.a, pair.b} == {one, other}), None)


def _evidence(pair: PairComparison | None, names: str) -> str:
    if pair is None:
        return "not tested"
    p = "p < 0.001" if pair.p_holm < 0.001 else f"p = {pair.p_holm:.3f}"
    if pair.p_holm < _LEVEL and _contains_zero(pair):
        p += ", but its interval contains zero"
    return f"{names}difference {abs(pair.difference):.3f}, {p}"


def _listed(models: Sequence[str]) -> str:
    if len(models) == 1:
        return models[0]
    return f"{', '.join(models[:-1])} and {models[-1]}"


def _where(report: ScoreReport) -> str:
    return "on this image" if report.images == 1 else f"on these {_images(report.images)}"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
