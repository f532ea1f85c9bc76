"""A benchmark as a table, Markdown, CSV or JSON."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from f1cap.records.baselines import BaselineComparison
from f1cap.records.benchmarks import Benchmark, BenchRow, Environment
from f1cap.render.bench_columns import BenchColumn, csv_columns, main_columns, time_columns
from f1cap.render.document import status_of, write_document
from f1cap.render.formatting import count, memory, printable
from f1cap.render.markdown import escape
from f1cap.render.terminal import data_console, print_fitting, print_trimmed, table_writer


def write_json(benchmark: Benchmark, stream: TextIO) -> None:
    """Write a benchmark as one document."""
    problems = benchmark.problems
    write_document("bench", status_of(problems), benchmark.to_dict(), problems, stream)


def write_csv(benchmark: Benchmark, stream: TextIO) -> None:
    """Write one line per row, with every number."""
    columns = csv_columns()
    writer = table_writer(stream)
    writer.writerow([column.heading for column in columns])
    for row in benchmark.rows:
        writer.writerow([column.cell(row) for column in columns])


def write_markdown(benchmark: Benchmark, stream: TextIO) -> None:
    """Write a benchmark for a report or an issue."""
    stream.writelines(f"{line}\n" for line in _markdown(benchmark))


def write_table(benchmark: Benchmark, stream: TextIO, *, verbose: bool = False) -> None:
    """Write a benchmark for a person at a terminal; with where the time goes if `verbose`."""
    console = data_console(stream)
    console.print(Text(_heading(benchmark), style="bold"), soft_wrap=True)
    complete = [row for row in benchmark.rows if row.status == "ok"]
    if complete:
        _print_fitting(console, complete, main_columns(complete))
        if verbose:
            console.print()
            console.print(Text("Where the time goes (medians per image)", style="bold"))
            _print_fitting(console, complete, time_columns(complete))
            for line in _watching(complete):
                console.print(Text(line, style="dim"), soft_wrap=True)
    for row in benchmark.rows:
        if row.status != "ok":
            failure = Text(f"{printable(row.model)}{_setting(row)} failed: ", style="bold red")
            failure.append(printable(row.reason or ""), style="default")
            console.print(failure, soft_wrap=True)
    console.print()
    for text in _remarks(benchmark):
        print_trimmed(console, Text("• ", style="yellow").append(printable(text), style="default"))
    if benchmark.comparison is not None:
        for line in _comparison(benchmark.comparison):
            bad = bool(benchmark.comparison.regressions)
            console.print(Text(printable(line), style="bold red" if bad else "green"))
    for text in _environment(benchmark.environment):
        console.print(Text(printable(text), style="dim"), soft_wrap=True)


def _print_fitting(
    console: Console, rows: Sequence[BenchRow], columns: Sequence[BenchColumn]
) -> None:
    def build(shown: Sequence[BenchColumn]) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index, column in enumerate(shown):
            table.add_column(
                column.heading,
                justify="right" if index else "left",
                style="" if index else "cyan",
                no_wrap=True,
            )
        for row in rows:
            table.add_row(*(Text(printable(column.cell(row))) for column in shown))
        return table

    print_fitting(console, columns, build, elsewhere="markdown")


def _watching(rows: Sequence[BenchRow]) -> Iterator[str]:
    """Say how memory was sampled, and how much of one core that took."""
    samplings = [row.sampling for row in rows if row.sampling is not None]
    intervals = [one.interval_s for one in samplings if one.interval_s is not None]
    shares = [one.cpu_share for one in samplings if one.cpu_share is not None]
    if intervals and shares:
        yield (
            f"Memory was sampled every {1000 * max(intervals):.1f} ms from another process, which "
            f"took {100 * max(shares):.1f} % of one core."
        )


def _heading(benchmark: Benchmark) -> str:
    heading = f"{printable(benchmark.dataset)}: {count(benchmark.images, 'image')}"
    setting = ", ".join(_shared([row for row in benchmark.rows if row.status == "ok"]))
    return f"{heading} · {setting}" if setting else heading


def _shared(rows: Sequence[BenchRow]) -> Iterator[str]:
    """Yield what is the same in all rows; what differs is a column."""
    for texts in (
        {row.device or "n/a" for row in rows},
        {row.dtype or "n/a" for row in rows},
        {f"batch size {row.batch_size}" for row in rows},
        {None if row.prompt is None else f"prompt {row.prompt!r}" for row in rows},
    ):
        if len(texts) == 1:
            yield from filter(None, texts)


def _setting(row: BenchRow) -> str:
    batch = "" if row.asked_batch_size is None else f", batch size {row.asked_batch_size}"
    return f" ({row.dtype}{batch})"


def _remarks(benchmark: Benchmark) -> Iterator[str]:
    """Yield what to know when reading the numbers, each once."""
    rows = benchmark.rows
    yield from dict.fromkeys(note for row in rows for note in row.notes)
    qualities = [row.quality for row in rows if row.quality is not None]
    if qualities:
        if qualities[0].note is not None:
            yield f"No CIDEr: {qualities[0].note}"
        elif qualities[0].images < 50:
            yield (
                f"CIDEr on {qualities[0].images} images is imprecise: see its interval; "
                "`f1cap eval` tells more."
            )
    if any(row.transformers is not None for row in rows):
        yield (
            "Speed-up: over plain transformers (one image at a time, float32), measured in "
            "alternating rounds; Same: images for which both wrote the same caption."
        )
    if any(row.images_per_s_stdev is not None for row in rows):
        yield "±: standard deviation over the rounds, each a few batches long."


def _comparison(comparison: BaselineComparison) -> Iterator[str]:
    rows = count(comparison.compared, "row")
    share = f"{100 * comparison.tolerance:g} %"
    if comparison.regressions:
        yield f"Worse than {comparison.baseline} by more than {share}:"
    elif comparison.compared:
        yield f"No worse than {comparison.baseline} by more than {share} ({rows} compared)."
    else:
        yield f"Nothing to compare: {comparison.baseline} has no row with the same settings."
    for found in comparison.regressions:
        yield (
            f"  {found.model} ({found.dtype}, batch size {found.batch_size}): {found.metric} "
            f"{found.before:.4g} → {found.now:.4g} ({100 * found.change:+.0f} %)"
        )
    for difference in comparison.differences:
        yield f"  note: {difference}"


def _environment(environment: Environment) -> Iterator[str]:
    gpus = ", ".join(
        f"{gpu.name or 'unknown GPU'} ({memory(gpu.vram_total_bytes)})" for gpu in environment.gpus
    )
    yield (
        f"{environment.cpu or 'unknown CPU'}, {count(environment.cores, 'core')}, "
        f"{memory(environment.ram_bytes)} RAM · {gpus or 'no NVIDIA GPU'}"
        + (f", driver {environment.driver}" if environment.driver else "")
    )
    threads = "" if environment.threads is None else f" · {count(environment.threads, 'thread')}"
    cuda = "" if environment.cuda is None else f" (CUDA {environment.cuda})"
    yield (
        f"f1cap {environment.f1cap} · torch {environment.torch}{cuda} · transformers "
        f"{environment.transformers} · Python {environment.python} · "
        f"{environment.platform}{threads}"
    )


def _markdown(benchmark: Benchmark) -> Iterator[str]:
    yield f"## {escape(_heading(benchmark))}"
    yield ""
    complete = [row for row in benchmark.rows if row.status == "ok"]
    if complete:
        yield from _markdown_table(complete, main_columns(complete))
        yield ""
        yield "### Where the time goes"
        yield ""
        yield from _markdown_table(complete, time_columns(complete))
        yield ""
    for row in benchmark.rows:
        if row.status != "ok":
            yield f"- **{escape(row.model)}**{_setting(row)} failed: {escape(row.reason or '')}"
    for text in _remarks(benchmark):
        yield f"- {escape(text)}"
    if benchmark.comparison is not None:
        for line in _comparison(benchmark.comparison):
            yield f"- {escape(line.strip())}"
    yield ""
    for text in _environment(benchmark.environment):
        yield f"{escape(text)}  "


def _markdown_table(rows: Sequence[BenchRow], columns: Sequence[BenchColumn]) -> Iterator[str]:
    yield "| " + " | ".join(escape(column.heading) for column in columns) + " |"
    yield "| --- |" + " ---: |" * (len(columns) - 1)
    for row in rows:
        yield "| " + " | ".join(escape(column.cell(row)) for column in columns) + " |"
