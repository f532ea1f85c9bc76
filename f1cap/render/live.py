"""The live display of a caption run on a terminal."""

import time
from bisect import insort
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
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
from f1cap.records.images import Problem
from f1cap.records.models import ModelSpec, Placement
from f1cap.records.readings import MemoryReading
from f1cap.render.formatting import clock, memory, printable, rate, seconds
from f1cap.render.progress import PlainProgress

# Screen updates a second; drawn from a thread of their own, so the model never waits for one.
_UPDATES = 5


class LiveProgress(PlainProgress):
    """A bar with rate and time left; below it the last caption, latency and memory."""

    def __init__(self, *, verbose: bool = False) -> None:
        super().__init__(verbose=verbose)
        self._phase: RenderableType = Text("")
        self._bar: Progress | None = None
        self._download: Progress | None = None
        self._caption: Caption | None = None
        self._memory = MemoryReading(None)
        self._latencies_s: list[float] = []
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

    def model_started(self, spec: ModelSpec, images: int) -> None:
        """Show that the model is being loaded."""
        super().model_started(spec, images)
        self._bar = self._download = self._caption = None
        self._latencies_s = []
        self._phase = Spinner("dots", Text(f"{spec.name}: loading", style="cyan"))

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Show bytes, speed and time left."""
        if self._download is None:
            self._download = Progress(
                SpinnerColumn(),
                TextColumn("[cyan]{task.description}"),
                BarColumn(bar_width=None),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(compact=True),
                console=self.console,
                expand=True,
            )
            self._download.add_task(f"{self._name}: downloading", total=total_bytes)
            self._phase = self._download
        task = self._download.tasks[0].id
        self._download.update(task, completed=done_bytes, total=total_bytes)

    def model_loaded(self, placement: Placement, load_s: float) -> None:
        """Show the bar."""
        super().model_loaded(placement, load_s)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("[cyan]{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            _RateColumn(self),
            console=self.console,
            expand=True,
        )
        self._bar.add_task(self._name, total=self._total, completed=self._done)
        self._phase = self._bar

    def captioned(self, caption: Caption, memory: MemoryReading) -> None:
        """Take the news; the next screen update shows it."""
        self._done += 1
        self._made += 1
        self._caption = caption
        self._memory = memory
        insort(self._latencies_s, caption.latency_s)
        self._advance()

    def kept(self, image: str) -> None:
        """Count it."""
        super().kept(image)
        self._advance()

    def failed(self, problem: Problem) -> None:
        """Print one line above the bar and count the image."""
        super().failed(problem)
        self._advance()

    def model_finished(self, run: CaptionRun) -> None:
        """Take the bar away: the table says the rest."""
        self._phase = Text("")
        self._bar = self._caption = None

    def rates(self) -> tuple[float | None, float | None]:
        """Return images a second and seconds left; None before the first caption."""
        if not self._made:
            return None, None
        per_second = self._made / max(time.monotonic() - self._started, 1e-9)
        return per_second, (self._total - self._done) / per_second

    def _advance(self) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.tasks[0].id, completed=self._done)

    def _draw(self) -> RenderableType:
        caption = self._caption
        if caption is None:
            return self._phase
        middle = self._latencies_s[len(self._latencies_s) // 2]
        figures = (
            f"last {seconds(caption.latency_s)} · median {seconds(middle)} · "
            f"{_memory_gauge(self._memory)}"
        )
        return Group(
            self._phase,
            _line(printable(caption.image), "cyan"),
            _line(f"  {printable(caption.caption)}", ""),
            _line(figures, "dim"),
        )


class _RateColumn(ProgressColumn):
    """Images a second and time left, from the run's own clock."""

    def __init__(self, progress: LiveProgress) -> None:
        super().__init__()
        self._progress = progress

    def render(self, task: Task) -> Text:
        per_second, left_s = self._progress.rates()
        return Text(f"{rate(per_second)} · {clock(left_s)} left", style="magenta")


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _memory_gauge(reading: MemoryReading) -> str:
    if reading.vram_total_bytes is not None:
        return f"VRAM {memory(reading.vram_process_bytes)} / {memory(reading.vram_total_bytes)}"
    return f"resident {memory(reading.rss_bytes)}"
