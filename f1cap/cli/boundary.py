"""The one place where a known error becomes text and an exit code."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from f1cap.errors import F1capError

# Finished, but something in it failed.
SOME_FAILED = 3

# Where a command notes that its result is a JSON document, so that its failure is one too.
_JSON_COMMAND = "f1cap.json_command"
_JSON_FILE = "f1cap.json_file"


class ErrorBoundary(TyperGroup):
    """A command group that turns `F1capError`, and nothing else, into a sentence.

    Any other exception is a bug and stays a traceback. Unlike a try block around the program, this
    also works under Typer's test runner.
    """

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the base class has the vendored Click's type
        """Run the command; end with the error's exit code if it fails."""
        try:
            return super().invoke(ctx)
        except F1capError as error:
            _discard_stale(ctx.meta.get(_JSON_FILE))
            _report(error, ctx.meta.get(_JSON_COMMAND))
            raise typer.Exit(error.exit_code) from error


def expect_json(ctx: typer.Context, command: str) -> None:
    """Have this command's failure, too, printed as a JSON document on stdout."""
    ctx.meta[_JSON_COMMAND] = command


def replace_json(ctx: typer.Context, path: Path) -> None:
    """Have this command's failure take away the document of an earlier run at this path."""
    ctx.meta[_JSON_FILE] = path


def _discard_stale(path: Path | None) -> None:
    """Remove a document of f1cap's, which a program would take for the result that failed."""
    if path is None or not path.is_file():
        return
    import json

    # What is no document of ours was not made by an earlier run, and stays.
    with suppress(OSError, ValueError, RecursionError):
        document = json.loads(path.read_bytes())
        if isinstance(document, dict) and {"f1cap", "status"} <= document.keys():
            path.unlink()


def _report(error: F1capError, json_command: str | None) -> None:
    from f1cap.render.terminal import message_console, say

    console = message_console()
    say(console, error.message, lead="error: ", style="bold red")
    if error.hint:
        say(console, error.hint, lead="hint: ", style="bold")
    if json_command is not None:
        from f1cap.render.document import write_error_document

        # stdout may be what failed; the sentence is on stderr already
        with suppress(OSError):
            write_error_document(json_command, error, sys.stdout)
            sys.stdout.flush()
