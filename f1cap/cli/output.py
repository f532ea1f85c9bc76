"""Where a command's result goes: stdout, or a file that is written whole."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import typer

from f1cap.errors import StorageError


def check_output(path: Path | None) -> None:
    """Refuse, before hours of work, a file that cannot be written.

    Raises:
        StorageError: Its folder does not exist or takes no files.
    """
    if path is None:
        return
    folder = path.absolute().parent
    if not folder.is_dir():
        raise StorageError(
            f"--output {path}: the folder {folder} does not exist.", hint=f"mkdir -p {folder}"
        )
    if not os.access(folder, os.W_OK):
        raise StorageError(f"--output {path}: the folder {folder} cannot be written.")


@contextmanager
def open_output(path: Path | None) -> Iterator[TextIO]:
    """Yield the stream for the result. A file appears only when it is complete.

    A link is written through, and what is no file (a pipe, /dev/null) is written to, not replaced.

    Raises:
        StorageError: The file cannot be written.
        typer.Exit: Whoever read stdout has gone away, as in `f1cap … | head`.
    """
    if path is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError as error:
            # Python flushes stdout once more at exit; give it a sink that takes it.
            with suppress(OSError, io.UnsupportedOperation):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error
        except OSError as error:
            raise StorageError(f"stdout cannot be written: {error.strerror}.") from error
        return
    temporary: Path | None = None
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
        temporary.chmod(0o644)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise StorageError(f"--output {path} cannot be written: {error.strerror}.") from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
