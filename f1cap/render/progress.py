"""What a caption run shows while it goes on: nothing, plain lines, or a live display."""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.text import Text

from f1cap.records.captions import Caption, CaptionRun
from f1cap.records.images import Problem
from f1cap.records.models import ModelSpec, Placement
from f1cap.records.readings import MemoryReading
from f1cap.render.formatting import clock, count, printable, rate, seconds, size
from f1cap.render.terminal import message_console

# Between plain lines; a log should not grow with every image.
_LINE_EVERY_S = 5.0


class QuietProgress:
    """Only failures and what must be known after an interruption."""

    def __init__(self) -> None:
        self.console = message_console()

    def model_started(self, spec: ModelSpec, images: int) -> None:
        """Show nothing."""

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Show nothing."""

    def model_loaded(self, placement: Placement, load_s: float) -> None:
        """Show nothing."""

    def captioned(self, caption: Caption, memory: MemoryReading) -> None:
        """Show nothing."""

    def kept(self, image: str) -> None:
        """Show nothing."""

    def note(self, message: str) -> None:
        """Show nothing."""

    def model_finished(self, run: CaptionRun) -> None:
        """Show nothing."""

    def failed(self, problem: Problem) -> None:
        """Show one line."""
        self.say(f"failed: {problem.message}", style="red")

    def interrupted(self, run: CaptionRun) -> None:
        """Say what is safe and how to go on."""
        done = run.captioned + run.kept
        self.say(
            f"Interrupted: {done:,} of {count(run.images, 'caption')} are kept in "
            f"{run.results_dir}; the same command goes on from there."
        )

    def say(self, message: str, *, style: str = "") -> None:
        """Print one line on stderr, cleaned."""
        self.console.print(Text(printable(message), style=style), soft_wrap=True)


class PlainProgress(QuietProgress):
    """A line now and then, for logs and pipes."""

    def __init__(self, *, verbose: bool = False) -> None:
        super().__init__()
        self._verbose = verbose
        self._spec: ModelSpec | None = None
        self._total = 0
        self._done = 0
        self._made = 0
        self._started = 0.0
        self._last_line = 0.0

    def model_started(self, spec: ModelSpec, images: int) -> None:
        """Begin counting."""
        self._spec, self._total = spec, images
        self._done = self._made = 0
        self._last_line = time.monotonic()
        if self._verbose:
            self.say(f"{spec.name}: {spec.checkpoint} at {spec.revision or 'main'}")

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Print a line every few seconds, and one at the end."""
        if done_bytes >= total_bytes or self._is_due():
            self.say(f"{self._name}: downloading {size(done_bytes)} of {size(total_bytes)}")

    def model_loaded(self, placement: Placement, load_s: float) -> None:
        """Print what the user should know of the device; with --verbose, where it runs."""
        self._started = time.monotonic()
        for sentence in placement.notes:
            self.note(sentence)
        if self._verbose:
            place = f"{placement.device}, {placement.dtype}"
            self.say(f"{self._name}: loaded on {place} in {seconds(load_s)}")

    def captioned(self, caption: Caption, memory: MemoryReading) -> None:
        """Print a line every few seconds."""
        self._done += 1
        self._made += 1
        if self._is_due():
            elapsed = time.monotonic() - self._started
            left_s = (self._total - self._done) * elapsed / self._made
            self.say(
                f"{self._name}: {self._done:,}/{self._total:,} images, "
                f"{rate(self._made / elapsed)}, {clock(left_s)} left"
            )

    def kept(self, image: str) -> None:
        """Count it."""
        self._done += 1

    def failed(self, problem: Problem) -> None:
        """Print one line and count the image."""
        super().failed(problem)
        self._done += problem.image is not None

    def note(self, message: str) -> None:
        """Print one line."""
        self.say(f"note: {message}")

    def model_finished(self, run: CaptionRun) -> None:
        """Print how many there are."""
        kept = f", {run.kept:,} kept" if run.kept else ""
        missing = count(run.sidecars_failed, "sidecar")
        sidecars = f", {missing} not written" if run.sidecars_failed else ""
        self.say(
            f"{run.model}: {count(run.captioned, 'caption')} in {seconds(run.seconds)}"
            f"{kept}, {run.failed:,} failed{sidecars}"
        )

    @property
    def _name(self) -> str:
        return "" if self._spec is None else self._spec.name

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now - self._last_line < _LINE_EVERY_S:
            return False
        self._last_line = now
        return True


@contextmanager
def caption_progress(*, quiet: bool, verbose: bool) -> Iterator[QuietProgress]:
    """Choose what fits the stream: live on a terminal, lines elsewhere, nothing when asked."""
    if quiet:
        yield QuietProgress()
    elif sys.stderr.isatty():
        # rich.progress and rich.live cost start-up time that a pipe need not pay.
        from f1cap.render.live import LiveProgress

        live: AbstractContextManager[QuietProgress] = LiveProgress(verbose=verbose)
        with live as progress:
            yield progress
    else:
        yield PlainProgress(verbose=verbose)


@contextmanager
def working(what: str, *, quiet: bool) -> Iterator[None]:
    """Show on a terminal that something takes a while."""
    console = message_console()
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(Text(what, style="cyan")):
        yield
