"""What is read back from files of ours, checked like what comes from outside.

Disks fail, people edit, other programs write into our folders. What does not pass is not there: a
line costs its caption, a number is unknown, a file is as if it had never been written.
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from f1cap.records.captions import Caption

_MAX_BYTES = 2**30  # a million captions take 0.1 GB
# Of one caption. 500 tokens, the most that can be asked for, of GPT-2's longest, 128 characters.
_MAX_CHARACTERS = 2**16
# Of one line of the journal: such a caption and the longest path, all characters escaped.
_MAX_LINE_BYTES = 2**20
_MAX_DIGITS = 18  # of a whole number, so that it is one for other programs too
_KEY_BYTES = 32
# What no caption holds: controls that are no white space, and lone surrogates.
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")


class Entry(NamedTuple):
    """One line of the journal: the digest of all that its caption depends on, and the caption."""

    key: bytes
    caption: Caption


def read_object(path: Path) -> dict[str, object]:
    """Return a JSON object of ours; an empty one for none, or one that is damaged."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        return parse_object(path.read_bytes())
    except OSError:
        return {}


def parse_object(data: bytes) -> dict[str, object]:
    """Return the JSON object in some bytes; an empty one where they hold no such thing.

    A number that is none in JSON (NaN, Infinity), or too large for other programs, becomes None.
    """
    try:
        value = json.loads(data, parse_constant=_unknown, parse_float=_finite, parse_int=_whole)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def parse_entry(line: bytes) -> Entry | None:
    """Return what a line of the journal says; None for one that is no record of a caption."""
    record = parse_object(line)
    key, image, text = record.get("key"), record.get("image"), record.get("caption")
    tokens, latency_s = record.get("tokens"), as_number(record.get("latency_s"))
    truncated, line_breaks = record.get("truncated"), record.get("line_breaks")
    if not (isinstance(key, str) and isinstance(image, str) and isinstance(text, str)):
        return None
    if not (isinstance(truncated, bool) and isinstance(line_breaks, bool)):
        return None
    if not isinstance(tokens, int) or isinstance(tokens, bool) or latency_s is None:
        return None
    try:
        digest = bytes.fromhex(key)
    except ValueError:
        return None
    # a caption is one line when it is written
    is_clean = is_text(text) and text == " ".join(text.split())
    if len(digest) != _KEY_BYTES or not is_clean or not is_image_name(image):
        return None
    return Entry(digest, Caption(image, text, tokens, truncated, line_breaks, float(latency_s)))


def read_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the length of each whole line of a journal, and its bytes.

    Of a line that is too long for a record, no byte is kept; half a line at the end is none.
    """
    while line := stream.readline(_MAX_LINE_BYTES):
        length = len(line)
        while not line.endswith(b"\n"):
            line = stream.readline(_MAX_LINE_BYTES)
            if not line:
                return
            length += len(line)
        yield length, line if length == len(line) else b""


def is_text(value: object) -> bool:
    """Tell whether a value can be a caption, which may run over several lines."""
    return (
        isinstance(value, str) and len(value) <= _MAX_CHARACTERS and _NO_TEXT.search(value) is None
    )


def is_image_name(name: str) -> bool:
    """Tell whether a name is that of an image within a dataset, not of a file elsewhere."""
    return "\0" not in name and not {"", ".", ".."}.intersection(name.split("/"))


def as_number(value: object) -> float | None:
    """Return a number of a record; None for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_measurement(value: object) -> object:
    """Return numbers, alone, in a list or in an object, as run.json has what was measured."""
    if isinstance(value, dict):
        return {name: _as_numbers(item) for name, item in value.items()}
    return as_number(value)


def _as_numbers(value: object) -> object:
    return [as_number(item) for item in value] if isinstance(value, list) else as_number(value)


def _unknown(_constant: str) -> None:
    return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS else None
