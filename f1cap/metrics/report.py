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
from f1cap.metrics.remarks import corpus_remarks, length_remarks
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
        note: Why there are none.
        problem: The failure behind it; None where the metric just does not apply.
    """

    spec: MetricSpec
    version: str | None
    statistics: Mapping[str, Statistics] = field(default_factory=dict)
    formula: Callable[[Matrix, int], Matrix] | None = None
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
    return Block(width, tuple(column.name for column in result.spec.columns), formula)


class _Evidence(NamedTuple):
    """All models' statistics over the same images, and what resampling makes of them.

    Attributes:
        rows: Of each model, shape (n, layout.width).
        whole: Scores of all images, shape (models, metrics).
        drawn: Bootstrap scores, shape (resamples, models, metrics); None with fewer than two
            images.
    """

    layout: Layout
    images: int
    rows: Sequence[Matrix]
    whole: Matrix
    drawn: Matrix | None
    resamples: int
    confidence: float

    def ends(self, drawn: Matrix) -> tuple[Matrix, Matrix]:
        """Return the ends of the intervals of bootstrap values, shape (resamples, ...)."""
        return statistics.expanded_percentile(drawn, self.images, self.confidence)


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
    remarks = (
        *computed.remarks,
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
    whole = np.empty((len(rows), 0))
    drawn: Matrix | None = None
    if rows:
        whole = layout.scores(np.stack([matrix.sum(axis=0) for matrix in rows]), images)
    if rows and images > 1:
        # Side by side, so that every model meets the same images in each resample.
        sums = statistics.bootstrap_sums(np.hstack(rows), resamples, options.seed)
        drawn = layout.scores(sums.reshape(resamples, len(rows), layout.width), images)
    return _Evidence(layout, images, rows, whole, drawn, resamples, options.confidence)


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
    if evidence.drawn is not None:
        low, high = evidence.ends(evidence.drawn[:, position])
        ends = dict(zip(metrics, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    counts = [len(lines) for lines in aligned.references]
    scores: dict[str, Score] = {}
    for result in computed.results:
        for column in result.spec.columns:
            made = result.spec.signature(column, result.version, counts)
            low_end, high_end = ends.get(column.name, (None, None))
            value = values.get(column.name)
            scores[column.name] = Score(value, low_end, high_end, made, result.note)
    return scores


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
    pairs = list(itertools.combinations(range(len(models)), 2))
    if not pairs or not evidence.rows:
        return
    p_values = statistics.randomisation_ps(
        evidence.rows, pairs, evidence.layout, trials=evidence.resamples, seed=seed
    )
    first, second = (list(side) for side in zip(*pairs, strict=True))
    differences = evidence.whole[first] - evidence.whole[second]
    better = {metric.name: metric.better(1.0) for metric in computed.metrics}
    signs = np.array([better[name] for name in evidence.layout.metrics])
    wins = (np.sign(differences) * signs + 1) / 2
    ends: tuple[Matrix, Matrix] | None = None
    if evidence.drawn is not None:
        drawn = evidence.drawn[:, first] - evidence.drawn[:, second]
        ends = evidence.ends(drawn)
        wins = (np.sign(drawn).mean(axis=0) * signs + 1) / 2
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
