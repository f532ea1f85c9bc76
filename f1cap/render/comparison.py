"""What `compare` shows on a terminal, and as CSV."""

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from f1cap.records.evaluations import Comparison, primary_pairs
from f1cap.render.columns import Column, columns_of
from f1cap.render.document import status_of, write_document
from f1cap.render.formatting import count, printable
from f1cap.render.scores import (
    captions_grid,
    difference,
    interval,
    level_means,
    p_value,
    print_remarks,
    print_signatures,
    rough_number,
    score_number,
)
from f1cap.render.terminal import data_console, print_fitting, print_trimmed, table_writer


def write_json(comparison: Comparison, stream: TextIO, *, verbose: bool = False) -> None:
    """Write a comparison as one document."""
    problems = comparison.evaluation.report.problems
    write_document("compare", status_of(problems), comparison.to_dict(), problems, stream)


def write_table(comparison: Comparison, stream: TextIO, *, verbose: bool = False) -> None:
    """Write a comparison for people."""
    console = data_console(stream)
    report = comparison.evaluation.report
    heading = f"{count(len(report.models), 'model')} on {count(report.images, 'image')}"
    console.print(Text(heading, style="bold"))
    _print_models(console, comparison)
    if any(comparison.best.values()):
        print_trimmed(console, Text(f"* best   = {level_means()}", style="dim"))
    _print_pairs(console, comparison)
    _print_categories(console, comparison)
    _print_disagreements(console, comparison)
    print_trimmed(console, Text(printable(comparison.conclusion), style="bold"))
    console.print()
    if verbose:
        print_signatures(console, report.models[0].scores.values())
        console.print()
    print_remarks(console, report)
    for path in comparison.written:
        console.print(Text(f"Written: {printable(str(path))}", style="dim"), soft_wrap=True)


def write_csv(comparison: Comparison, stream: TextIO, *, verbose: bool = False) -> None:
    """Write one row per model, for a spreadsheet; the last columns are the corrected p of pairs."""
    report = comparison.evaluation.report
    metrics = [metric.name for metric in report.metrics]
    writer = table_writer(stream)
    bounds = [f"{metric}{end}" for metric in metrics for end in ("", "_low", "_high")]
    figures = ["length_ratio", "truncated", "images_per_s", "vram_peak_bytes", "parameters"]
    others = [model.model for model in report.models]
    tests = [(metric, other) for metric in metrics for other in others if len(others) > 1]
    p_values = {(pair.metric, frozenset((pair.a, pair.b))): pair.p_holm for pair in report.pairs}
    columns = [f"{metric}_p_holm_vs_{other}" for metric, other in tests]
    writer.writerow(["model", "negative_control", "images", *bounds, *figures, *columns])
    for model in report.models:
        cost = comparison.evaluation.costs[model.model]
        scores = [model.scores[metric] for metric in metrics]
        writer.writerow(
            [
                model.model,
                model.model in comparison.evaluation.negative_controls,
                model.images,
                *(end for score in scores for end in (score.value, score.low, score.high)),
                model.text.length_ratio,
                model.text.truncated,
                cost.images_per_s,
                cost.vram_peak_bytes,
                cost.parameters,
                *(p_values.get((metric, frozenset((model.model, o)))) for metric, o in tests),
            ]
        )


def _print_models(console: Console, comparison: Comparison) -> None:
    print_fitting(
        console,
        columns_of(comparison),
        lambda columns: _model_table(comparison, columns),
        elsewhere="markdown or csv",
    )


def _model_table(comparison: Comparison, columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("Model", style="cyan", no_wrap=True)
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    for model in comparison.evaluation.report.models:
        control = model.model in comparison.evaluation.negative_controls
        name = Text(printable(model.model))
        if control:
            name.append(" (control)", style="dim")
        table.add_row(
            name,
            *(
                Text(cell, style="bold green" if cell.endswith(("*", "=")) else "")
                for cell in (column.cell(comparison, model) for column in columns)
            ),
        )
    return table


def _print_pairs(console: Console, comparison: Comparison) -> None:
    pairs = primary_pairs(comparison.evaluation.report)
    if not pairs:
        return
    console.print()
    report = comparison.evaluation.report
    primary = report.primary_metric
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"Difference in {primary.label}", style="cyan")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("95 % interval", no_wrap=True)
    table.add_column("p (Holm)", justify="right", no_wrap=True)
    for pair in pairs:
        names = f"{printable(pair.a)} − {printable(pair.b)}"
        span = interval(pair, primary)
        table.add_row(names, difference(pair, primary), span, p_value(pair.p_holm))
    print_trimmed(console, table)


def _print_categories(console: Console, comparison: Comparison) -> None:
    report = comparison.evaluation.report
    categories = report.models[0].categories
    if len(categories) < 2:
        return
    console.print()
    primary = report.primary_metric
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{primary.label} by category", style="cyan", overflow="fold")
    table.add_column("n", justify="right")
    for model in report.models:
        table.add_column(Text(printable(model.model)), justify="right", overflow="fold")
    for index, category in enumerate(categories):
        table.add_row(
            Text(printable(category.category)),
            str(category.images),
            *(
                score_number(m.categories[index].scores[primary.name], primary)
                for m in report.models
            ),
        )
    print_trimmed(console, table)


def _print_disagreements(console: Console, comparison: Comparison) -> None:
    console.print()
    if not comparison.disagreements:
        return
    report = comparison.evaluation.report
    primary = report.primary_metric
    console.print(Text("Where the models disagree most", style="bold"))
    for found in comparison.disagreements:
        console.print(Text(printable(found.image), style="cyan"))
        table = captions_grid()
        if found.references:
            table.add_row("reference", "", Text(printable(found.references[0])))
        for model, caption in found.captions.items():
            value = rough_number(found.scores[model], primary)
            table.add_row(Text(printable(model)), value, Text(printable(caption)))
        print_trimmed(console, table)
    console.print()
