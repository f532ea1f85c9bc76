"""The two streams, the live screen, CSV that is clean on a terminal, tables that fit the screen."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Protocol, TextIO, TypeVar, cast

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.text import Text
from rich.theme import Theme

from f1cap.render.formatting import printable

if TYPE_CHECKING:
    from rich.table import Table

# Wide enough for every column, narrow enough that long captions still fold.
_FILE_COLUMNS = 200

_UPDATES_PER_S = 5

# The one colour of all that moves; rich has pink, green, red and magenta there.
ACCENT = "cyan"
_PLAIN_STYLES = ("download", "data.speed", "remaining", "elapsed", "percentage")
_THEME = Theme(
    {
        **dict.fromkeys(("bar.complete", "bar.finished", "bar.pulse"), ACCENT),
        **dict.fromkeys(("progress.spinner", "status.spinner"), ACCENT),
        "bar.back": "bright_black",
        **{f"progress.{name}": "default" for name in _PLAIN_STYLES},
    }
)


class RowWriter(Protocol):
    """What is used of a `csv` writer."""

    def writerow(self, row: Iterable[object], /) -> object:
        """Write one row."""
        ...


class Fittable(Protocol):
    """A column that may be left out."""

    @property
    def heading(self) -> str:
        """Return what stands above it."""

    @property
    def keep(self) -> int:
        """Return its priority: columns are left out from the highest number down."""


_Column = TypeVar("_Column", bound=Fittable)


def prepare_streams() -> None:
    """Make both streams take any text.

    A pipe gets UTF-8, whatever the locale says, so that JSON is JSON; a terminal keeps its
    encoding and shows escapes for what it lacks. A stream that was closed takes everything too,
    and no file that is opened later gets its number, and with it what libraries print.
    """
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            _occupy(number)
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream.isatty():
            reconfigure(errors="backslashreplace")
        else:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _occupy(number: int) -> None:
    """Have a file descriptor take and forget whatever is written."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def data_console(stream: TextIO | None = None) -> Console:
    """Return the console for results; in a file or a pipe no screen narrows it."""
    console = _console(stream or sys.stdout)
    if not console.file.isatty() and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _FILE_COLUMNS
    return console


def message_console() -> Console:
    """Return the console for progress, warnings and errors."""
    return _console(cast("TextIO", _Unfailing(sys.stderr)))  # all of it that rich uses


def say(console: Console, message: str, *, lead: str = "", style: str = "") -> None:
    """Print a message, cleaned; a terminal gets it in lines that end between words.

    Args:
        console: Where to.
        message: Text from anywhere.
        lead: What stands before it, in the style.
        style: Of the lead, or of a message without one.
    """
    text = Text.assemble((lead, style), (printable(message), "" if lead else style))
    console.print(text, soft_wrap=not console.is_terminal)


def can_redraw(console: Console) -> bool:
    """Tell whether a part of the screen can be drawn anew, again and again.

    A dumb terminal cannot, and the output of a notebook's `!f1cap …` keeps every cursor code,
    though it says that it is a terminal.
    """
    return console.file.isatty() and not console.is_dumb_terminal and not _in_notebook()


def _in_notebook() -> bool:
    # Jupyter starts kernels with the first; ipykernel, whoever starts it, sets the others.
    environment = os.environ
    return "JPY_PARENT_PID" in environment or (
        environment.get("TERM") == "xterm-color"
        and environment.get("PAGER") == environment.get("GIT_PAGER") == "cat"
    )


def live_screen(
    console: Console, draw: Callable[[], RenderableType]
) -> AbstractContextManager[object]:
    """Return a context in which a part of the terminal is redrawn at fixed intervals.

    A separate thread draws, so that a model never waits for the screen.
    """
    # rich.live costs start-up time that a pipe need not pay
    from rich.live import Live

    return Live(
        get_renderable=draw, console=console, refresh_per_second=_UPDATES_PER_S, transient=True
    )


def print_trimmed(console: Console, content: RenderableType) -> None:
    """Print without the blanks that rich fills lines with: files and pipes keep them."""
    with console.capture() as capture:
        console.print(content)
    for line in capture.get().splitlines():
        console.file.write(f"{line.rstrip()}\n")


def table_writer(stream: TextIO) -> RowWriter:
    """Return a writer of rows, one line each."""
    import csv

    writer = csv.writer(stream, lineterminator="\n")
    return _CleanRows(writer) if stream.isatty() else writer


def print_fitting(
    console: Console,
    columns: Sequence[_Column],
    build: "Callable[[Sequence[_Column]], Table]",
    *,
    elsewhere: str,
) -> None:
    """Print a table with as many columns as the screen holds, and name the others.

    Args:
        console: Where to.
        columns: Those that may be left out; two stay however narrow the screen is.
        build: Makes the table of some of them.
        elsewhere: Formats that show all, for the line below the table.
    """
    shown = list(columns)
    left_out: list[_Column] = []
    while _width(console, build(shown)) > console.width and len(shown) > 2:
        left_out.append(max(shown, key=lambda column: column.keep))
        shown.remove(left_out[-1])
    print_trimmed(console, build(shown))
    if left_out:
        names = ", ".join(column.heading for column in left_out)
        line = f"Hidden columns: {names} (a wider terminal or --format {elsewhere} shows them)"
        print_trimmed(console, Text(line, style="dim"))


class _Unfailing:
    """A stream for messages: where it breaks, the work goes on, and its result comes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:
        """Return the encoding of what it writes to."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write, or go silent for good."""
        try:
            return self._stream.write(text)
        except OSError:
            self._silence()
            return len(text)

    def flush(self) -> None:
        """Flush, or go silent for good."""
        try:
            self._stream.flush()
        except OSError:
            self._silence()

    def _silence(self) -> None:
        with suppress(OSError):  # a stream of no file has no number
            _occupy(self._stream.fileno())


class _CleanRows:
    """Lets nothing through that would act on the terminal."""

    def __init__(self, writer: RowWriter) -> None:
        self._writer = writer

    def writerow(self, row: Iterable[object]) -> None:
        """Write one row, each cell as text."""
        self._writer.writerow([printable("" if cell is None else str(cell)) for cell in row])


def _console(stream: TextIO) -> Console:
    # Emoji codes, markup and highlighting would rewrite captions and file names.
    return Console(file=stream, markup=False, emoji=False, highlight=False, theme=_THEME)


def _width(console: Console, table: "Table") -> int:
    """Return the columns of screen that a table wants, however many there are."""
    return Measurement.get(console, console.options.update(max_width=1000), table).maximum
