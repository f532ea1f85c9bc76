"""Drop PNG text chunks that f1cap does not read and for which Pillow would refuse the image.

Image generators store whole workflows in compressed text chunks. Pillow inflates them and raises
above a limit (`MAX_TEXT_CHUNK`) that is global to the process.
"""

import zlib
from itertools import pairwise

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
# Keywords of text that may hold the orientation.
_ORIENTATION = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")
_PILLOWS_LIMIT = 2**20
# Profiles of printing presses hold large tables: 2 to 4 MB.
_LARGEST_PROFILE = 2**24


def without_long_text(data: bytes) -> tuple[bytes, bytes | None]:
    """Remove from a PNG's bytes what Pillow's limit does not let pass.

    Other formats are returned unchanged. A damaged PNG stays damaged, for Pillow to report.

    Returns:
        The bytes, and the ICC profile if it had to be removed: None where it was not, empty where
        it is too large to be used.
    """
    if not data.startswith(_SIGNATURE):
        return data, None
    dropped: list[tuple[int, int]] = []
    profile = None
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            break
        if kind in _TEXT:
            body = data[at + 8 : end - 4]
            if not body.startswith(_ORIENTATION) or _text_length(kind, body) > _PILLOWS_LIMIT:
                dropped.append((at, end))
        elif kind == b"iCCP":
            inflated = _inflate(data[at + 8 : end - 4].partition(b"\0")[2][1:], _LARGEST_PROFILE)
            if len(inflated) > _PILLOWS_LIMIT:
                profile = inflated if len(inflated) <= _LARGEST_PROFILE else b""
                dropped.append((at, end))
        at = end
    if not dropped:
        return data, None
    edges = pairwise([(0, 0), *dropped, (len(data), len(data))])
    return b"".join(data[left[1] : right[0]] for left, right in edges), profile


def _text_length(kind: bytes, body: bytes) -> int:
    """Return a text's length when inflated, or any number above Pillow's limit."""
    text = body.partition(b"\0")[2]
    if kind == b"zTXt":
        return len(_inflate(text[1:], _PILLOWS_LIMIT))
    if kind == b"iTXt" and text[:1] == b"\1":  # compressed; two more words precede the text
        return len(_inflate(text[2:].split(b"\0", 2)[-1], _PILLOWS_LIMIT))
    return len(text)


def _inflate(data: bytes, limit: int) -> bytes:
    """Inflate at most one byte more than the limit; what is damaged is empty."""
    try:
        return zlib.decompressobj().decompress(data, limit + 1)
    except zlib.error:
        return b""
