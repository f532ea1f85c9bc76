"""Where a command's result goes and in which format, and which progress display is used."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from f1cap.cli.boundary import expect_json, replace_json
from f1cap.errors import StorageError, UsageError
from f1cap.render.formats import OutputFormat, choose_format

if TYPE_CHECKING:
    from f1cap.render.bench_progress import BenchProgress
    from f1cap.render.progress import CaptionProgress


_Format = TypeVar("_Format", bound=OutputFormat)


def prepare_output(
    ctx: typer.Context,
    asked: _Format | None,
    output: Path | None,
    formats: type[_Format],
    *,
    csv_bom: bool = False,
) -> _Format:
    """Return the format of a result, having refused, before hours of work, what cannot be written.

    Where that is JSON on stdout, the command's failure will be a JSON document too.

    Raises:
        UsageError: Bytes would be written to a terminal, or a byte order mark into no CSV file.
        StorageError: The output file's folder does not exist or takes no files.
    """
    form = choose_format(asked, output, formats)
    if csv_bom and form != "csv":
        raise UsageError(
            f"--csv-bom has no effect on --format {form}.",
            hint="Add --format csv, or leave it out.",
        )
    if form == "json" and output is None:
        expect_json(ctx, str(ctx.info_name))
    elif form == "json" and output is not None:
        replace_json(ctx, output)
    if form.binary and output is None and sys.stdout.isatty():
        raise UsageError(
            f"--format {form} is binary and cannot be shown on a terminal.",
            hint="Write it to a file with --output FILE.",
        )
    check_output(output)
    return form


def write_output(
    result: object,
    form: OutputFormat,
    output: Path | None,
    *,
    wrote: str,
    quiet: bool = False,
    csv_bom: bool = False,
    **options: object,
) -> None:
    """Write a command's result in a format, to stdout or to the file, which a line then names.

    Args:
        result: What the command's service returned.
        form: One of the command's formats.
        output: The file; None means stdout.
        wrote: What the result is, for that line.
        quiet: Without that line.
        csv_bom: Begin with a byte order mark.
        options: What else the command's writers take.

    Raises:
        StorageError: It cannot be written.
    """
    with open_output(output, binary=form.binary) as stream:
        if csv_bom:
            stream.write("\ufeff")
        form.load()(result, stream, **options)
    if output is not None and not quiet:
        from f1cap.render.terminal import message_console, say

        say(message_console(), f"{wrote} → {output}")


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
        raise StorageError(f"--output {path}: the folder {folder} is not writable.")


@contextmanager
def open_output(path: Path | None, *, binary: bool = False) -> Iterator[Any]:
    """Yield the stream for the result. A file appears only when it is complete.

    A link is written through, and what is no file (a pipe, /dev/null) is written to, not replaced.

    Args:
        path: None means stdout.
        binary: Yield a stream of bytes; else one of text.

    Raises:
        StorageError: The file cannot be written.
        typer.Exit: The reader of stdout has gone away, as in `f1cap … | head`.
    """
    if path is None:
        stdout = sys.stdout.buffer if binary else sys.stdout
        try:
            yield stdout
            stdout.flush()
        except BrokenPipeError as error:
            # Python flushes stdout once more at exit; give it a sink that takes it.
            with suppress(OSError, io.UnsupportedOperation):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error
        except OSError as error:
            raise StorageError(f"stdout cannot be written: {error.strerror}.") from error
        return
    options: dict[str, Any] = (
        {"mode": "wb"} if binary else {"mode": "w", "encoding": "utf-8", "newline": ""}
    )
    temporary: Path | None = None
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            with path.open(**options) as stream:
                yield stream
            return
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, **options) as stream:
            yield stream
        with suppress(OSError):  # network shares and FAT have no modes to change
            temporary.chmod(0o644)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise StorageError(f"--output {path} cannot be written: {error.strerror}.") from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def caption_progress(*, quiet: bool, verbose: bool) -> Iterator["CaptionProgress"]:
    """Choose what fits the stream: live on a terminal, lines elsewhere, nothing when asked."""
    from f1cap.render.progress import CaptionProgress, PlainLines
    from f1cap.render.terminal import can_redraw, live_screen, message_console

    console = message_console()
    if quiet:
        yield CaptionProgress(console, quiet=True)
    elif can_redraw(console):
        # rich.progress costs start-up time that a pipe need not pay.
        from f1cap.models.device.machine import read_cpu
        from f1cap.render.live import LiveDisplay

        display = LiveDisplay(
            console, lambda: progress.state, ram_total_bytes=read_cpu().ram_total_bytes
        )
        progress = CaptionProgress(console, verbose=verbose, display=display)
        with live_screen(console, display.draw):
            yield progress
    else:
        yield CaptionProgress(console, verbose=verbose, display=PlainLines(console))


@contextmanager
def bench_progress(*, quiet: bool) -> Iterator["BenchProgress"]:
    """Choose for a benchmark as `caption_progress` does for captions."""
    from f1cap.render.bench_progress import BenchProgress
    from f1cap.render.terminal import can_redraw, live_screen, message_console

    console = message_console()
    if not quiet and can_redraw(console):
        from f1cap.models.device.machine import read_cpu
        from f1cap.render.bench_live import LiveBench

        progress = BenchProgress(console)
        display = LiveBench(
            console, lambda: progress.state, ram_total_bytes=read_cpu().ram_total_bytes
        )
        with live_screen(console, display.draw):
            yield progress
    else:
        yield BenchProgress(console, quiet=quiet, lines=not quiet)
