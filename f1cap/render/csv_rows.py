"""CSV: as it is into files and pipes, cleaned onto a terminal."""

import csv
from collections.abc import Iterable
from typing import Protocol, TextIO

from f1cap.render.text import printable


class RowWriter(Protocol):
    """What is used of a `csv` writer."""

    def writerow(self, row: Iterable[object], /) -> object:
        """Write one row."""
        ...


def table_writer(stream: TextIO) -> RowWriter:
    """Return a writer of rows, one line each."""
    writer = csv.writer(stream, lineterminator="\n")
    return _CleanRows(writer) if stream.isatty() else writer


class _CleanRows:
    """Lets nothing through that would act on the terminal."""

    def __init__(self, writer: RowWriter) -> None:
        self._writer = writer

    def writerow(self, row: Iterable[object]) -> None:
        """Write one row, each cell as text."""
        self._writer.writerow([printable("" if cell is None else str(cell)) for cell in row])
