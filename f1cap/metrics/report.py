"""From computed statistics to the records of a report: intervals, comparisons, categories."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from f1cap.metrics import fluency, statistics
from f1cap.metrics.alignment import Aligned
from f1cap.metrics.base import Statistics
from f1cap.metrics.formulas import Block, Layout, Matrix
from f1cap.metrics.registry import MetricSpec
from f1cap.metrics.remarks import corpus_remarks, length_remarks, match_remarks, script_remarks
from f1cap.records.images import Problem
from f1cap.records.scores import (
    Annotations,
    CategoryScores,
    ImageScores,
    JavaRuntime,
    Metric,
    ModelScores,
    PairComparison,
    Remark,
    Score,
    ScoreOptions,
    ScoreReport,
)


@dataclass(frozen=True, slots=True)
class MetricResult:
    """What came of one metric.

    Attributes:
        version: Of the code behind it; None where it did not run.
        statistics: By model; empty where there are none.
        formula: From sums of the rows and a number of images to scores; None without statistics.
        resampled: The same for resamples and swaps of images; None where that is no other.
        note: Why there are none.
        problem: The failure behind it; None where the metric just does not apply.
    """

    spec: MetricSpec
    version: str | None
    statistics: Mapping[str, Statistics] = field(default_factory=dict)
    formula: Callable[[Matrix, int], Matrix] | None = None
    resampled: Callable[[Matrix, int], Matrix] | None = None
    note: str | None = None
    problem: Problem | None = None


class _Counted(NamedTuple):
    """A metric that has statistics of every model."""

    block: Block
    statistics: Mapping[str, Statistics]


@dataclass(frozen=True, slots=True)
class Computed:
    """What came of all metrics.

    Attributes:
        results: In the order in which their scores are listed.
        primary: The score named beforehand.
        java: What ran the tokeniser and METEOR; None where nothing did.
        remarks: What to know when reading the numbers.
    """

    results: tuple[MetricResult, ...]
    primary: str
    java: JavaRuntime | None
    remarks: tuple[Remark, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every score that was asked for."""
        return tuple(column for result in self.results for column in result.spec.columns)

    @property
    def counted(self) -> list[_Counted]:
        """Return the metrics that have statistics."""
        return [
            _Counted(_block(result, result.formula), result.statistics)
            for result in self.results
            if result.formula is not None
        ]


def _block(result: MetricResult, formula: Callable[[Matrix, int], Matrix]) -> Block:
    width = next(iter(result.statistics.values())).rows.shape[1]
    names = tuple(column.name for column in result.spec.columns)
    return Block(width, names, formula, result.resampled)


class _Evidence(NamedTuple):
    """All models' statistics over the same images, and what resampling makes of them.

    Attributes:
        rows: Of each model, shape (n, layout.width).
        whole: Scores of all images, shape (models, metrics).
        signal: The same as resamples and swaps are scored: 0 where nothing matches.
        drawn: Bootstrap scores, shape (resamples, models, metrics); None with fewer than two
            images.
        pairs: Positions of every two models.
        reach: How far the intervals of the models' scores and, after them, of the pairs'
            differences go to either side, shape (models + pairs, metrics); None with fewer than two
            images, or so many that percentiles do.
    """

    layout: Layout
    images: int
    rows: Sequence[Matrix]
    whole: Matrix
    signal: Matrix
    drawn: Matrix | None
    pairs: Sequence[tuple[int, int]]
    reach: Matrix | None
    resamples: int
    confidence: float

    def score_ends(self, position: int) -> tuple[Matrix, Matrix] | None:
        """Return the ends of the intervals of a model's scores, shape (metrics,)."""
        if self.reach is not None:
            whole, reach = self.whole[position], self.reach[position]
            return whole - reach, whole + reach
        return None if self.drawn is None else self._percentiles(self.drawn[:, position])

    def pair_ends(self) -> tuple[Matrix, Matrix] | None:
        """Return the ends of the intervals of all differences, shape (pairs, metrics)."""
        if self.reach is not None:
            differences, reach = _contrast(self.signal, self.pairs), self.reach[len(self.rows) :]
            return differences - reach, differences + reach
        return None if self.drawn is None else self._percentiles(_contrast(self.drawn, self.pairs))

    def _percentiles(self, drawn: Matrix) -> tuple[Matrix, Matrix]:
        return statistics.expanded_percentile(drawn, self.images, self.confidence)

    def unmatched(self, position: int) -> list[str]:
        """Return the metrics that give a model a number though nothing of it matches."""
        nothing = (self.signal[position] == 0) & (self.whole[position] != 0)
        return [name for name, none in zip(self.layout.metrics, nothing, strict=True) if none]


