"""A PNG without the text that nobody reads, for which Pillow would refuse the whole image.

Image generators keep whole workflows in compressed text. Pillow inflates it while it looks for the
pixels, and gives up above a limit that can be changed for the whole process only.
"""

import zlib
from itertools import pairwise

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
# Text that says how the camera was held, where there is no EXIF.
_ORIENTATION = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")
_PILLOWS_LIMIT = 2**20
# Profiles of printing presses, with many tables, take 2 to 4 MB.
_LARGEST_PROFILE = 2**24


def without_long_text(data: bytes) -> tuple[bytes, bytes | None]:
    """Return a file's bytes such that Pillow minds none of its text, and its long colour profile.

    What is no PNG comes back as it is. A damaged one comes back damaged, for Pillow to say so.

    Returns:
        The bytes, and the profile that had to be taken out of them: None where none was, empty
        where it is too large to be used.
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
    """Return how long a text becomes, or any number above Pillow's limit."""
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
