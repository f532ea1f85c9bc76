"""The progress of a caption run: how far it is, and the lines for logs and pipes."""

import time
from bisect import insort
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from rich.console import Console
from rich.text import Text

from f1cap.records.captions import Caption, CaptionRun
from f1cap.records.images import Dataset, Problem
from f1cap.records.models import ModelSpec, Placement
from f1cap.records.readings import MemoryReading
from f1cap.render.formatting import clock, count, rate, seconds, size
from f1cap.render.terminal import can_redraw, message_console, say

# Between plain lines: a tenth of the time so far, within these. A log should not grow with every
# image, nor through a whole night.
_LINE_EVERY_S = (5.0, 60.0)


@dataclass(slots=True)
class CaptionState:
    """How far one model is with its images; all that a display shows.

    Attributes:
        images: To be captioned, or reused, or to fail.
        done: Of these, finished.
        captioned: New captions.
        noted: Images with remarks on their files.
        started_s: When the model was ready, by the monotonic clock.
        downloaded_bytes: Of `download_bytes`, while the model is downloaded.
        caption: The newest.
        latencies_s: Of the new captions, sorted.
        memory: The newest reading.
        peak_bytes: The most memory in use so far.
    """

    model: str = ""
    phase: Literal["idle", "loading", "downloading", "captioning"] = "idle"
    # images
    images: int = 0
    done: int = 0
    captioned: int = 0
    noted: int = 0
    started_s: float = 0.0
    # download
    downloaded_bytes: int = 0
    download_bytes: int = 0
    # newest
    caption: Caption | None = None
    latencies_s: list[float] = field(default_factory=list)
    memory: MemoryReading = field(default_factory=lambda: MemoryReading(None))
    peak_bytes: int = 0

    @property
    def images_per_s(self) -> float | None:
        """The rate of the new captions; None before the first."""
        if not self.captioned:
            return None
        return self.captioned / max(time.monotonic() - self.started_s, 1e-9)

    @property
    def left_s(self) -> float | None:
        """The time that the other images will take at this rate."""
        per_second = self.images_per_s
        return None if per_second is None else (self.images - self.done) / per_second


class Display(Protocol):
    """Called when the state changes; a display that redraws at fixed intervals needs no call."""

    def update(self, state: CaptionState) -> None:
        """Show a download or a caption that has gone on."""

    def finished(self, run: CaptionRun) -> None:
        """Show a model that is done."""