def build_report(
    aligned: Aligned, computed: Computed, options: ScoreOptions, annotations: Annotations
) -> ScoreReport:
    """Put everything together.

    Args:
        aligned: The images that were scored.
        computed: What the scorers found.
        options: Of the whole call.
        annotations: Categories of images, and what was recorded of captions.
    """
    evidence = _evidence(aligned, computed, options)
    groups = _groups(aligned.images, annotations)
    models = tuple(
        _model_scores(position, aligned, computed, evidence, annotations)
        for position in range(len(aligned.captions))
    )
    sizes = {name: len(rows) for name, rows in groups.items()}
    names = {metric.name for metric in computed.metrics}
    english = any(result.spec.package is None for result in computed.results)
    unmatched = {
        model: evidence.unmatched(position)
        for position, model in enumerate(aligned.captions if evidence.rows else ())
    }
    remarks = (
        *computed.remarks,
        *match_remarks(computed.metrics, unmatched),
        *(script_remarks(aligned.captions, aligned.references) if english else ()),
        *corpus_remarks(aligned.images, aligned.references, sizes, names),
        *(found for model in models for found in length_remarks(model.model, model.text, names)),
    )
    problems = (result.problem for result in computed.results if result.problem is not None)
    versions = {r.spec.name: r.version for r in computed.results if r.version is not None}
    return ScoreReport(
        images=len(aligned.images),
        primary=computed.primary,
        metrics=computed.metrics,
        models=models,
        pairs=tuple(_pairs(list(aligned.captions), computed, evidence, options.seed)),
        remarks=tuple(r for r in remarks if r.metric is None or r.metric in names),
        problems=tuple(dict.fromkeys(problems)),  # one Java that fails fails many metrics
        java=computed.java,
        resamples=evidence.resamples,
        seed=options.seed,
        confidence=options.confidence,
        versions={**versions, "numpy": np.__version__},
    )


def _evidence(aligned: Aligned, computed: Computed, options: ScoreOptions) -> _Evidence:
    images = len(aligned.images)
    counted = computed.counted
    layout = Layout(tuple(one.block for one in counted))
    resamples = options.resamples or statistics.default_resamples(images)
    rows = [
        np.hstack([one.statistics[model].rows for one in counted])
        for model in (aligned.captions if counted else ())
    ]
    whole = signal = np.empty((len(aligned.captions), 0))
    drawn: Matrix | None = None
    reach: Matrix | None = None
    pairs = list(itertools.combinations(range(len(rows)), 2))
    if rows:
        totals = np.stack([matrix.sum(axis=0) for matrix in rows])
        whole, signal = layout.scores(totals, images), layout.resampled(totals, images)
    if rows and images > 1:
        # Side by side, so that every model meets the same images in each resample.
        columns = np.hstack(rows)
        influences = np.empty((images, 0, len(layout.metrics)))
        if images <= statistics.STUDENTISED_LIMIT:
            each = np.stack([statistics.influence(matrix, layout) for matrix in rows], axis=1)
            influences = np.concatenate([each, _contrast(each, pairs)], axis=1)
            squares = influences**2
            columns = np.hstack([columns, *(m.reshape(images, -1) for m in (influences, squares))])
        sums = statistics.bootstrap_sums(columns, resamples, options.seed)
        split = len(rows) * layout.width
        drawn = layout.resampled(
            sums[:, :split].reshape(resamples, len(rows), layout.width), images
        )
        if influences.size:
            reach = statistics.studentised(
                np.concatenate([signal, _contrast(signal, pairs)]),
                np.concatenate([drawn, _contrast(drawn, pairs)], axis=1),
                influences,
                sums[:, split:].reshape(resamples, 2, -1, len(layout.metrics)),
                options.confidence,
            )
    return _Evidence(
        layout,
        images,
        rows,
        whole,
        signal,
        drawn,
        pairs,
        reach,
        resamples,
        options.confidence,
    )


def _contrast(values: Matrix, pairs: Sequence[tuple[int, int]]) -> Matrix:
    """Subtract from a pair's first model its second; models lie on the last axis but one."""
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    contrast: Matrix = values[..., first, :] - values[..., second, :]
    return contrast


def _groups(images: Sequence[str], annotations: Annotations) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        category = annotations.categories.get(image)
        if category is not None:
            groups[category].append(row)
    return dict(sorted(groups.items()))


def _model_scores(
    position: int,
    aligned: Aligned,
    computed: Computed,
    evidence: _Evidence,
    annotations: Annotations,
) -> ModelScores:
    model = list(aligned.captions)[position]
    groups = _groups(aligned.images, annotations)
    rows = evidence.rows[position] if evidence.rows else None
    return ModelScores(
        model=model,
        images=len(aligned.images),
        scores=_corpus_scores(position, model, aligned, computed, evidence),
        text=fluency.text_statistics(
            aligned.raw[model],
            dict(zip(aligned.images, aligned.references, strict=True)),
            annotations.flags.get(model),
        ),
        categories=tuple(
            CategoryScores(name, len(of), _sum_scores(rows, of, evidence.layout, computed.metrics))
            for name, of in groups.items()
        ),
        per_image=tuple(_image_scores(model, aligned, computed, annotations)),
    )


