"""The live display of a caption run on a terminal."""

from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.spinner import Spinner
from rich.text import Text

from f1cap.records.readings import MemoryReading
from f1cap.render.formatting import clock, memory, printable, rate, seconds
from f1cap.render.progress import CaptionState


class LiveDisplay:
    """A bar with rate and time left; below it the last caption, latency and memory."""

    def __init__(self, console: Console, state: Callable[[], CaptionState]) -> None:
        """Draw what `state` returns at each screen update."""
        self._console = console
        self._state = state
        self._shown = ("", "idle")
        self._phase: RenderableType = Text("")

    def draw(self) -> RenderableType:
        """Return the screen of this moment."""
        state = self._state()
        if self._shown != (state.model, state.phase):
            self._shown = (state.model, state.phase)
            self._phase = self._begin(state)
        if isinstance(self._phase, Progress):
            _advance(self._phase, state)
        if state.caption is None:
            return self._phase
        median_s = state.latencies_s[len(state.latencies_s) // 2]
        figures = (
            f"last {seconds(state.caption.latency_s)} · median {seconds(median_s)} · "
            f"{_memory_gauge(state.memory)}"
        )
        return Group(
            self._phase,
            _line(printable(state.caption.image), "cyan"),
            _line(f"  {printable(state.caption.caption)}", ""),
            _line(figures, "dim"),
        )

    def _begin(self, state: CaptionState) -> RenderableType:
        """Return what shows a phase; a bar is moved on by later screen updates."""
        if state.phase == "idle":
            return Text("")
        if state.phase == "loading":
            return Spinner("dots", Text(f"{state.model}: loading", style="cyan"))
        if state.phase == "downloading":
            columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True))
            return self._bar(f"{state.model}: downloading", *columns)
        return self._bar(state.model, MofNCompleteColumn(), _RateColumn())

    def _bar(self, description: str, *columns: ProgressColumn) -> Progress:
        bar = Progress(
            SpinnerColumn(),
            TextColumn("[cyan]{task.description}"),
            BarColumn(bar_width=None),
            *columns,
            console=self._console,
            expand=True,
        )
        bar.add_task(description)
        return bar


class _RateColumn(ProgressColumn):
    """Images a second and time left, from the run's own clock."""

    def render(self, task: Task) -> Text:
        """Return the text for the state that the bar was last moved on to."""
        state: CaptionState = task.fields["state"]
        return Text(f"{rate(state.images_per_s)} · {clock(state.left_s)} left", style="magenta")


def _advance(bar: Progress, state: CaptionState) -> None:
    (task,) = bar.tasks
    if state.phase == "downloading":
        bar.update(task.id, completed=state.downloaded_bytes, total=state.download_bytes)
    else:
        bar.update(task.id, completed=state.done, total=state.images, state=state)


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _memory_gauge(reading: MemoryReading) -> str:
    if reading.vram_total_bytes is not None:
        return f"VRAM {memory(reading.vram_process_bytes)} / {memory(reading.vram_total_bytes)}"
    return f"RAM {memory(reading.rss_bytes)}"
