"""Which display of a run's progress fits the stream and the options."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from f1cap.render.progress import CaptionProgress, PlainLines
from f1cap.render.terminal import message_console


@contextmanager
def caption_progress(*, quiet: bool, verbose: bool) -> Iterator[CaptionProgress]:
    """Choose what fits the stream: live on a terminal, lines elsewhere, nothing when asked."""
    console = message_console()
    if quiet:
        yield CaptionProgress(console, quiet=True)
    elif sys.stderr.isatty():
        # rich.progress and rich.live cost start-up time that a pipe need not pay.
        from f1cap.render.live import LiveDisplay

        progress = CaptionProgress(console, verbose=verbose)
        with LiveDisplay(console, lambda: progress.state):
            yield progress
    else:
        yield CaptionProgress(console, verbose=verbose, display=PlainLines(console))
