"""Tables that fit the screen by leaving columns out, and the line that says which."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from f1cap.render.consoles import print_trimmed


class Fittable(Protocol):
    """A column that may be left out."""

    @property
    def heading(self) -> str:
        """Return what stands above it."""

    @property
    def keep(self) -> int:
        """Return its place in the order: from the highest number down columns are left out."""


_Column = TypeVar("_Column", bound=Fittable)


def print_fitting(
    console: Console,
    columns: Sequence[_Column],
    build: Callable[[Sequence[_Column]], Table],
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
        line = f"Left out for width: {names} (a wider terminal or --format {elsewhere} shows all)"
        print_trimmed(console, Text(line, style="dim"))


def _width(console: Console, table: Table) -> int:
    """Return the columns of screen that a table wants, however many there are."""
    return Measurement.get(console, console.options.update(max_width=1000), table).maximum
