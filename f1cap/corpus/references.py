"""Read references: captions.json in f1cap's own format, COCO's, or a flat one."""

import csv
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from f1cap.corpus.files import FormError, UnreadableError, read_bounded, unique_keys
from f1cap.corpus.rows import Row, document_rows, is_document, list_rows, rows_by_suffix, whole_id
from f1cap.errors import DatasetError
from f1cap.records.images import Reference

MAX_BYTES = 512 * 2**20  # COCO's largest, 600,000 captions, takes 92 MB

# Where it is in the file, for an error; the image's name as written; its reference.
_Row = tuple[str, str, Reference]

_NAMES = frozenset({"filename", "file_name"})
_DRIVE = re.compile("[A-Za-z]:")
_HINT = (
    'Expected format: {"images": [{"filename": "folder/image.jpg", "category": "…", '
    '"caption": "…"}]}'
)


def read_references(path: Path) -> Mapping[str, Reference]:
    """Return the references in a file by image name, in the file's order.

    These forms are read: `{"images": [{"filename", "category", "caption" or "captions"}]}`; COCO's
    `{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}`, where an image
    without a name is called by its id; and `{"folder/image.jpg": "caption" or ["…", "…"]}`. In the
    first two, an image may go without. And what `f1cap caption` writes: its JSON, JSONL, CSV, and
    COCO's results, in which every caption of an image is a reference.

    Args:
        path: UTF-8, or what its byte order mark says; its image names are relative to the dataset.

    Raises:
        DatasetError: It cannot be read or has another form; the sentence names the entry.
    """
    try:
        data = read_bounded(path, MAX_BYTES)
        captions = rows_by_suffix(path, data)
        if captions is not None:
            return _collect(_of_captions(captions))
        # Bytes, not text: json finds out by itself which UTF it is, and drops the byte order mark.
        return _collect(_rows(json.loads(data, object_pairs_hook=unique_keys)))
    except FormError as error:
        raise DatasetError(f"{path}: {error}.", hint=_HINT) from error
    except UnreadableError as error:
        raise DatasetError(f"{path} {error}.") from error
    except json.JSONDecodeError as error:
        message = f"{path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise DatasetError(message, hint=_HINT) from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except RecursionError as error:
        raise DatasetError(f"{path} is nested too deeply.", hint=_HINT) from error
    except (ValueError, csv.Error) as error:  # a number of thousands of digits
        raise DatasetError(f"{path} cannot be read: {error}.") from error
    except MemoryError as error:
        raise DatasetError(f"{path} does not fit into memory.") from error


def _collect(rows: Iterable[_Row]) -> dict[str, Reference]:
    references: dict[str, Reference] = {}
    for where, written, reference in rows:
        name = _image_name(where, written)
        if name in references:
            raise FormError(f"{where} names {name!r}, which an earlier entry names too")
        references[name] = reference
    return references


def _rows(document: object) -> Iterator[_Row]:
    if isinstance(document, list) and all(_is_result(entry) for entry in document):
        return _of_captions(list_rows(document))
    if not isinstance(document, dict):
        raise FormError(f"an object is expected, not {_kind(document)}")
    if is_document(document):
        return _of_captions(document_rows(document["data"]))
    if "images" not in document:
        if not document:
            raise FormError("it names no image")
        return _flat_rows(document)
    images = document["images"]
    if not isinstance(images, list):
        raise FormError(f"`images` must be a list, not {_kind(images)}")
    if not images:
        raise FormError("`images` is an empty list")
    if "annotations" in document:
        return _coco_rows(images, document["annotations"])
    return _own_rows(images)


def _is_result(entry: object) -> bool:
    return isinstance(entry, dict) and "image_id" in entry


def _of_captions(rows: Iterable[Row]) -> Iterator[_Row]:
    """Yield each image once, with all captions of it, whoever's they are."""
    first: dict[str, Row] = {}
    captions: dict[str, list[object]] = defaultdict(list)
    for row in rows:
        if isinstance(row.image, bool) or not isinstance(row.image, int | str):
            raise FormError(f"{row.where} does not say which image it captions")
        name = str(row.image)
        first.setdefault(name, row)
        captions[name].append(_text(row.where, row.caption))
    if not first:
        raise FormError("it names no image")
    for name, row in first.items():
        identifier = row.image if isinstance(row.image, int) else None
        category = _category(row.where, {"category": row.category})
        texts = _texts(row.where, captions[name])
        yield row.where, name, Reference(category, texts, identifier)


def _flat_rows(document: Mapping[str, object]) -> Iterator[_Row]:
    for number, (name, value) in enumerate(document.items(), 1):
        where = f"entry {number}"
        captions = _caption_list(where, value) if isinstance(value, list) else [value]
        yield where, name, Reference(None, _texts(where, captions))


