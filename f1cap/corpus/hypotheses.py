"""Read caption files: the captions of any model, in the formats in common use."""

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from f1cap.corpus.files import (
    FormError,
    UnreadableError,
    decode_text,
    read_bounded,
    unique_keys,
)
from f1cap.corpus.listing import ImageNames
from f1cap.corpus.rows import Row, document_rows, flag, is_document, list_rows, rows_by_suffix
from f1cap.errors import CaptionSetError
from f1cap.records.captions import CaptionSet, RunCost

MAX_BYTES = 2 * 2**30  # a million captions of f1cap's own JSONL take 0.3 GB

_HINT = (
    'Known formats: {"image.jpg": "caption"}; f1cap\'s JSON, JSONL or CSV; COCO results, '
    '[{"image_id": 1, "caption": "…"}].'
)


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
        sets = _collect(rows, ImageNames(names, ids))
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


@dataclass(slots=True)
class _Gathered:
    captions: dict[str, str] = field(default_factory=dict)
    truncated: dict[str, bool] = field(default_factory=dict)
    line_breaks: dict[str, bool] = field(default_factory=dict)
    cost: RunCost = field(default_factory=RunCost)


def _collect(rows: Iterable[Row], names: ImageNames) -> tuple[CaptionSet, ...]:
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


def _image(row: Row, names: ImageNames) -> str:
    image = row.image
    if isinstance(image, bool) or not isinstance(image, int | str) or image == "":
        raise FormError(f"{row.where} does not say which image it captions")
    return names.find(image)


def _recorded(flags: Mapping[str, bool], captions: Mapping[str, str]) -> frozenset[str] | None:
    """Return the flagged images; None unless every caption was recorded."""
    if len(flags) < len(captions):
        return None
    return frozenset(image for image, flag in flags.items() if flag)
