"""What a benchmark shows while it runs: nothing, plain lines, or a bar for each row."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from rich.text import Text

from f1cap.records.benchmarks import BenchRow
from f1cap.records.images import Problem
from f1cap.records.readings import MemoryReading
from f1cap.render.formatting import count, printable, rate, size
from f1cap.render.terminal import message_console


class QuietBench:
    """Only failures, and how far it came where it was interrupted."""

    def __init__(self) -> None:
        self.console = message_console()

    def bench_started(self, labels: Sequence[str], images: int) -> None:
        """Show nothing."""

    def row_started(self, index: int) -> None:
        """Show nothing."""

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Show nothing."""

    def phase(self, what: str) -> None:
        """Show nothing."""

    def measured(self, share: float, images: int, latency_s: float, memory: MemoryReading) -> None:
        """Show nothing."""

    def row_finished(self, row: BenchRow) -> None:
        """Show a row that failed."""
        if row.status != "ok":
            self.say(f"{row.model} failed: {row.reason}", style="red")
            if row.hint:
                self.say(f"hint: {row.hint}", style="bold")

    def failed(self, problem: Problem) -> None:
        """Show one line."""
        self.say(f"failed: {problem.message}", style="red")

    def interrupted(self, done: int, rows: int) -> None:
        """Say how far it came."""
        self.say(f"Interrupted: {done} of {rows} rows were finished.", style="yellow")

    def note(self, message: str) -> None:
        """Show nothing."""

    def say(self, message: str, *, style: str = "") -> None:
        """Print one line on stderr, cleaned."""
        self.console.print(Text(printable(message), style=style), soft_wrap=True)


class PlainBench(QuietBench):
    """A line for each phase, for logs and pipes."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: Sequence[str] = ()
        self._index = 0
        self._notes: set[str] = set()
        self._file = ""

    def bench_started(self, labels: Sequence[str], images: int) -> None:
        """Say what is coming."""
        self._labels = labels
        self.say(f"{count(len(labels), 'row')} to measure on {count(images, 'image')}")

    def row_started(self, index: int) -> None:
        """Remember which."""
        self._index = index

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Print a line for each file."""
        if file != self._file:
            self._file = file
            self.say(f"{self._label}: downloading {file}, {size(total_bytes)} in all")

    def phase(self, what: str) -> None:
        """Print one line."""
        self.say(f"{self._label}: {what}")

    def row_finished(self, row: BenchRow) -> None:
        """Print the rate, or why there is none."""
        super().row_finished(row)
        if row.status == "ok":
            self.say(f"{self._label}: {rate(row.images_per_s)}")

    def note(self, message: str) -> None:
        """Print one line, the first time."""
        if message not in self._notes:
            self._notes.add(message)
            self.say(f"note: {message}")

    @property
    def _label(self) -> str:
        return self._labels[self._index] if self._labels else ""


@contextmanager
def bench_progress(*, quiet: bool) -> Iterator[QuietBench]:
    """Choose what fits the stream: live on a terminal, lines elsewhere, nothing when asked."""
    if quiet:
        yield QuietBench()
    elif sys.stderr.isatty():
        # rich.progress and rich.live cost start-up time that a pipe need not pay.
        from f1cap.render.bench_live import LiveBench

        live: AbstractContextManager[QuietBench] = LiveBench()
        with live as progress:
            yield progress
    else:
        yield PlainBench()
