"""Which display of progress fits the stream and the options."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from f1cap.render.bench_progress import BenchProgress
from f1cap.render.progress import CaptionProgress, PlainLines
from f1cap.render.terminal import live_screen, message_console


@contextmanager
def caption_progress(*, quiet: bool, verbose: bool) -> Iterator[CaptionProgress]:
    """Choose what fits the stream: live on a terminal, lines elsewhere, nothing when asked."""
    console = message_console()
    if quiet:
        yield CaptionProgress(console, quiet=True)
    elif sys.stderr.isatty():
        # rich.progress costs start-up time that a pipe need not pay.
        from f1cap.render.live import LiveDisplay

        progress = CaptionProgress(console, verbose=verbose)
        with live_screen(console, LiveDisplay(console, lambda: progress.state).draw):
            yield progress
    else:
        yield CaptionProgress(console, verbose=verbose, display=PlainLines(console))


@contextmanager
def bench_progress(*, quiet: bool) -> Iterator[BenchProgress]:
    """Choose for a benchmark as `caption_progress` does for captions."""
    console = message_console()
    if not quiet and sys.stderr.isatty():
        from f1cap.render.bench_live import LiveBench

        progress = BenchProgress(console)
        with live_screen(console, LiveBench(console, lambda: progress.state).draw):
            yield progress
    else:
        yield BenchProgress(console, quiet=quiet, lines=not quiet)
