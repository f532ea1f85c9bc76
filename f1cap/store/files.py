"""Files that are written whole or not at all, and what to say when they cannot be."""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from f1cap.errors import StorageError


def write_atomically(path: Path, chunks: Iterable[str]) -> None:
    """Write text so that a reader sees the old file or the new one, never a part.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(chunks)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def read_object(path: Path) -> dict[str, object]:
    """Return a JSON object of ours; an empty one for none, or one that is damaged."""
    try:
        return parse_object(path.read_bytes())
    except OSError:
        return {}


def parse_object(data: bytes) -> dict[str, object]:
    """Return the JSON object in some bytes; an empty one where they hold no such thing."""
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def make_folder(path: Path) -> None:
    """Create a folder and its parents; an existing one is fine.

    Raises:
        StorageError: It cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error


def storage_error(error: OSError, path: Path) -> StorageError:
    """Turn what the system said about a file of ours into a sentence and the next step."""
    elsewhere = "Choose a folder that can be written: --output-dir DIR, or set F1CAP_CACHE_DIR."
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError(
            f"The disk is full: {path} could not be written.",
            hint="Free some space and run the same command again; finished captions are kept.",
        )
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return StorageError(f"{path} cannot be written: {error.strerror}.", hint=elsewhere)
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return StorageError(
            f"{path} is needed as a folder, and a file stands there.", hint=elsewhere
        )
    return StorageError(f"{path} cannot be written: {error.strerror or error}.", hint=elsewhere)


def _umask() -> int:
    # The only way to read the mask is to set it; mkstemp's 0600 would hide results from a group.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
