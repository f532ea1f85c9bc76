"""Captions as a table for people and as JSON, JSONL, CSV or COCO results for programs."""

from collections.abc import Iterator
from dataclasses import fields
from itertools import islice
from typing import TextIO

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from f1cap.records.captions import Caption, CaptionOutcome, CaptionRun
from f1cap.records.json_text import stream_json, to_json
from f1cap.render.formatting import count, memory, printable, rate, seconds
from f1cap.render.terminal import data_console, print_trimmed, table_writer

# More rows than this are read with a pager or a program, not on a screen.
_TABLE_ROWS = 200
# Of a name at least, and of what stands right of the caption with the gaps before it.
_NAME_WIDTH, _FIGURES_WIDTH = 24, 20


def write_table(outcome: CaptionOutcome, stream: TextIO) -> None:
    """Write one table per run, and below it what the run took."""
    console = data_console(stream)
    for index, run in enumerate(outcome.runs):
        if index:
            console.print()
        print_trimmed(console, _table(run, console.width))
        if run.captioned + run.kept > _TABLE_ROWS:
            rest = run.captioned + run.kept - _TABLE_ROWS
            console.print(
                f"… and {rest:,} more; --format csv or jsonl writes all of them", style="dim"
            )
        for line in _summary(run):
            console.print(line, soft_wrap=True)


def write_json(outcome: CaptionOutcome, stream: TextIO) -> None:
    """Write all runs as one document."""
    from f1cap.render.document import status_of, write_document  # not for the other formats

    problems = outcome.problems
    write_document("caption", status_of(problems), outcome.to_dict(), problems, stream)


def write_jsonl(outcome: CaptionOutcome, stream: TextIO) -> None:
    """Write one line of JSON per caption."""
    for run in outcome.runs:
        stream.writelines(
            to_json({"model": run.model, **caption.to_dict()}) + "\n" for caption in run.captions
        )


def write_csv(outcome: CaptionOutcome, stream: TextIO) -> None:
    """Write one row per caption."""
    # a run's captions carry no error: its failures stand beside them, as problems
    columns = [field.name for field in fields(Caption) if field.name != "error"]
    writer = table_writer(stream)
    writer.writerow(["model", *columns])
    for run in outcome.runs:
        for caption in run.captions:
            # Names that are not UTF-8 cannot stand in a UTF-8 file; JSON keeps them exactly.
            image = caption.image.encode("utf-8", "backslashreplace").decode()
            row = caption.to_dict() | {"image": image}
            writer.writerow([run.model, *(row[column] for column in columns)])


def write_coco(outcome: CaptionOutcome, stream: TextIO) -> None:
    """Write captions in the COCO results format, which holds one run."""
    results = (
        {"image_id": run.image_ids.get(caption.image, caption.image), "caption": caption.caption}
        for run in outcome.runs
        for caption in run.captions
    )
    stream.writelines(stream_json(results))
    stream.write("\n")


def _table(run: CaptionRun, width: int) -> Table:
    table = Table(
        title=Text(f"{printable(run.model)} on {printable(run.dataset)}", style="bold"),
        title_justify="left",
        caption_justify="left",
        pad_edge=False,
        box=None,
        header_style="bold",
        expand=False,
    )
    captions = list(islice(run.captions, _TABLE_ROWS))
    # names are cut only where they would take the width from the captions
    longest = max((cell_len(printable(caption.caption)) for caption in captions), default=0)
    room = max(_NAME_WIDTH, width // 3, width - longest - _FIGURES_WIDTH)
    table.add_column("Image", no_wrap=True, overflow="ellipsis", max_width=room, style="cyan")
    table.add_column("Caption", overflow="fold", ratio=1)
    table.add_column("Latency", justify="right", no_wrap=True)
    table.add_column("Tokens", justify="right", no_wrap=True)
    folder = ""
    for caption in captions:
        parent, _, name = caption.image.rpartition("/")
        if parent != folder:
            folder = parent
            table.add_row("", Text(printable(folder), style="bold"), "", "")
        if caption.truncated:
            table.caption = "+ cut off at the length limit (--max-new-tokens)"
        table.add_row(
            Text(printable(name)),
            Text(printable(caption.caption)),
            seconds(caption.latency_s),
            f"{caption.tokens}{'+' if caption.truncated else ''}",
        )
    return table


def _summary(run: CaptionRun) -> Iterator[Text]:
    made = "No new captions"
    if run.captioned:
        made = f"{count(run.captioned, 'caption')} in {seconds(run.seconds)}"
    if run.images_per_s is not None:
        ordered = sorted(run.latencies_s)
        median = seconds(ordered[len(ordered) // 2])
        made += f" ({rate(run.images_per_s)}, median latency {median})"
    yield Text(f"\n{made}")
    others = []
    if run.kept:
        others.append(f"{run.kept:,} reused from an earlier run")
    if run.failed:
        others.append(f"{run.failed:,} failed")
    if run.sidecars_failed:
        others.append(f"{count(run.sidecars_failed, 'sidecar')} not written")
    if others:
        yield Text(
            " · ".join(others), style="bold red" if run.failed or run.sidecars_failed else ""
        )
    where = f"{run.placement.device}, {run.placement.dtype}"
    if run.batch_size:
        where += f", batch size {run.batch_size}"
    if run.vram_peak_bytes is not None:
        where += f", {memory(run.vram_peak_bytes)} VRAM"
    elif run.rss_peak_bytes is not None:
        where += f", {memory(run.rss_peak_bytes)} RAM"
    yield Text(where, style="dim")
    yield Text(f"Results: {printable(str(run.results_dir))}", style="dim")