class CaptionProgress:
    """The listener of a caption run: keeps the state, and prints messages."""

    def __init__(
        self,
        console: Console,
        *,
        quiet: bool = False,
        verbose: bool = False,
        display: Display | None = None,
    ) -> None:
        """Print only failures if `quiet`, and what is loaded if `verbose`."""
        self.state = CaptionState()
        self._console = console
        self._quiet = quiet
        self._verbose = verbose and not quiet
        self._display = display

    def run_started(self, dataset: Dataset) -> None:
        """Print what is captioned."""
        if not self._quiet:
            kind = "bundled image" if dataset.bundled else "image"
            self._say(f"Captioning {count(len(dataset.items), kind)} of {dataset.location}")

    def model_started(self, spec: ModelSpec, images: int) -> None:
        """Begin counting."""
        self.state = CaptionState(spec.name, "loading", images)
        if self._verbose:
            revision = "" if spec.local else f" at {spec.revision or 'main'}"
            self._say(f"{spec.name}: {spec.checkpoint}{revision}")

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Take in how far the download is."""
        del file
        self.state.downloaded_bytes, self.state.download_bytes = done_bytes, total_bytes
        self.state.phase = "downloading"
        self._update()

    def model_loaded(self, placement: Placement, load_s: float) -> None:
        """Start the clock; print what the user should know of the device."""
        self.state.started_s = time.monotonic()
        self.state.phase = "captioning"
        for sentence in placement.notes:
            self.note(sentence)
        if self._verbose:
            where = f"{placement.device}, {placement.dtype}"
            self._say(f"{self.state.model}: loaded on {where} in {seconds(load_s)}")

    def captioned(self, caption: Caption, memory: MemoryReading) -> None:
        """Count it."""
        state = self.state
        state.done += 1
        state.captioned += 1
        insort(state.latencies_s, caption.latency_s)
        state.caption, state.memory = caption, memory
        state.peak_bytes = max(state.peak_bytes, memory.used_bytes or 0)
        self._update()

    def kept(self, image: str) -> None:
        """Count it."""
        del image
        self.state.done += 1
        self._update()

    def failed(self, problem: Problem) -> None:
        """Print one line, and count an image."""
        self._say(f"failed: {problem.message}", style="red")
        self.state.done += problem.image is not None

    def image_noted(self, image: str, notes: Sequence[str]) -> None:
        """Print a line each where `verbose`, and count it."""
        self.state.noted += 1
        if self._verbose:
            for note in notes:
                self._say(f"note: {image}: {note}")

    def note(self, message: str) -> None:
        """Print one line."""
        if not self._quiet:
            self._say(f"note: {message}")

    def model_finished(self, run: CaptionRun) -> None:
        """End the display of this model."""
        if self.state.noted and not self._verbose:
            self.note(f"{count(self.state.noted, 'image')} with warnings; --verbose lists them.")
        self.state = CaptionState()
        if self._display is not None:
            self._display.finished(run)

    def interrupted(self, run: CaptionRun) -> None:
        """Say what is safe and how to go on."""
        done = run.captioned + run.kept
        self._say(
            f"Interrupted: {done:,} of {count(run.images, 'caption')} are saved in "
            f"{run.results_dir}; run the same command again to go on."
        )

    def _update(self) -> None:
        if self._display is not None:
            self._display.update(self.state)

    def _say(self, message: str, *, style: str = "") -> None:
        say(self._console, message, style=style)


def result_line(run: CaptionRun) -> str:
    """Say in a line what a run came to."""
    made = "no new captions"
    if run.captioned:
        made = f"{count(run.captioned, 'caption')} in {seconds(run.seconds)}"
    reused = f", {run.kept:,} reused" if run.kept else ""
    unwritten = f", {count(run.sidecars_failed, 'sidecar')} not written"
    sidecars = unwritten if run.sidecars_failed else ""
    return f"{made}{reused}, {run.failed:,} failed{sidecars}"


class PlainLines:
    """A line now and then, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._first_s = self._last_line_s = time.monotonic()

    def update(self, state: CaptionState) -> None:
        """Print a line every few seconds, later every minute, and one at the end of a download."""
        if state.phase == "downloading":
            if state.downloaded_bytes >= state.download_bytes or self._is_due():
                amounts = f"{size(state.downloaded_bytes)} of {size(state.download_bytes)}"
                say(self._console, f"{state.model}: downloading {amounts}")
        elif self._is_due():
            line = f"{state.model}: {state.done:,}/{state.images:,} images"
            if state.captioned:
                line += f", {rate(state.images_per_s)}, {clock(state.left_s)} left"
            say(self._console, line)

    def finished(self, run: CaptionRun) -> None:
        """Print how many captions there are."""
        say(self._console, f"{run.model}: {result_line(run)}")
        self._last_line_s = time.monotonic()

    def _is_due(self) -> bool:
        now = time.monotonic()
        shortest, longest = _LINE_EVERY_S
        pause = min(longest, max(shortest, (now - self._first_s) / 10))
        if now - self._last_line_s < pause:
            return False
        self._last_line_s = now
        return True


@contextmanager
def working(what: str, *, quiet: bool) -> Iterator[None]:
    """Show on a terminal that something takes a while."""
    console = message_console()
    if quiet or not can_redraw(console):
        yield
        return
    with console.status(Text(what, style="cyan")):
        yield
