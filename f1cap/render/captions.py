"""Captions as a table for people and as JSON, JSONL, CSV or COCO results for programs."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TextIO

from rich.table import Table
from rich.text import Text

from f1cap.records.captions import CaptionOutcome, CaptionRun
from f1cap.records.json_text import stream_json, to_json
from f1cap.render.document import status_of, write_document
from f1cap.render.formats import CaptionFormat
from f1cap.render.formatting import count, memory, printable, rate, seconds
from f1cap.render.terminal import data_console, print_trimmed, table_writer

# More rows than this are read with a pager or a program, not on a screen.
_TABLE_ROWS = 200


def write_captions(outcome: CaptionOutcome, form: CaptionFormat, stream: TextIO) -> None:
    """Write what a caption command made; the COCO results format holds one run."""
    _WRITERS[form](outcome, stream)


def _write_table(outcome: CaptionOutcome, stream: TextIO) -> None:
    console = data_console(stream)
    for position, run in enumerate(outcome.runs):
        if position:
            console.print()
        print_trimmed(console, _table(run))
        if run.captioned + run.kept > _TABLE_ROWS:
            rest = run.captioned + run.kept - _TABLE_ROWS
            console.print(f"… and {rest:,} more: --format csv or jsonl shows all", style="dim")
        for line in _summary(run):
            console.print(line, soft_wrap=True)


def _table(run: CaptionRun) -> Table:
    table = Table(
        title=Text(f"{printable(run.model)} on {printable(run.dataset)}", style="bold"),
        title_justify="left",
        caption_justify="left",
        pad_edge=False,
        box=None,
        header_style="bold",
        expand=False,
    )
    table.add_column("Image", no_wrap=True, overflow="ellipsis", max_width=24, style="cyan")
    table.add_column("Caption", overflow="fold", ratio=1)
    table.add_column("Latency", justify="right", no_wrap=True)
    table.add_column("Tokens", justify="right", no_wrap=True)
    folder = ""
    for caption in islice(run.captions, _TABLE_ROWS):
        parent, _, name = caption.image.rpartition("/")
        if parent != folder:
            folder = parent
            table.add_row("", Text(printable(folder), style="bold"), "", "")
        if caption.truncated:
            table.caption = "+ the length limit ended this caption, not the model"
        table.add_row(
            Text(printable(name)),
            Text(printable(caption.caption)),
            seconds(caption.latency_s),
            f"{caption.tokens}{'+' if caption.truncated else ''}",
        )
    return table


def _summary(run: CaptionRun) -> Iterator[Text]:
    made = f"{count(run.captioned, 'caption')} in {seconds(run.seconds)}"
    if run.images_per_s is not None:
        ordered = sorted(run.latencies_s)
        median = seconds(ordered[len(ordered) // 2])
        made += f" ({rate(run.images_per_s)}, median latency {median})"
    yield Text(f"\n{made}")
    others = []
    if run.kept:
        others.append(f"{run.kept:,} kept from an earlier run")
    if run.failed:
        others.append(f"{run.failed:,} failed")
    if run.sidecars_failed:
        others.append(f"{count(run.sidecars_failed, 'sidecar')} not written")
    if others:
        yield Text(
            " · ".join(others), style="bold red" if run.failed or run.sidecars_failed else ""
        )
    place = f"{run.placement.device}, {run.placement.dtype}, batch of {run.batch_size or '-'}"
    if run.vram_peak_bytes is not None:
        place += f", {memory(run.vram_peak_bytes)} VRAM"
    elif run.rss_peak_bytes is not None:
        place += f", {memory(run.rss_peak_bytes)} resident"
    yield Text(place, style="dim")
    yield Text(f"Results: {printable(str(run.results_dir))}", style="dim")


def _write_json(outcome: CaptionOutcome, stream: TextIO) -> None:
    data = {
        "runs": [_run(run) for run in outcome.runs],
        "passed_over": list(outcome.passed_over),
    }
    write_document("caption", status_of(outcome.problems), data, outcome.problems, stream)


def _run(run: CaptionRun) -> dict[str, object]:
    return {
        "model": run.model,
        "checkpoint": run.checkpoint,
        "revision": run.revision,
        "family": run.family,
        "dataset": run.dataset,
        "device": str(run.placement.device),
        "dtype": run.placement.dtype,
        "settings": run.settings,
        "images": run.images,
        "captioned": run.captioned,
        "kept": run.kept,
        "failed": run.failed,
        "sidecars_failed": run.sidecars_failed,
        "batch_size": run.batch_size,
        "load_s": run.load_s,
        "seconds": run.seconds,
        "images_per_s": run.images_per_s,
        "vram_peak_bytes": run.vram_peak_bytes,
        "rss_peak_bytes": run.rss_peak_bytes,
        "results_dir": str(run.results_dir),
        "captions": (caption.plain() for caption in run.captions),
    }


def _write_jsonl(outcome: CaptionOutcome, stream: TextIO) -> None:
    for run in outcome.runs:
        stream.writelines(
            to_json({"model": run.model, **caption.plain()}) + "\n" for caption in run.captions
        )


def _write_csv(outcome: CaptionOutcome, stream: TextIO) -> None:
    writer = table_writer(stream)
    writer.writerow(
        ["model", "image", "caption", "tokens", "truncated", "line_breaks", "latency_s"]
    )
    for run in outcome.runs:
        for caption in run.captions:
            # Names that are not UTF-8 cannot stand in a UTF-8 file; JSON keeps them exactly.
            image = caption.image.encode("utf-8", "backslashreplace").decode()
            row = caption.plain() | {"image": image}
            writer.writerow([run.model, *row.values()])


def _write_coco(outcome: CaptionOutcome, stream: TextIO) -> None:
    results = (
        {"image_id": run.image_ids.get(caption.image, caption.image), "caption": caption.caption}
        for run in outcome.runs
        for caption in run.captions
    )
    stream.writelines(stream_json(results))
    stream.write("\n")


_WRITERS: Mapping[CaptionFormat, Callable[[CaptionOutcome, TextIO], None]] = {
    CaptionFormat.TABLE: _write_table,
    CaptionFormat.JSON: _write_json,
    CaptionFormat.JSONL: _write_jsonl,
    CaptionFormat.CSV: _write_csv,
    CaptionFormat.COCO: _write_coco,
}
