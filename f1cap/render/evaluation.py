"""What `eval` shows: scores with intervals, categories, the best and the worst images."""

from collections.abc import Sequence
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from f1cap.records.evaluations import Evaluation
from f1cap.records.scores import ImageScores, Metric, ModelScores
from f1cap.render.document import status_of, write_document
from f1cap.render.formatting import count, printable
from f1cap.render.scores import (
    captions_grid,
    interval,
    print_remarks,
    print_signatures,
    score_number,
    text_lines,
)
from f1cap.render.terminal import data_console, print_fitting, print_trimmed, table_writer


def write_json(evaluation: Evaluation, stream: TextIO, *, verbose: bool = False) -> None:
    """Write all scores as one document."""
    problems = evaluation.report.problems
    write_document("eval", status_of(problems), evaluation.to_dict(), problems, stream)


def write_csv(evaluation: Evaluation, stream: TextIO, *, verbose: bool = False) -> None:
    """Write one row per image and model, for a spreadsheet."""
    metrics = [metric.name for metric in evaluation.report.metrics]
    writer = table_writer(stream)
    writer.writerow(["model", "image", "category", "caption", *metrics])
    for scores in evaluation.report.models:
        for image in scores.per_image:
            name = image.image.encode("utf-8", "backslashreplace").decode()
            values = [image.scores.get(metric) for metric in metrics]
            writer.writerow([scores.model, name, image.category, image.caption, *values])


def write_table(evaluation: Evaluation, stream: TextIO, *, verbose: bool = False) -> None:
    """Write the scores of every caption set for people."""
    console = data_console(stream)
    report = evaluation.report
    for scores in report.models:
        heading = f"{printable(scores.model)} on {count(scores.images, 'image')}"
        if scores.model in evaluation.negative_controls:
            heading += " (negative control)"
        console.print(Text(heading, style="bold"))
        print_trimmed(console, _score_table(report.metrics, scores))
        for line in text_lines(scores.text):
            console.print(Text(line))
        console.print()
        if len(scores.categories) > 1:
            _print_categories(console, report.ranked_metrics, scores)
            console.print()
        ranking = evaluation.rankings[scores.model]
        metric = report.metric(ranking.metric)
        _print_ranked(console, f"Best by {metric.label}", ranking.best, metric)
        _print_ranked(console, f"Worst by {metric.label}", ranking.worst, metric)
        if verbose:
            print_signatures(console, scores.scores.values())
            console.print()
    print_remarks(console, report)
    for path in evaluation.written:
        console.print(Text(f"Written: {printable(str(path))}", style="dim"), soft_wrap=True)


def _score_table(metrics: Sequence[Metric], scores: ModelScores) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Metric", style="cyan")
    table.add_column("Score", justify="right")
    table.add_column("95 % interval")
    table.add_column("")
    for metric in metrics:
        score = scores.scores[metric.name]
        value = score_number(score.value, metric)
        table.add_row(metric.label, value, interval(score, metric), score.note or "")
    return table


class _CategoryColumn(NamedTuple):
    heading: str
    keep: int
    metric: Metric


def _print_categories(console: Console, metrics: Sequence[Metric], scores: ModelScores) -> None:
    print_fitting(
        console,
        [_CategoryColumn(metric.label, index, metric) for index, metric in enumerate(metrics)],
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
            *(score_number(category.scores[c.metric.name], c.metric) for c in columns),
        )
    return table


def _print_ranked(
    console: Console, heading: str, images: Sequence[ImageScores], metric: Metric
) -> None:
    if not images:
        return
    console.print(Text(heading, style="bold"))
    for image in images:
        value = score_number(image.scores[metric.name], metric)
        console.print(Text(f"{value}  ").append(printable(image.image), style="cyan"))
        table = captions_grid()
        table.add_row("caption", "", Text(printable(image.caption)))
        if image.references:
            table.add_row("reference", "", Text(printable(image.references[0])))
        print_trimmed(console, table)
    console.print()