def _corpus_scores(
    position: int, model: str, aligned: Aligned, computed: Computed, evidence: _Evidence
) -> dict[str, Score]:
    metrics = evidence.layout.metrics
    values: dict[str, float] = {}
    ends: dict[str, tuple[float, float]] = {}
    if evidence.rows:
        values = dict(zip(metrics, evidence.whole[position].tolist(), strict=True))
    for block, found in computed.counted:
        own = found[model].corpus
        if own is not None:
            values.update(zip(block.metrics, own.tolist(), strict=True))
    if evidence.rows and (found_ends := evidence.score_ends(position)) is not None:
        low, high = (end.tolist() for end in found_ends)
        ends = dict(zip(metrics, zip(low, high, strict=True), strict=True))
    for metric in evidence.unmatched(position):
        ends.pop(metric, None)  # an interval from 0 to 0 would claim to be sure
    counts = [len(lines) for lines in aligned.references]
    scores: dict[str, Score] = {}
    for result in computed.results:
        for column in result.spec.columns:
            made = result.spec.signature(column, result.version, counts)
            value = values.get(column.name)
            low_end, high_end = _within(column, value, ends.get(column.name))
            scores[column.name] = Score(value, low_end, high_end, made, result.note)
    return scores


def _within(
    metric: Metric, value: float | None, ends: tuple[float, float] | None
) -> tuple[float | None, float | None]:
    """Keep an interval where scores can lie, and around its score to the last digit."""
    if value is None or ends is None:
        return None, None
    low = max(ends[0], metric.lowest) if metric.lowest is not None else ends[0]
    high = min(ends[1], metric.highest) if metric.highest is not None else ends[1]
    return min(low, value), max(high, value)


def _sum_scores(
    rows: Matrix | None, of: Sequence[int], layout: Layout, wanted: Sequence[Metric]
) -> dict[str, float | None]:
    """Score some images; CIDEr keeps the word weights of the whole set, which its rows carry."""
    values: dict[str, float] = {}
    if rows is not None:
        scores = layout.scores(rows[list(of)].sum(axis=0), len(of))
        values = dict(zip(layout.metrics, scores.tolist(), strict=True))
    return {metric.name: values.get(metric.name) for metric in wanted}


def _image_scores(
    model: str, aligned: Aligned, computed: Computed, annotations: Annotations
) -> Iterator[ImageScores]:
    columns: dict[str, Sequence[float | None]] = {
        metric.name: [None] * len(aligned.images) for metric in computed.metrics
    }
    for block, found in computed.counted:
        own = found[model].per_image
        values = block.formula(found[model].rows, 1) if own is None else own
        columns.update(zip(block.metrics, values.T.tolist(), strict=True))
    for row, image in enumerate(aligned.images):
        yield ImageScores(
            image=image,
            category=annotations.categories.get(image),
            caption=aligned.captions[model][row],
            references=tuple(aligned.references[row]),
            scores={name: values[row] for name, values in columns.items()},
        )


def _pairs(
    models: Sequence[str], computed: Computed, evidence: _Evidence, seed: int
) -> Iterator[PairComparison]:
    """Compare every two models under every metric; the correction is for the pairs of a metric."""
    pairs = evidence.pairs
    if not pairs:
        return
    p_values = statistics.randomisation_ps(
        evidence.rows, pairs, evidence.layout, trials=evidence.resamples, seed=seed
    )
    differences = _contrast(evidence.signal, pairs)
    better = {metric.name: metric.better(1.0) for metric in computed.metrics}
    signs = np.array([better[name] for name in evidence.layout.metrics])
    wins = (np.sign(differences) * signs + 1) / 2
    ends = evidence.pair_ends()
    if evidence.drawn is not None:
        wins = (np.sign(_contrast(evidence.drawn, pairs)).mean(axis=0) * signs + 1) / 2
    for column, metric in enumerate(evidence.layout.metrics):
        corrected = statistics.holm(p_values[:, column].tolist())
        for row, (a, b) in enumerate(pairs):
            yield PairComparison(
                a=models[a],
                b=models[b],
                metric=metric,
                difference=float(differences[row, column]),
                low=None if ends is None else float(ends[0][row, column]),
                high=None if ends is None else float(ends[1][row, column]),
                p=float(p_values[row, column]),
                p_holm=corrected[row],
                exact=evidence.images <= statistics.EXACT_LIMIT,
                wins=float(wins[row, column]),
            )
