"""From computed statistics to the records that cross rooms: intervals, comparisons, categories."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from f1cap.errors import F1capError
from f1cap.metrics import fluency, formulas, statistics
from f1cap.metrics.alignment import Aligned
from f1cap.metrics.catalog import METRICS, signature
from f1cap.metrics.remarks import corpus_remarks, length_remarks
from f1cap.records.images import Problem
from f1cap.records.scores import (
    Annotations,
    CategoryScores,
    ImageScores,
    JavaRuntime,
    ModelScores,
    PairComparison,
    Remark,
    Score,
    ScoreOptions,
    ScoreReport,
)

Matrix = npt.NDArray[np.float64]


@dataclass(slots=True)
class Computed:
    """What the scorers found, being filled.

    Attributes:
        wanted: Metrics asked for, in the catalogue's order.
        java: What ran the tokeniser and METEOR.
        rows: Statistics by model and family, shape (n, width): what sums over images are taken of.
        corpus: Scores by model and metric where a scorer gives them itself.
        per_image: Scores by model and family, shape (n, metrics), where a scorer gives them itself.
        versions: Of the code behind each family.
        notes: Why a metric has no value.
        remarks: What to know when reading the numbers.
        problems: What failed.
    """

    wanted: tuple[str, ...]
    java: JavaRuntime | None
    rows: dict[str, dict[str, Matrix]] = field(default_factory=lambda: defaultdict(dict))
    corpus: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    per_image: dict[str, dict[str, Matrix]] = field(default_factory=lambda: defaultdict(dict))
    versions: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, model: str, family: str, rows: Matrix) -> None:
        """Take a model's statistics of a family, shape (n, width) or (n,)."""
        self.rows[model][family] = rows.reshape(len(rows), formulas.FAMILIES[family].width)

    def fail(self, families: Sequence[str], error: F1capError) -> None:
        """Note that these families have no values."""
        self.problems.append(Problem.of(error))
        for family in families:
            self.notes.update(dict.fromkeys(formulas.FAMILIES[family].metrics, error.message))


class _Evidence(NamedTuple):
    """All models' statistics over the same images, and what resampling makes of them.

    Attributes:
        rows: Of each model, shape (n, layout.width).
        whole: Scores of all images, shape (models, metrics).
        drawn: Bootstrap scores, shape (resamples, models, metrics); None with fewer than two
            images.
    """

    layout: formulas.Layout
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
    return ScoreReport(
        images=len(aligned.images),
        primary=options.primary,
        models=models,
        pairs=tuple(_pairs(list(aligned.captions), evidence, options.seed)),
        remarks=(
            *computed.remarks,
            *corpus_remarks(aligned.images, aligned.references, sizes),
            *(remark for model in models for remark in length_remarks(model.model, model.text)),
        ),
        problems=tuple(computed.problems),
        java=computed.java,
        resamples=evidence.resamples,
        seed=options.seed,
        confidence=options.confidence,
        versions={**computed.versions, "numpy": np.__version__},
    )


def _evidence(aligned: Aligned, computed: Computed, options: ScoreOptions) -> _Evidence:
    images = len(aligned.images)
    per_model = [computed.rows[model] for model in aligned.captions]
    layout = formulas.layout_of(
        [name for name in formulas.FAMILIES if all(name in rows for rows in per_model)]
    )
    resamples = options.resamples or statistics.default_resamples(images)
    rows = [layout.stack(of_model) for of_model in per_model] if layout.families else []
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
            CategoryScores(name, len(of), _sum_scores(rows, of, evidence.layout, computed.wanted))
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
        values |= computed.corpus[model]
    if evidence.drawn is not None:
        low, high = evidence.ends(evidence.drawn[:, position])
        ends = dict(zip(metrics, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    counts = [len(lines) for lines in aligned.references]
    scores: dict[str, Score] = {}
    for name in computed.wanted:
        version = computed.versions.get(METRICS[name].family, "not computed")
        made = signature(name, version, counts)
        low_end, high_end = ends.get(name, (None, None))
        scores[name] = Score(values.get(name), low_end, high_end, made, computed.notes.get(name))
    return scores


def _sum_scores(
    rows: Matrix | None, of: Sequence[int], layout: formulas.Layout, wanted: Sequence[str]
) -> dict[str, float | None]:
    """Score some images; CIDEr keeps the word weights of the whole set, which its rows carry."""
    values: dict[str, float] = {}
    if rows is not None:
        scores = layout.scores(rows[list(of)].sum(axis=0), len(of))
        values = dict(zip(layout.metrics, scores.tolist(), strict=True))
    return {name: values.get(name) for name in wanted}


def _image_scores(
    model: str, aligned: Aligned, computed: Computed, annotations: Annotations
) -> Iterator[ImageScores]:
    columns: dict[str, Sequence[float | None]] = {}
    for family, rows in computed.rows[model].items():
        own = computed.per_image[model].get(family)
        values = formulas.FAMILIES[family].formula(rows, 1) if own is None else own
        columns.update(zip(formulas.FAMILIES[family].metrics, values.T.tolist(), strict=True))
    nothing: Mapping[str, Sequence[float | None]] = {
        name: [None] * len(aligned.images) for name in computed.wanted
    }
    columns = {**nothing, **columns}
    for row, image in enumerate(aligned.images):
        yield ImageScores(
            image=image,
            category=annotations.categories.get(image),
            caption=aligned.captions[model][row],
            references=tuple(aligned.references[row]),
            scores={name: columns[name][row] for name in computed.wanted},
        )


def _pairs(models: Sequence[str], evidence: _Evidence, seed: int) -> Iterator[PairComparison]:
    """Compare every two models under every metric; the correction is for the pairs of a metric."""
    pairs = list(itertools.combinations(range(len(models)), 2))
    if not pairs or not evidence.rows:
        return
    p_values = statistics.randomisation_ps(
        evidence.rows, pairs, evidence.layout, trials=evidence.resamples, seed=seed
    )
    first, second = (list(side) for side in zip(*pairs, strict=True))
    differences = evidence.whole[first] - evidence.whole[second]
    wins = (np.sign(differences) + 1) / 2
    ends: tuple[Matrix, Matrix] | None = None
    if evidence.drawn is not None:
        drawn = evidence.drawn[:, first] - evidence.drawn[:, second]
        ends = evidence.ends(drawn)
        wins = (np.sign(drawn).mean(axis=0) + 1) / 2
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
