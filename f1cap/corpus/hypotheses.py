"""Read caption files: the captions of any model, in the formats in common use."""

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from f1cap.corpus.files import FormError, UnreadableError, read_bounded, unique_keys
from f1cap.errors import CaptionSetError
from f1cap.records.captions import CaptionSet, RunCost

MAX_BYTES = 2 * 2**30  # a million captions of f1cap's own JSONL take 0.3 GB

_HINT = (
    'Known formats: {"image.jpg": "caption"}; f1cap\'s JSON, JSONL or CSV; COCO results, '
    '[{"image_id": 1, "caption": "…"}].'
)
_IMAGE_KEYS = ("image", "filename", "file_name", "path", "image_id")


def read_captions(
    path: Path, ids: Mapping[int | str, str], names: Collection[str] = ()
) -> tuple[CaptionSet, ...]:
    """Return the caption sets in a file, one per model that it names.

    Args:
        path: JSON (flat, f1cap's document, COCO results), JSONL or CSV, in UTF-8.
        ids: Image names by the ids that the references give them, for COCO results.
        names: Image names in the references; text is taken for an id only if it is none of them.

    Raises:
        CaptionSetError: It cannot be read, has another form, or captions an image twice.
    """
    try:
        text = read_bounded(path, MAX_BYTES).decode("utf-8-sig")
        sets = _collect(_rows(path, text), ids, names)
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


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    model: str | None
    image: object
    caption: object
    truncated: object = None
    line_breaks: object = None
    cost: RunCost = field(default_factory=RunCost)


def _rows(path: Path, text: str) -> Iterable[_Row]:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _csv_rows(text)
    if suffix in {".jsonl", ".ndjson"}:
        return _jsonl_rows(text)
    document = json.loads(text, object_pairs_hook=unique_keys)
    if isinstance(document, list):
        return _list_rows(document)
    if not isinstance(document, dict):
        raise FormError("neither an object nor a list")
    if "f1cap" in document and "data" in document:
        return _document_rows(document["data"])
    return _flat_rows(document)


def _flat_rows(document: Mapping[str, object]) -> Iterator[_Row]:
    for image, caption in document.items():
        yield _Row(f"the entry {image!r}", None, image, caption)


def _list_rows(entries: list[object]) -> Iterator[_Row]:
    for number, entry in enumerate(entries, 1):
        yield _entry_row(f"entry {number}", entry)


def _jsonl_rows(text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _entry_row(f"line {number}", _parse_line(number, line))


def _parse_line(number: int, line: str) -> object:
    try:
        return json.loads(line, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise FormError(f"line {number} is not JSON: {error.msg}") from error
    except FormError as error:
        raise FormError(f"line {number}: {error}") from error


def _csv_rows(text: str) -> Iterator[_Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not {"caption"} <= set(reader.fieldnames or ()):
        raise FormError("its first line does not name the columns `image` and `caption`")
    for row in reader:
        yield _entry_row(f"line {reader.line_num}", row)


def _document_rows(data: object) -> Iterator[_Row]:
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
            yield _entry_row(where, entry, model=run.get("model"), cost=cost)


def _entry_row(
    where: str, entry: object, *, model: object = None, cost: RunCost | None = None
) -> _Row:
    if not isinstance(entry, dict):
        raise FormError(f"{where} is not an object")
    image = next((entry[key] for key in _IMAGE_KEYS if entry.get(key) is not None), None)
    named = entry.get("model") or model
    return _Row(
        where,
        named if isinstance(named, str) else None,
        image,
        entry.get("caption"),
        entry.get("truncated"),
        entry.get("line_breaks"),
        cost or RunCost(),
    )


@dataclass(slots=True)
class _Gathered:
    captions: dict[str, str] = field(default_factory=dict)
    truncated: dict[str, bool] = field(default_factory=dict)
    line_breaks: dict[str, bool] = field(default_factory=dict)
    cost: RunCost = field(default_factory=RunCost)


def _collect(
    rows: Iterable[_Row], ids: Mapping[int | str, str], names: Collection[str]
) -> tuple[CaptionSet, ...]:
    sets: dict[str | None, _Gathered] = {}
    for row in rows:
        image = _image(row, ids, names)
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
            if (flag := _flag(value)) is not None:
                flags[image] = flag
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


def _image(row: _Row, ids: Mapping[int | str, str], names: Collection[str]) -> str:
    image = row.image
    if isinstance(image, int) and not isinstance(image, bool):
        return ids.get(image, str(image))
    if not isinstance(image, str) or not image:
        raise FormError(f"{row.where} does not say which image it captions")
    name = PurePosixPath(image.replace("\\", "/")).as_posix()
    if name in names:
        return name
    # COCO's ids are numbers in one file and text in another.
    if image not in ids and image.isdecimal():
        return ids.get(int(image), name)
    return ids.get(image, name)


def _recorded(flags: Mapping[str, bool], captions: Mapping[str, str]) -> frozenset[str] | None:
    """Return the flagged images; None unless every caption was recorded."""
    if len(flags) < len(captions):
        return None
    return frozenset(image for image, flag in flags.items() if flag)


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
