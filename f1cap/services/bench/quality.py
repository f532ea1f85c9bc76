"""How good the captions are that a benchmark made anyway."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from f1cap.errors import F1capError
from f1cap.metrics.scoring import Scorer
from f1cap.records.benchmarks import BenchQuality, BenchRow
from f1cap.records.images import Reference
from f1cap.records.scores import ModelScores, ScoreOptions


def add_quality(
    rows: Sequence[BenchRow], references: Mapping[str, Reference], java: Path | None = None
) -> tuple[BenchRow, ...]:
    """Score the captions of every complete row, all on the same pictures.

    Where that cannot be done the rows say why; the measured times stand.
    """
    told = {image: found.captions for image, found in references.items() if found.captions}
    places = [place for place, row in enumerate(rows) if row.captions]
    if not places:
        return tuple(rows)
    common = set(told).intersection(*(rows[place].captions for place in places))
    if not common:
        return tuple(rows)
    wanted = {image: told[image] for image in told if image in common}
    candidates = {
        str(place): {image: rows[place].captions[image] for image in wanted} for place in places
    }
    try:
        with Scorer(java, meteor=False) as scorer:
            report = scorer.score(
                candidates, wanted, options=ScoreOptions(metrics=("cider",), primary="cider")
            )
    except F1capError as error:
        nothing = BenchQuality(len(wanted), None, None, None, None, note=error.message)
        return tuple(replace(row, quality=nothing) if row.captions else row for row in rows)
    scored = {int(scores.model): _quality(scores) for scores in report.models}
    return tuple(
        replace(row, quality=scored[place]) if place in scored else row
        for place, row in enumerate(rows)
    )


def _quality(scores: ModelScores) -> BenchQuality:
    cider = scores.scores["cider"]
    return BenchQuality(
        images=scores.images,
        cider=cider.value,
        low=cider.low,
        high=cider.high,
        length_ratio=scores.text.length_ratio,
        signature=str(cider.signature),
        note=cider.note,
    )
