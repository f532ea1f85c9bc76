"""The live display of a benchmark on a terminal: a bar for each row, and a memory gauge."""

from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from f1cap.render.bench_progress import BenchState
from f1cap.render.formatting import count, printable, seconds
from f1cap.render.gauges import memory_gauge
from f1cap.render.terminal import ACCENT

_LINES_BELOW = 4  # the bars: latency, gauge, a note, the cursor


class LiveBench:
    """A bar with the phase for each row; below them the newest latency and memory."""

    def __init__(
        self,
        console: Console,
        state: Callable[[], BenchState],
        *,
        ram_total_bytes: int | None = None,
    ) -> None:
        """Draw what `state` returns at each screen update."""
        self._ram_total_bytes = ram_total_bytes
        self._console = console
        self._state = state
        self._bars = Progress(
            TextColumn("{task.description}", style=ACCENT),
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
        return Group(
            self._bars,
            Text(figures, style="dim"),
            memory_gauge(state.memory, state.peak_bytes, self._ram_total_bytes),
        )

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
