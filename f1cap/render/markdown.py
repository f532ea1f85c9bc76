"""A comparison as Markdown that GitHub renders; nothing from a caption is taken for markup."""

import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from f1cap.records.evaluations import Comparison, primary_pairs
from f1cap.render.columns import Column, columns_of
from f1cap.render.formatting import count, printable
from f1cap.render.scores import (
    difference,
    interval,
    level_means,
    p_value,
    rough_number,
    score_number,
)

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~$@-])")


def escape(text: str) -> str:
    """Return text that Markdown shows letter by letter, in a table too."""
    plain = printable(" ".join(text.split()))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", plain)


def write_markdown(comparison: Comparison, stream: TextIO, *, verbose: bool = False) -> None:
    """Write the whole comparison as one Markdown text."""
    stream.writelines(f"{line}\n" for line in _lines(comparison, columns_of(comparison)))


def _lines(comparison: Comparison, columns: Sequence[Column]) -> Iterator[str]:
    report = comparison.evaluation.report
    yield f"## {count(len(report.models), 'model')} on {count(report.images, 'image')}"
    yield ""
    yield f"**{escape(comparison.conclusion)}**"
    yield ""
    yield from _model_table(comparison, columns)
    if any(comparison.best.values()):
        yield ""
        yield (
            f"Bold: best. Bold with =: {level_means()}. Scores are as each metric gives "
            "them: pycocoevalcap's are not times 100."
        )
    yield from _pairs(comparison)
    yield from _categories(comparison)
    yield from _disagreements(comparison)
    notes = [escape(problem.message) for problem in report.problems]
    notes += [escape(remark.text) for remark in report.remarks]
    if notes:
        yield ""
        yield "### Notes"
        yield ""
        yield from (f"- {note}" for note in notes)
    yield ""
    signatures = [str(score.signature) for score in report.models[0].scores.values()]
    yield "Signatures: " + ", ".join(f"`{signature}`" for signature in signatures)


def _model_table(comparison: Comparison, columns: Sequence[Column]) -> Iterator[str]:
    yield "| Model | " + " | ".join(column.heading for column in columns) + " |"
    yield "| --- |" + " ---: |" * len(columns)
    for model in comparison.evaluation.report.models:
        name = escape(model.model)
        if model.model in comparison.evaluation.negative_controls:
            name += " (negative control)"
        cells = [_marked(column.cell(comparison, model)) for column in columns]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _marked(cell: str) -> str:
    if cell.endswith("*"):
        return f"**{cell[:-1]}**"
    return f"**{cell}**" if cell.endswith("=") else cell


def _pairs(comparison: Comparison) -> Iterator[str]:
    pairs = primary_pairs(comparison.evaluation.report)
    if not pairs:
        return
    report = comparison.evaluation.report
    primary = report.primary_metric
    yield ""
    yield f"### Differences in {primary.label}"
    yield ""
    yield "| Pair | Difference | 95 % interval | p (Holm) |"
    yield "| --- | ---: | --- | ---: |"
    for pair in pairs:
        names = f"{escape(pair.a)} − {escape(pair.b)}"
        figures = (difference(pair, primary), interval(pair, primary), p_value(pair.p_holm))
        yield f"| {names} | {' | '.join(figures)} |"


def _categories(comparison: Comparison) -> Iterator[str]:
    report = comparison.evaluation.report
    categories = report.models[0].categories
    if len(categories) < 2:
        return
    primary = report.primary_metric
    yield ""
    yield f"### {primary.label} by category"
    yield ""
    yield "| Category | n | " + " | ".join(escape(model.model) for model in report.models) + " |"
    yield "| --- | ---: |" + " ---: |" * len(report.models)
    for index, category in enumerate(categories):
        values = [
            score_number(model.categories[index].scores[primary.name], primary)
            for model in report.models
        ]
        yield f"| {escape(category.category)} | {category.images} | " + " | ".join(values) + " |"


def _disagreements(comparison: Comparison) -> Iterator[str]:
    if not comparison.disagreements:
        return
    yield ""
    yield "### Where the models disagree most"
    yield ""
    report = comparison.evaluation.report
    primary = report.primary_metric
    models = list(comparison.disagreements[0].captions)
    yield "| Image | Reference | " + " | ".join(escape(model) for model in models) + " |"
    yield "| --- | --- |" + " --- |" * len(models)
    for found in comparison.disagreements:
        cells = [
            f"{escape(found.captions[model])} ({rough_number(found.scores[model], primary)})"
            for model in models
        ]
        row = [escape(found.image), escape(found.references[0] if found.references else ""), *cells]
        yield f"| {' | '.join(row)} |"