def _own_rows(images: list[object]) -> Iterator[_Row]:
    for where, entry in _objects(images):
        name = _name(where, entry)
        captions: list[object] = []
        if entry.get("captions") is not None:
            captions.extend(_caption_list(where, entry["captions"]))
        # The one that stands for all is usually one of them: it counts once.
        if entry.get("caption") is not None and entry["caption"] not in captions:
            captions.insert(0, entry["caption"])
        identifier = _id(where, "id", entry) if entry.get("id") is not None else None
        yield where, name, Reference(_category(where, entry), _texts(where, captions), identifier)


def _coco_rows(images: list[object], annotations: object) -> Iterator[_Row]:
    if not isinstance(annotations, list):
        raise FormError(f"`annotations` must be a list, not {_kind(annotations)}")
    captions: dict[int | str, list[object]] = {}
    for where, entry in _objects(images):
        key = _id(where, "id", entry)
        if key in captions:
            raise FormError(f"{where} has the id {key!r}, which an earlier entry has too")
        captions[key] = []
    for number, annotation in enumerate(annotations, 1):
        where = f"annotation {number}"
        if not isinstance(annotation, dict):
            raise FormError(f"{where} must be an object, not {_kind(annotation)}")
        key = _id(where, "image_id", annotation)
        if key not in captions and _other_type(key) in captions:
            key = _other_type(key)  # a number in one list, text in the other
        if key not in captions:
            raise FormError(f"{where} is about the image {key!r}, which is not in `images`")
        captions[key].append(_text(where, annotation.get("caption")))
    for where, entry in _objects(images):
        key = _id(where, "id", entry)
        name = _name(where, entry) if _NAMES & entry.keys() else str(key)
        yield where, name, Reference(_category(where, entry), _texts(where, captions[key]), key)


def _objects(images: list[object]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, entry in enumerate(images, 1):
        where = f"entry {number}"
        if not isinstance(entry, dict):
            raise FormError(f"{where} must be an object, not {_kind(entry)}")
        yield where, entry


def _name(where: str, entry: Mapping[str, object]) -> str:
    name = entry.get("filename", entry.get("file_name"))
    if name is None:
        raise FormError(f"{where} has no `filename`")
    if not isinstance(name, str):
        raise FormError(f"{where} has a `filename` that is {_kind(name)}, not text")
    return name


def _other_type(key: int | str) -> int | str:
    if isinstance(key, int):
        return str(key)
    return int(key) if key.isascii() and key.isdecimal() else key


def _id(where: str, key: str, entry: Mapping[str, object]) -> int | str:
    value = whole_id(entry.get(key))
    if isinstance(value, int | str) and not isinstance(value, bool):
        return value
    raise FormError(f"{where} needs an `{key}` that is a number or text, not {_kind(value)}")


def _category(where: str, entry: Mapping[str, object]) -> str | None:
    value = entry.get("category")
    if value is None or isinstance(value, str):
        return value or None
    raise FormError(f"{where} has a `category` that is {_kind(value)}, not text")


def _caption_list(where: str, value: object) -> list[object]:
    if isinstance(value, list):
        return value
    raise FormError(f"{where} has `captions` that are {_kind(value)}, not a list")


def _texts(where: str, captions: list[object]) -> tuple[str, ...]:
    """Return captions as given: a repeated one weighs twice in CIDEr, as in pycocoevalcap.

    Where no caption holds text there are none: such an image is only listed.
    """
    texts = tuple(_text(where, caption) for caption in captions)
    return texts if any(text.strip() for text in texts) else ()


def _text(where: str, caption: object) -> str:
    if isinstance(caption, str):
        return caption
    raise FormError(f"{where} has a caption that is {_kind(caption)}, not text")


def _image_name(where: str, written: str) -> str:
    """Return a name as a clean relative path, or refuse one that could leave the folder.

    Windows forms are refused on every system: the file may have been written on another one.
    """
    portable = written.replace("\\", "/")
    if portable.startswith("/") or _DRIVE.match(portable):
        raise FormError(f"{where} has the absolute path {written!r}; names are relative")
    if ".." in portable.split("/"):
        raise FormError(f"{where} has the name {written!r}, which is outside the folder")
    name = PurePosixPath(written).as_posix()
    if name == ".":
        raise FormError(f"{where} has an empty `filename`")
    try:
        possible = b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:  # half of a surrogate pair
        possible = False
    if not possible:
        raise FormError(f"{where} has the name {written!r}, which is not a valid file name")
    return name


def _kind(value: object) -> str:
    """Name a JSON value's type as JSON does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return kinds[type(value)]
