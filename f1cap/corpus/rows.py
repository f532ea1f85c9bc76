"""Captions of images in the forms in which programs pass them around: CSV, JSONL, lists, documents.

Both what is scored and what it is scored against come in them.
"""

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from f1cap.corpus.files import FormError, decode_text, unique_keys
from f1cap.records.captions import RunCost

_IMAGE_KEYS = ("image", "filename", "file_name", "path", "image_id")
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_FLAGS = {"true": True, "false": False}
_NO_FLAGS = frozenset({"", "0", "1", "0.0", "1.0", "none", "null", "nan", "n/a"})


@dataclass(frozen=True, slots=True)
class Row:
    """One caption of one image, as it is written; nothing of it is checked.

    Attributes:
        where: To name in an error.
        model: Whose it is, where that is said.
        image: Its name or its id.
        truncated: The length limit ended it.
        line_breaks: It held line breaks before it was cleaned.
        cost: Of the run that made it.
    """

    where: str
    model: str | None
    image: object
    caption: object
    category: object = None
    truncated: object = None
    line_breaks: object = None
    cost: RunCost = field(default_factory=RunCost)


def rows_by_suffix(path: Path, data: bytes) -> Iterator[Row] | None:
    """Return the rows of a CSV or JSONL file; None where the suffix says that it is neither.

    Raises:
        FormError: On reading on, too: a row cannot be one; the text names its line.
        UnicodeDecodeError: It is no text.
    """
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv"}:
        return _csv_rows(decode_text(data))
    return _jsonl_rows(decode_text(data)) if suffix in {".jsonl", ".ndjson"} else None


def list_rows(entries: list[object]) -> Iterator[Row]:
    """Yield the rows of a list of objects, as COCO's results are."""
    for number, entry in enumerate(entries, 1):
        yield _row(f"entry {number}", entry)


def is_document(document: object) -> bool:
    """Tell whether this is what a command of f1cap prints as JSON."""
    return isinstance(document, dict) and "f1cap" in document and "data" in document


def document_rows(data: object) -> Iterator[Row]:
    """Yield the captions of all runs in the data of what `f1cap caption` prints as JSON.

    Raises:
        FormError: It is another command's.
    """
    runs = data.get("runs") if isinstance(data, dict) else None
    if not isinstance(runs, list):
        raise FormError("an f1cap document without caption runs")
    for number, run in enumerate(runs, 1):
        if not isinstance(run, dict) or not isinstance(run.get("captions"), list):
            raise FormError(f"run {number} has no captions")
        cost = RunCost(
            images_per_s=_number(run.get("images_per_s")),
            vram_peak_bytes=_whole(run.get("vram_peak_bytes")),
        )
        for position, entry in enumerate(run["captions"], 1):
            where = f"caption {position} of run {number}"
            yield _row(where, entry, model=run.get("model"), cost=cost)


def _jsonl_rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _row(f"line {number}", _parse_line(number, line))


def _parse_line(number: int, line: str) -> object:
    try:
        return json.loads(line, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise FormError(f"line {number} is not JSON: {error.msg}") from error
    except FormError as error:
        raise FormError(f"line {number}: {error}") from error


def _csv_rows(text: str) -> Iterator[Row]:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = next(reader)
    for cells in reader:
        where = f"line {reader.line_num}"
        if len(cells) > len(header):
            raise FormError(
                f"{where} has {len(cells)} columns and the first line {len(header)}: a caption "
                f"with a {_DELIMITERS[delimiter]} in it must stand in quotation marks"
            )
        if cells:
            row = _row(where, dict(zip(header, cells, strict=False)))
            for flag in (row.truncated, row.line_breaks):
                # The rest of a caption, cut at its comma, may fill the columns after it.
                if isinstance(flag, str) and flag.strip().lower() not in _FLAGS.keys() | _NO_FLAGS:
                    raise FormError(
                        f"{where} has {flag!r} where true or false is expected: a caption with a "
                        f"{_DELIMITERS[delimiter]} in it must stand in quotation marks"
                    )
            yield row


def _delimiter(text: str) -> str:
    """Return what the first line's columns are divided by."""
    first = text[: text.find("\n")] if "\n" in text else text
    for delimiter in _DELIMITERS:
        if "caption" in next(csv.reader([first], delimiter=delimiter), ()):
            return delimiter
    raise FormError("its first line does not name the columns `image` and `caption`")


def _row(where: str, entry: object, *, model: object = None, cost: RunCost | None = None) -> Row:
    if not isinstance(entry, dict):
        raise FormError(f"{where} is not an object")
    image = next((entry[key] for key in _IMAGE_KEYS if entry.get(key) is not None), None)
    named = entry.get("model") or model
    return Row(
        where,
        named if isinstance(named, str) else None,
        whole_id(image),
        entry.get("caption"),
        entry.get("category"),
        entry.get("truncated"),
        entry.get("line_breaks"),
        cost or RunCost(),
    )


def whole_id(value: object) -> object:
    """Return an id that pandas made a float as the whole number that it was."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def flag(value: object) -> bool | None:
    """Return what a flag says; None where it says nothing."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None


def _number(value: object) -> float | None:
    """Return a number that a float holds and JSON has; None for any other value."""
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
