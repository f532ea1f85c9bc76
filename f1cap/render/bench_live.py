"""The live display of a benchmark on a terminal: a bar for each row, and a memory gauge."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from f1cap.records.benchmarks import BenchRow
from f1cap.records.readings import MemoryReading
from f1cap.render.bench_progress import PlainBench
from f1cap.render.formatting import count, memory, printable, rate, seconds, size

_UPDATES = 5
_GAUGE = 24
_LINES_BELOW = 4  # the bars: latency, gauge, a note, the cursor


class LiveBench(PlainBench):
    """A bar with the phase for each row; below them the newest latency and memory."""

    def __init__(self) -> None:
        super().__init__()
        self._bars = Progress(
            TextColumn("{task.description}", style="cyan"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[phase]}"),
            TimeElapsedColumn(),
            console=self.console,
            expand=True,
        )
        self._tasks: list[TaskID] = []
        self._latency_s: float | None = None
        self._images = 0
        self._memory = MemoryReading(None)
        self._peak_bytes = 0
        self._live = Live(
            get_renderable=self._draw,
            console=self.console,
            refresh_per_second=_UPDATES,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def bench_started(self, labels: Sequence[str], images: int) -> None:
        """Show a bar for each row."""
        self._labels = labels
        self._tasks = [
            self._bars.add_task(printable(label), start=False, total=1.0, phase="waiting")
            for label in labels
        ]

    def row_started(self, index: int) -> None:
        """Start the row's clock."""
        super().row_started(index)
        self._latency_s, self._images, self._peak_bytes = None, 0, 0
        self._memory = MemoryReading(None)
        self._bars.start_task(self._tasks[index])
        self._show_around(index)

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Show bytes in place of the phase."""
        self.phase(f"downloading {size(done_bytes)} of {size(total_bytes)}")

    def phase(self, what: str) -> None:
        """Show what the row's process does."""
        if self._tasks:
            self._bars.update(self._tasks[self._index], phase=what)

    def measured(self, share: float, images: int, latency_s: float, memory: MemoryReading) -> None:
        """Take the news; the next screen update shows it."""
        self._images, self._latency_s, self._memory = images, latency_s, memory
        self._peak_bytes = max(self._peak_bytes, _used(memory) or 0)
        self._bars.update(self._tasks[self._index], completed=share)

    def row_finished(self, row: BenchRow) -> None:
        """Show the result in the bar's place."""
        task = self._tasks[self._index]
        done = row.status == "ok"
        phase = rate(row.images_per_s) if done else "failed"
        self._bars.update(task, phase=phase, completed=1.0 if done else None)
        self._bars.stop_task(task)
        self._latency_s = None
        if not done:
            super().row_finished(row)

    def _show_around(self, index: int) -> None:
        """Keep on the screen only the bars that leave room for the figures below them."""
        room = max(1, self.console.height - _LINES_BELOW)
        first = max(0, min(index - room // 2, len(self._tasks) - room))
        for position, task in enumerate(self._tasks):
            self._bars.update(task, visible=first <= position < first + room)

    def _draw(self) -> RenderableType:
        if self._latency_s is None:
            return self._bars
        figures = Text(
            f"{count(self._images, 'image')} · {seconds(self._latency_s)} an image", style="dim"
        )
        return Group(self._bars, figures, self._gauge())

    def _gauge(self) -> RenderableType:
        used, total = _used(self._memory), self._memory.vram_total_bytes
        if total is None or self._memory.vram_process_bytes is None:
            text = f"resident {memory(used)} · peak {memory(self._peak_bytes or None)}"
            return Text(text, style="dim")
        grid = Table.grid(padding=(0, 1))
        grid.add_row(
            Text("VRAM", style="dim"),
            ProgressBar(total=total, completed=used or 0, width=_GAUGE),
            Text(f"{memory(used)} · peak {memory(self._peak_bytes)} of {memory(total)}"),
        )
        return grid


def _used(reading: MemoryReading) -> int | None:
    on_gpu = reading.vram_process_bytes
    return reading.rss_bytes if on_gpu is None else on_gpu
