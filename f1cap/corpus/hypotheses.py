"""Read caption files: the captions of any model, in the formats in common use."""

import csv
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from f1cap.corpus.files import (
    FormError,
    UnreadableError,
    decode_text,
    read_bounded,
    unique_keys,
)
from f1cap.corpus.rows import Row, document_rows, flag, is_document, list_rows, rows_by_suffix
from f1cap.errors import CaptionSetError
from f1cap.records.captions import CaptionSet, RunCost

MAX_BYTES = 2 * 2**30  # a million captions of f1cap's own JSONL take 0.3 GB

_HINT = (
    'Known formats: {"image.jpg": "caption"}; f1cap\'s JSON, JSONL or CSV; COCO results, '
    '[{"image_id": 1, "caption": "…"}].'
)
_WHOLE = re.compile(r"(\d+)(?:\.0+)?", re.ASCII)


def read_captions(
    path: Path, ids: Mapping[int | str, str], names: Collection[str] = ()
) -> tuple[CaptionSet, ...]:
    """Return the caption sets in a file, one per model that it names.

    Args:
        path: JSON (flat, f1cap's document, COCO results), JSONL or CSV with commas, semicolons or
            tabs, in UTF-8, or in what its byte order mark says.
        ids: Image names by the ids that the references give them, for COCO results.
        names: Image names in the references; text is taken for an id only if it is none of them.

    Raises:
        CaptionSetError: It cannot be read, has another form, or captions an image twice.
    """
    try:
        rows = _rows(path, read_bounded(path, MAX_BYTES))
        sets = _collect(rows, _Names(names, ids))
    except FormError as error:
        raise CaptionSetError(f"{path}: {error}.", hint=_HINT) from error
    except UnreadableError as error:
        raise CaptionSetError(f"{path} {error}.") from error
    except UnicodeDecodeError as error:
        raise CaptionSetError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        message = f"{path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise CaptionSetError(message, hint=_HINT) from error
    except (RecursionError, ValueError, csv.Error) as error:
        raise CaptionSetError(f"{path} cannot be read: {error}.", hint=_HINT) from error
    if not sets:
        raise CaptionSetError(f"{path} contains no caption.", hint=_HINT)
    return sets


def _rows(path: Path, data: bytes) -> Iterable[Row]:
    rows = rows_by_suffix(path, data)
    if rows is not None:
        return rows
    document = json.loads(decode_text(data), object_pairs_hook=unique_keys)
    if isinstance(document, list):
        return list_rows(document)
    if not isinstance(document, dict):
        raise FormError("neither an object nor a list")
    if is_document(document):
        return document_rows(document["data"])
    return _flat_rows(document)


def _flat_rows(document: Mapping[str, object]) -> Iterator[Row]:
    for image, caption in document.items():
        yield Row(f"the entry {image!r}", None, image, caption)


class _Names:
    """The image names and ids in the references, and how else files may write them."""

    def __init__(self, names: Collection[str], ids: Mapping[int | str, str]) -> None:
        self._names = names
        self._ids = ids
        self._spellings: dict[str, str | None] | None = None

    def find(self, image: int | str) -> str:
        """Return the name in the references, or what is written where it is none of them."""
        if isinstance(image, int):
            return self._ids.get(image, str(image))
        written = PurePosixPath(image).as_posix()
        if written in self._names:
            return written
        name = PurePosixPath(image.replace("\\", "/")).as_posix()
        if name in self._names:
            return name
        if image in self._ids:
            return self._ids[image]
        # COCO's ids are numbers in one file and text in another; pandas writes 7 as 7.0.
        number = _WHOLE.fullmatch(image)
        if number is not None and (int(number[1]) in self._ids or number[1] in self._names):
            return self._ids.get(int(number[1]), number[1])
        return self._respelled(name) or name

    def _respelled(self, name: str) -> str | None:
        """Return the one name that differs in the form of its accents or in case, if it is one."""
        if self._spellings is None:
            self._spellings = {}
            for known in self._names:
                key = _spelling(known)
                self._spellings[key] = None if key in self._spellings else known
        return self._spellings.get(_spelling(name))


def _spelling(name: str) -> str:
    """Return what all spellings of a name share.

    A name that is not UTF-8 is written into our own CSV with escapes.
    """
    escaped = name.encode("utf-8", "backslashreplace").decode()
    return unicodedata.normalize("NFC", escaped.replace("\\", "/")).casefold()


@dataclass(slots=True)
class _Gathered:
    captions: dict[str, str] = field(default_factory=dict)
    truncated: dict[str, bool] = field(default_factory=dict)
    line_breaks: dict[str, bool] = field(default_factory=dict)
    cost: RunCost = field(default_factory=RunCost)


def _collect(rows: Iterable[Row], names: _Names) -> tuple[CaptionSet, ...]:
    sets: dict[str | None, _Gathered] = {}
    for row in rows:
        image = _image(row, names)
        if not isinstance(row.caption, str):
            raise FormError(f"{row.where} has no `caption` that is text")
        gathered = sets.setdefault(row.model, _Gathered(cost=row.cost))
        if image in gathered.captions:
            raise FormError(f"{row.where} captions {image!r}, which an earlier entry does too")
        gathered.captions[image] = row.caption
        for flags, value in (
            (gathered.truncated, row.truncated),
            (gathered.line_breaks, row.line_breaks),
        ):
            if (known := flag(value)) is not None:
                flags[image] = known
    return tuple(
        CaptionSet(
            model=model,
            captions=gathered.captions,
            truncated=_recorded(gathered.truncated, gathered.captions),
            line_breaks=_recorded(gathered.line_breaks, gathered.captions),
            cost=gathered.cost,
        )
        for model, gathered in sets.items()
    )


def _image(row: Row, names: _Names) -> str:
    image = row.image
    if isinstance(image, bool) or not isinstance(image, int | str) or image == "":
        raise FormError(f"{row.where} does not say which image it captions")
    return names.find(image)


def _recorded(flags: Mapping[str, bool], captions: Mapping[str, str]) -> frozenset[str] | None:
    """Return the flagged images; None unless every caption was recorded."""
    if len(flags) < len(captions):
        return None
    return frozenset(image for image, flag in flags.items() if flag)
