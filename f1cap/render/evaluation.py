"""What `eval` shows: scores with intervals, categories, the best and the worst images."""

from collections.abc import Sequence
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from f1cap.records.evaluations import Evaluation
from f1cap.records.scores import ImageScores, ModelScores
from f1cap.render.document import status_of, write_document
from f1cap.render.formats import EvalFormat
from f1cap.render.formatting import count, printable
from f1cap.render.scores import (
    captions_grid,
    interval,
    label,
    number,
    print_remarks,
    print_signatures,
    text_lines,
)
from f1cap.render.terminal import data_console, print_fitting, print_trimmed, table_writer

_CATEGORY_METRICS = ("cider", "meteor", "rouge_l", "bleu_4", "bleu_1", "semantic")


def write_evaluation(
    evaluation: Evaluation, form: EvalFormat, stream: TextIO, *, verbose: bool = False
) -> None:
    """Write the scores of every caption set."""
    if form is EvalFormat.JSON:
        _write_json(evaluation, stream)
    elif form is EvalFormat.CSV:
        _write_csv(evaluation, stream)
    else:
        _write_table(evaluation, stream, verbose=verbose)


def _write_json(evaluation: Evaluation, stream: TextIO) -> None:
    report = evaluation.report
    data = {
        **evaluation.plain(),
        "reports": [
            {**evaluation.plain_model(scores), "per_image": evaluation.plain_images(scores)}
            for scores in report.models
        ],
    }
    write_document("eval", status_of(report.problems), data, report.problems, stream)


def _write_csv(evaluation: Evaluation, stream: TextIO) -> None:
    """Write one row an image and a model: for a spreadsheet."""
    metrics = list(evaluation.report.models[0].scores)
    writer = table_writer(stream)
    writer.writerow(["model", "image", "category", "caption", *metrics])
    for scores in evaluation.report.models:
        for image in scores.per_image:
            name = image.image.encode("utf-8", "backslashreplace").decode()
            values = [image.scores.get(metric) for metric in metrics]
            writer.writerow([scores.model, name, image.category, image.caption, *values])


def _write_table(evaluation: Evaluation, stream: TextIO, *, verbose: bool) -> None:
    console = data_console(stream)
    for scores in evaluation.report.models:
        heading = f"{printable(scores.model)} on {count(scores.images, 'image')}"
        if scores.model in evaluation.negative_controls:
            heading += " (negative control)"
        console.print(Text(heading, style="bold"))
        print_trimmed(console, _score_table(scores))
        for line in text_lines(scores.text):
            console.print(Text(line))
        console.print()
        if len(scores.categories) > 1:
            _print_categories(console, scores)
            console.print()
        ranking = evaluation.rankings[scores.model]
        _print_ranked(console, f"Best by {label(ranking.metric)}", ranking.best, ranking.metric)
        _print_ranked(console, f"Worst by {label(ranking.metric)}", ranking.worst, ranking.metric)
        if verbose:
            print_signatures(console, scores.scores.values())
            console.print()
    print_remarks(console, evaluation.report)
    for path in evaluation.written:
        console.print(Text(f"Written: {printable(str(path))}", style="dim"), soft_wrap=True)


def _score_table(scores: ModelScores) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Metric", style="cyan")
    table.add_column("Score", justify="right")
    table.add_column("95 % interval")
    table.add_column("")
    for metric, score in scores.scores.items():
        table.add_row(label(metric), number(score.value), interval(score), score.note or "")
    return table


class _CategoryColumn(NamedTuple):
    heading: str
    keep: int
    metric: str


def _print_categories(console: Console, scores: ModelScores) -> None:
    metrics = [metric for metric in _CATEGORY_METRICS if metric in scores.scores]
    print_fitting(
        console,
        [_CategoryColumn(label(metric), place, metric) for place, metric in enumerate(metrics)],
        lambda columns: _category_table(scores, columns),
        elsewhere="json",
    )


def _category_table(scores: ModelScores, columns: Sequence[_CategoryColumn]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Category", style="cyan", overflow="ellipsis", no_wrap=True, max_width=28)
    table.add_column("n", justify="right")
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    for category in scores.categories:
        table.add_row(
            Text(printable(category.category)),
            str(category.images),
            *(number(category.scores.get(column.metric)) for column in columns),
        )
    return table


def _print_ranked(
    console: Console, heading: str, images: Sequence[ImageScores], metric: str
) -> None:
    if not images:
        return
    console.print(Text(heading, style="bold"))
    for image in images:
        value = number(image.scores.get(metric))
        console.print(Text(f"{value}  ").append(printable(image.image), style="cyan"))
        table = captions_grid()
        table.add_row("caption", "", Text(printable(image.caption)))
        table.add_row("reference", "", Text(printable(image.references[0])))
        print_trimmed(console, table)
    console.print()
