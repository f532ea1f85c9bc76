"""The two streams: data on stdout, everything else on stderr."""

import os
import sys
from typing import TextIO

from rich.console import Console, RenderableType

# Wide enough for every column, narrow enough that long captions still fold.
_FILE_COLUMNS = 200


def prepare_streams() -> None:
    """Make both streams take any text.

    A pipe gets UTF-8, whatever the locale says, so that JSON is JSON; a terminal keeps its
    encoding and shows escapes for what it lacks.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream.isatty():
            reconfigure(errors="backslashreplace")
        else:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def data_console(stream: TextIO | None = None) -> Console:
    """Return the console for results; in a file or a pipe no screen narrows it."""
    console = _console(stream or sys.stdout)
    if not console.file.isatty() and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _FILE_COLUMNS
    return console


def message_console() -> Console:
    """Return the console for progress, warnings and errors."""
    return _console(sys.stderr)


def print_trimmed(console: Console, content: RenderableType) -> None:
    """Print without the blanks that rich fills lines with: files and pipes keep them."""
    with console.capture() as capture:
        console.print(content)
    for line in capture.get().splitlines():
        console.file.write(f"{line.rstrip()}\n")


def _console(stream: TextIO) -> Console:
    # Emoji codes, markup and highlighting would rewrite captions and file names.
    return Console(file=stream, markup=False, emoji=False, highlight=False)
