"""The live display of a caption run on a terminal."""

import time
from collections import deque
from collections.abc import Callable, Iterator

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

from f1cap.records.captions import Caption, CaptionRun
from f1cap.render.formatting import clock, printable, rate, seconds
from f1cap.render.gauges import memory_gauge, sparkline
from f1cap.render.progress import CaptionState, result_line
from f1cap.render.terminal import ACCENT

_SECONDS = 24  # that the throughput is shown for


class LiveDisplay:
    """A bar with rate and time left; above it what is finished, below it what is going on.

    Below are the last caption, the latencies, the throughput over time and the memory in use.
    """

    def __init__(
        self,
        console: Console,
        state: Callable[[], CaptionState],
        *,
        ram_total_bytes: int | None = None,
    ) -> None:
        """Draw what `state` returns at each screen update."""
        self._console = console
        self._state = state
        self._ram_total_bytes = ram_total_bytes
        self._finished: list[Text] = []
        self._throughput = _Throughput()
        self._shown = ("", "idle")
        self._phase: RenderableType = Text("")

    def draw(self) -> RenderableType:
        """Return the screen of this moment."""
        state = self._state()
        phase = state.phase
        if phase == "downloading" and state.downloaded_bytes >= state.download_bytes:
            phase = "loading"  # all is here, and the model takes a while to be ready
        if self._shown != (state.model, phase):
            self._shown = (state.model, phase)
            self._phase = self._begin(state.model, phase)
        if isinstance(self._phase, Progress):
            _advance(self._phase, state)
        if state.caption is None:
            return Group(*self._finished, self._phase)
        return Group(*self._finished, self._phase, *self._newest(state, state.caption))

    def update(self, state: CaptionState) -> None:
        """Do nothing: the next screen update shows it."""

    def finished(self, run: CaptionRun) -> None:
        """Keep a line for a model that is done."""
        line = _line(printable(run.model), ACCENT)
        self._finished.append(line.append(f"  {result_line(run)}", style="default"))

    def _newest(self, state: CaptionState, caption: Caption) -> Iterator[RenderableType]:
        """Yield the last caption and the newest figures."""
        yield _line(f"  {printable(caption.image)}", "dim")
        yield _line(f"  {printable(caption.caption)}", "")
        median_s = state.latencies_s[len(state.latencies_s) // 2]
        figures = _line("", "dim")
        if not self._console.options.ascii_only:
            self._throughput.update(state)
            figures.append("Rate ", style="not dim")
            figures.append(self._throughput.draw(), style=f"not dim {ACCENT}")
        yield figures.append(f"last {seconds(caption.latency_s)} · median {seconds(median_s)}")
        yield memory_gauge(state.memory, state.peak_bytes, self._ram_total_bytes)

    def _begin(self, model: str, phase: str) -> RenderableType:
        """Return what shows a phase; a bar is moved on by later screen updates."""
        if phase == "idle":
            return Text("")
        if phase == "loading":
            return Spinner("dots", Text(f"{model}: loading", style=ACCENT))
        if phase == "downloading":
            columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True))
            return self._bar(f"{model}: downloading", *columns)
        return self._bar(model, MofNCompleteColumn(), _RateColumn())

    def _bar(self, description: str, *columns: ProgressColumn) -> Progress:
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", style=ACCENT, markup=False),
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
        return Text(f"{rate(state.images_per_s)} · {clock(state.left_s)} left")


class _Throughput:
    """The images of each of the last seconds."""

    def __init__(self) -> None:
        self._model = ""
        self._rates: deque[float] = deque(maxlen=_SECONDS)
        self._captioned = 0
        self._since_s = 0.0

    def update(self, state: CaptionState) -> None:
        """Take in a second, where it is over."""
        now_s = time.monotonic()
        if self._model != state.model:
            self._model, self._captioned, self._since_s = state.model, 0, state.started_s
            self._rates.clear()
        if now_s - self._since_s >= 1:
            captioned = state.captioned
            self._rates.append((captioned - self._captioned) / (now_s - self._since_s))
            self._captioned, self._since_s = captioned, now_s

    def draw(self) -> str:
        """Return the sparkline, the newest at its right end."""
        return sparkline(self._rates).ljust(_SECONDS + 1)


def _advance(bar: Progress, state: CaptionState) -> None:
    (task,) = bar.tasks
    if state.phase == "downloading":
        bar.update(task.id, completed=state.downloaded_bytes, total=state.download_bytes)
    else:
        bar.update(task.id, completed=state.done, total=state.images, state=state)


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
