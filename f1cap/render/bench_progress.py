"""The progress of a benchmark: how far each row is, and the lines for logs and pipes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from f1cap.records.benchmarks import BenchRow
from f1cap.records.images import Problem
from f1cap.records.readings import MemoryReading
from f1cap.render.formatting import count, rate, size
from f1cap.render.terminal import say


@dataclass(slots=True)
class RowState:
    """How far one row is.

    Attributes:
        share: Of its measurement, 0 to 1.
    """

    label: str
    phase: str = "waiting"
    share: float = 0.0
    started: bool = False
    finished: bool = False


@dataclass(slots=True)
class BenchState:
    """All that a display shows.

    Attributes:
        index: Of the row that is measured now.
        images: Captioned while the clock ran, in this row; so for what follows.
        latency_s: The newest; None where nothing was measured yet.
        memory: The newest.
        peak_bytes: The most of it so far.
    """

    rows: list[RowState] = field(default_factory=list)
    index: int = 0
    images: int = 0
    latency_s: float | None = None
    memory: MemoryReading = field(default_factory=lambda: MemoryReading(None))
    peak_bytes: int = 0

    @property
    def row(self) -> RowState:
        """The row that is measured now."""
        return self.rows[self.index]


class BenchProgress:
    """The listener of a benchmark: keeps the state, and prints messages."""

    def __init__(self, console: Console, *, quiet: bool = False, lines: bool = False) -> None:
        """Print only failures if `quiet`, and each phase if `lines`."""
        self.state = BenchState()
        self._console = console
        self._quiet = quiet
        self._lines = lines
        self._notes: set[str] = set()
        self._file = ""

    def bench_started(self, labels: Sequence[str], images: int) -> None:
        """Take in what is coming."""
        self.state = BenchState([RowState(label) for label in labels])
        if self._lines:
            self._say(f"{count(len(labels), 'row')} to measure on {count(images, 'image')}")

    def row_started(self, index: int) -> None:
        """Go on to a row."""
        self.state.index = index
        self.state.row.started = True
        self._clear_figures()

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Show bytes in place of the phase; print a line for each file."""
        row = self.state.row
        row.phase = f"downloading {size(done_bytes)} of {size(total_bytes)}"
        if self._lines and file != self._file:
            self._file = file
            self._say(f"{row.label}: downloading {file}, {size(total_bytes)} in total")

    def phase(self, what: str) -> None:
        """Take in what the row's process does; print a line for it."""
        self.state.row.phase = what
        if self._lines:
            self._say(f"{self.state.row.label}: {what}")

    def measured(self, share: float, images: int, latency_s: float, memory: MemoryReading) -> None:
        """Take in the newest figures."""
        state = self.state
        state.row.share = share
        state.images, state.latency_s, state.memory = images, latency_s, memory
        state.peak_bytes = max(state.peak_bytes, memory.used_bytes or 0)

    def row_finished(self, row: BenchRow) -> None:
        """Show the result in the phase's place; say why a row failed."""
        state = self.state.row
        state.finished = True
        self._clear_figures()
        if row.status == "ok":
            state.phase, state.share = rate(row.images_per_s), 1.0
            if self._lines:
                self._say(f"{state.label}: {state.phase}")
            return
        state.phase = "failed"
        self._say(f"{row.model} failed: {row.reason}", style="red")
        if row.hint:
            self._say(f"hint: {row.hint}", style="bold")

    def failed(self, problem: Problem) -> None:
        """Print one line."""
        self._say(f"failed: {problem.message}", style="red")

    def interrupted(self, done: int, rows: int) -> None:
        """Say how far it came."""
        self._say(f"Interrupted: {done} of {rows} rows were finished.", style="yellow")

    def note(self, message: str) -> None:
        """Print one line, the first time."""
        if not self._quiet and message not in self._notes:
            self._notes.add(message)
            self._say(f"note: {message}")

    def _clear_figures(self) -> None:
        self.state.latency_s, self.state.images, self.state.peak_bytes = None, 0, 0
        self.state.memory = MemoryReading(None)

    def _say(self, message: str, *, style: str = "") -> None:
        say(self._console, message, style=style)
