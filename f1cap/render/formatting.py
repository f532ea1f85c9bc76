"""Text and numbers as people read them, made safe for a terminal."""

import unicodedata

# Formatting characters that reorder or hide what follows them; joiners inside emoji are harmless.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def printable(text: str) -> str:
    """Return text that cannot move the cursor, colour, ring or reorder: escapes stand for it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(character) for character in text)


def seconds(value: float | None) -> str:
    """Return a duration with a precision that fits its size."""
    if value is None:
        return "n/a"
    if value < 0.9995:
        return f"{value * 1000:.1f} ms" if value < 0.09995 else f"{value * 1000:.0f} ms"
    if value < 99.5:
        return f"{value:.2f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def clock(value: float | None) -> str:
    """Return a remaining time as h:mm:ss."""
    if value is None:
        return "-:--:--"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def size(value: int | None) -> str:
    """Return a number of bytes in decimal units, as the hub and disks count them."""
    if value is None:
        return "n/a"
    amount = float(value)
    for unit in ("B", "kB", "MB"):
        if amount < 999.5:
            return (
                f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.5 else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:.2f} GB"


def memory(value: int | None) -> str:
    """Return memory in binary units, as GPUs and systems count it."""
    if value is None:
        return "n/a"
    if value < 2**30:
        return f"{value / 2**20:.0f} MiB"
    return f"{value / 2**30:.2f} GiB"


def count(number: int, noun: str) -> str:
    """Return `1 image`, `1,000 images`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def rate(value: float | None) -> str:
    """Return images per second."""
    if value is None:
        return "n/a"
    return f"{value:.1f} images/s" if value >= 1 else f"{value:.2f} images/s"


def _escape(character: str) -> str:
    if character in _BIDI or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode("ascii")
    return character
