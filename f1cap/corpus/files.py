"""Read whole files of unknown origin, without ever blocking on a pipe or a device."""

import codecs
import os
import stat
from pathlib import Path
from typing import Any

# That of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class UnreadableError(Exception):
    """A file that cannot be read whole; its text completes `the file …`."""


class FormError(Exception):
    """What is wrong and at which entry; the file's name is added where it is known."""


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a regular file.

    Args:
        path: Links are followed.
        max_bytes: A larger file is refused before it is read.

    Raises:
        UnreadableError: It is absent, no regular file, too large, or the system refuses it.
    """
    try:
        _check_regular(path, path.stat())
        # Between the two checks a pipe may have taken the file's place: opening must not wait for
        # its writer, so it does not block, and what was really opened is checked again.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(path, status)
            if status.st_size > max_bytes:
                raise UnreadableError(_too_large(status.st_size, max_bytes))
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        reason = (
            "is a link to a file that does not exist" if path.is_symlink() else "does not exist"
        )
        raise UnreadableError(reason) from error
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise UnreadableError(f"cannot be opened: {reason_of(error)}") from error
    except MemoryError as error:
        raise UnreadableError("does not fit into memory") from error
    if len(data) > max_bytes:  # it grew meanwhile, or its size was reported as 0 (/proc)
        raise UnreadableError(_too_large(len(data), max_bytes))
    return data


def decode_text(data: bytes) -> str:
    """Decode text by its byte order mark, which Windows PowerShell writes; else it is UTF-8.

    Raises:
        UnicodeDecodeError: It is neither.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding)
    return data.decode("utf-8-sig")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what json would do: let a second value of one key silently replace the first.

    Raises:
        FormError: A key is there twice.
    """
    unique: dict[str, Any] = {}
    for key, value in pairs:
        if key in unique:
            raise FormError(f"an object has the key {key!r} twice")
        unique[key] = value
    return unique


def reason_of(error: Exception) -> str:
    """Return the system's message for a failure, without its number and path."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text or type(error).__name__


def _check_regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if not stat.S_ISDIR(status.st_mode):
        raise UnreadableError("is not a file but a pipe, a socket or a device")
    try:
        os.scandir(path).close()
    except OSError as error:
        raise UnreadableError(f"is a folder that cannot be listed: {reason_of(error)}") from error
    raise UnreadableError("is a folder, not a file")


def _too_large(size: int, max_bytes: int) -> str:
    return f"is too large: {size:,} bytes, and f1cap reads at most {max_bytes:,}"
