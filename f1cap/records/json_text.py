"""How values become JSON text, in files and on stdout alike."""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

# Of every document that a program may read: what a command prints, run.json, metrics.json. It rises
# when a key or a value that was there before changes its name or meaning; the CHANGELOG says which.
SCHEMA = 2

# Lone surrogates no UTF-8 stream takes; C1 controls and marks of direction no terminal should see.
_ESCAPED = re.compile("[\ud800-\udfff\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def to_json(value: object) -> str:
    """Return one line of JSON that any UTF-8 stream can take, and any terminal.

    File names that are not UTF-8 hold lone surrogates in Python; they, and what would act on a
    terminal, are written as escapes, which JSON allows and which come back as the same text.
    """
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def stream_json(value: object, indent: int = 0) -> Iterator[str]:
    """Yield an indented document piece by piece; leaves and flat objects stay on one line.

    An iterable that is neither list nor tuple (a journal being read) is never held whole in memory.
    """
    pad = "  " * (indent + 1)
    if isinstance(value, Mapping) and any(_is_nested(item) for item in value.values()):
        yield "{"
        for position, (key, item) in enumerate(value.items()):
            yield f"{',' if position else ''}\n{pad}{to_json(str(key))}: "
            yield from stream_json(item, indent + 1)
        yield f"\n{'  ' * indent}}}"
    elif _is_nested(value) and not isinstance(value, Mapping):
        empty = True
        for item in value:  # type: ignore[attr-defined]  # _is_nested saw an iterable
            yield f"{'[' if empty else ','}\n{pad}"
            yield from stream_json(item, indent + 1)
            empty = False
        yield "[]" if empty else f"\n{'  ' * indent}]"
    else:
        yield to_json(value)


def _is_nested(value: object) -> bool:
    """Tell what is worth a line of its own per item from what reads better on one line."""
    if isinstance(value, Mapping):
        return bool(value)
    if isinstance(value, list | tuple):
        return any(isinstance(item, Mapping | list | tuple) for item in value)
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Path)


def _plain(value: object) -> object:
    # a record within a record is its fields; one with another JSON form has a to_dict
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)
