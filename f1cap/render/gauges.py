"""What a live display draws beside its bars: memory in use, and a rate over time."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from f1cap.records.readings import MemoryReading
from f1cap.render.formatting import memory

_WIDTH = 24
_LEVELS = "▁▂▃▄▅▆▇█"


def memory_gauge(
    reading: MemoryReading, peak_bytes: int, ram_total_bytes: int | None
) -> RenderableType:
    """Draw the memory of a process: in use, at its peak, and all there is.

    Args:
        reading: Of the process, on its GPU if it has one.
        peak_bytes: The most that was in use so far.
        ram_total_bytes: The machine's; None where it is not known.
    """
    on_gpu = reading.vram_process_bytes is not None
    used_bytes = reading.used_bytes
    total_bytes = reading.vram_total_bytes if on_gpu else ram_total_bytes
    figures = f"{memory(used_bytes)} · peak {memory(peak_bytes or None)}"
    name = Text("VRAM" if on_gpu else "RAM ")
    if total_bytes is None:
        return Text(f"{name} {figures}", style="dim")
    grid = Table.grid(padding=(0, 1))
    grid.add_row(
        name,
        ProgressBar(total=total_bytes, completed=used_bytes or 0, width=_WIDTH),
        Text(f"{figures} of {memory(total_bytes)}", style="dim", no_wrap=True),
    )
    return grid


def sparkline(values: Sequence[float]) -> str:
    """Draw values from 0 to the largest of them, a character each."""
    most = max(values, default=0.0)
    if most <= 0:
        return _LEVELS[0] * len(values)
    return "".join(_LEVELS[round(value / most * (len(_LEVELS) - 1))] for value in values)
