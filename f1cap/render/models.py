"""The catalogue as a table and as JSON."""

from collections.abc import Sequence
from typing import TextIO

from rich.table import Table
from rich.text import Text

from f1cap.records.models import Availability, CatalogEntry
from f1cap.render.document import write_document
from f1cap.render.formatting import size
from f1cap.render.terminal import data_console, print_trimmed

_AVAILABILITY = {
    Availability.BUNDLED: Text("bundled", style="green"),
    Availability.DOWNLOADED: Text("downloaded", style="green"),
    Availability.ABSENT: Text("not downloaded", style="dim"),
}

_ROOMY = 117  # columns that the whole table takes; below, hub ids stand in the notes, unbroken


def write_table(entries: Sequence[CatalogEntry], stream: TextIO) -> None:
    """Write one row per model, and below it what a user should know before trusting it."""
    console = data_console(stream)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Model", no_wrap=True, style="cyan")
    table.add_column("Alias", no_wrap=True)
    roomy = console.width >= _ROOMY
    if roomy:
        table.add_column("Checkpoint", no_wrap=True)
    table.add_column("Params", justify="right", no_wrap=True)
    table.add_column("Download", justify="right", no_wrap=True)
    table.add_column("FP16 size", justify="right", no_wrap=True)
    table.add_column("Weights", no_wrap=True)
    for entry in entries:
        spec = entry.spec
        parameters = "n/a" if spec.parameters is None else f"{spec.parameters / 1e6:.1f} M"
        checkpoint = "(bundled)" if spec.bundled else spec.checkpoint
        table.add_row(
            spec.name,
            ", ".join(spec.aliases),
            *([checkpoint] if roomy else []),
            parameters,
            "none" if spec.bundled else size(spec.download_bytes),
            size(spec.fp16_bytes),
            _AVAILABILITY[entry.availability],
        )
    print_trimmed(console, table)
    console.print()
    console.print(
        "Download: 4 bytes for each weight in the file, published in float32; tokenisers add a "
        "little. FP16 size: the weights in memory at 2 bytes; float32 takes twice that.",
        style="dim",
        soft_wrap=not console.is_terminal,
    )
    for entry in entries:
        if entry.spec.note:
            line = Text(f"{entry.spec.name}: ", style="cyan")
            if not roomy and not entry.spec.bundled:
                line.append(f"{entry.spec.checkpoint}. ", style="default")
            console.print(
                line.append(entry.spec.note, style="default"), soft_wrap=not console.is_terminal
            )


def write_json(entries: Sequence[CatalogEntry], stream: TextIO) -> None:
    """Write the catalogue as one document."""
    data = {"models": [entry.to_dict() for entry in entries]}
    write_document("models", "ok", data, [], stream)
