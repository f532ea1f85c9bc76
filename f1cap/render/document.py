"""The one JSON document that a command prints."""

from collections.abc import Sequence
from typing import Literal, TextIO

from f1cap.errors import F1capError
from f1cap.records.images import Problem
from f1cap.records.json_text import SCHEMA, stream_json
from f1cap.version import VERSION

Status = Literal["ok", "partial", "error"]


def write_document(
    command: str, status: Status, data: object, problems: Sequence[Problem], stream: TextIO
) -> None:
    """Write the envelope, its data streamed, and a newline."""
    envelope = {
        "f1cap": {"version": VERSION, "schema": SCHEMA, "command": command},
        "status": status,
        "data": data,
        "errors": [problem.to_dict() for problem in problems],
    }
    stream.writelines(stream_json(envelope))
    stream.write("\n")


def write_error_document(command: str, error: F1capError, stream: TextIO) -> None:
    """Write the document of a command that a known error ended."""
    write_document(command, "error", None, [Problem.of(error)], stream)


def status_of(problems: Sequence[Problem]) -> Status:
    """Return the status of a command that came to its end."""
    return "partial" if problems else "ok"
