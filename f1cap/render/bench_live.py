"""The live display of a benchmark on a terminal: a bar for each row, and a memory gauge."""

from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from f1cap.render.bench_progress import BenchState
from f1cap.render.formatting import count, memory, printable, seconds

_GAUGE = 24
_LINES_BELOW = 4  # the bars: latency, gauge, a note, the cursor


class LiveBench:
    """A bar with the phase for each row; below them the newest latency and memory."""

    def __init__(self, console: Console, state: Callable[[], BenchState]) -> None:
        """Draw what `state` returns at each screen update."""
        self._console = console
        self._state = state
        self._bars = Progress(
            TextColumn("{task.description}", style="cyan"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[phase]}"),
            TimeElapsedColumn(),
            console=console,
            expand=True,
        )

    def draw(self) -> RenderableType:
        """Return the screen of this moment."""
        state = self._state()
        self._update_bars(state)
        if state.latency_s is None:
            return self._bars
        figures = f"{count(state.images, 'image')} · {seconds(state.latency_s)} per image"
        return Group(self._bars, Text(figures, style="dim"), _gauge(state))

    def _update_bars(self, state: BenchState) -> None:
        """Bring the bars to the state, and keep only those that leave room for the figures."""
        for row in state.rows[len(self._bars.tasks) :]:
            self._bars.add_task(printable(row.label), start=False, total=1.0, phase=row.phase)
        room = max(1, self._console.height - _LINES_BELOW)
        first = max(0, min(state.index - room // 2, len(state.rows) - room))
        for index, (task, row) in enumerate(zip(self._bars.tasks, state.rows, strict=True)):
            shown = first <= index < first + room
            self._bars.update(task.id, phase=row.phase, completed=row.share, visible=shown)
            if row.started and not task.started:
                self._bars.start_task(task.id)
            if row.finished and task.stop_time is None:
                self._bars.stop_task(task.id)


def _gauge(state: BenchState) -> RenderableType:
    used, total = state.used_bytes, state.memory.vram_total_bytes
    if total is None or state.memory.vram_process_bytes is None:
        text = f"RAM {memory(used)} · peak {memory(state.peak_bytes or None)}"
        return Text(text, style="dim")
    grid = Table.grid(padding=(0, 1))
    grid.add_row(
        Text("VRAM", style="dim"),
        ProgressBar(total=total, completed=used or 0, width=_GAUGE),
        Text(f"{memory(used)} · peak {memory(state.peak_bytes)} of {memory(total)}"),
    )
    return grid
