"""From the paths that a user gave to a dataset: its images, their order, their references."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from f1cap.corpus.files import reason_of
from f1cap.corpus.items import FolderItems
from f1cap.corpus.listing import IMAGES, UNDECODABLE, list_names
from f1cap.corpus.references import read_references
from f1cap.errors import DatasetError, UsageError
from f1cap.records.images import Dataset, Reference

CAPTIONS = "captions.json"


def open_dataset(
    paths: Sequence[Path], *, recursive: bool = True, limit: int | None = None
) -> Dataset:
    """List the images of folders and files, and read the references beside them.

    Where a folder holds a captions.json, the images that it names come first, in its order, and
    then those that it does not name: who adds an image expects a caption for it.

    Args:
        paths: Folders and image files, mixed; a file is taken whatever its extension. None at
            all means ./dataset, or the bundled dataset where there is no such folder.
        recursive: Enter the folders' folders. What captions.json names is in the dataset anyway.
        limit: Keep this many images, from the first.

    Raises:
        DatasetError: A path does not exist or cannot be listed, captions.json is not usable, or
            there is no image at all.
        UsageError: The limit is below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"--limit must be at least 1, not {limit}.")
    sources = [_resolve(path) for path in paths or [_default_dataset()]]
    root = _common_root(sources)
    gathered = _Gathered()
    for source in sources:
        prefix = _relative(source.folder, root)
        if source.file is not None:
            gathered.images[prefix + source.file] = None
        else:
            _gather_folder(gathered, source.folder, prefix, recursive=recursive)
    if not gathered.images:
        raise _no_images(sources, gathered.missing, recursive=recursive)
    return Dataset(
        name=root.name or "images",
        location=str(root),
        items=FolderItems(root, tuple(gathered.images)[:limit]),
        references=gathered.references,
        missing=tuple(gathered.missing),
        passed_over=tuple(gathered.passed_over),
        identity="\n".join(sorted({str(source.path) for source in sources})),
    )


def bundled_dataset() -> Path:
    """Return the folder of the dataset that comes with f1cap.

    Raises:
        DatasetError: This installation lacks it.
    """
    package = Path(__file__).resolve().parents[1]
    # In a wheel it lies inside the package, in a checkout beside it.
    for folder in (package / "bundled" / "dataset", package.parent / "dataset"):
        if (folder / CAPTIONS).is_file():
            return folder
    raise DatasetError(
        "The bundled dataset is missing from this installation of f1cap.",
        hint="Name a folder of images, or reinstall f1cap.",
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """One path of the user's: a folder, or a file in a folder."""

    folder: Path
    file: str | None

    @property
    def path(self) -> Path:
        return self.folder if self.file is None else self.folder / self.file


@dataclass(slots=True)
class _Gathered:
    """What has been found so far; dicts keep the order and drop what comes twice."""

    images: dict[str, None] = field(default_factory=dict)
    references: dict[str, Reference] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)


def _default_dataset() -> Path:
    here = Path("dataset")
    return here if here.is_dir() else bundled_dataset()


def _resolve(path: Path) -> _Source:
    """Tell a folder from a file; a link that leads nowhere counts as a file, to fail by name."""
    try:
        if path.is_dir():
            return _Source(path.resolve(), None)
        path.lstat()
        # The folder is resolved, the file is not: a linked image keeps the name the user gave.
        return _Source(path.parent.resolve(), path.name)
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file or folder {path}.") from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise DatasetError(f"{path} cannot be opened: {reason_of(error)}.") from error


def _common_root(sources: Iterable[_Source]) -> Path:
    try:
        return Path(os.path.commonpath([source.folder for source in sources]))
    except ValueError as error:  # Windows: C: and D:
        raise DatasetError(
            "The paths lie on different drives, so that their images have no common folder.",
            hint="Caption them in one run for each drive.",
        ) from error


def _relative(folder: Path, root: Path) -> str:
    return "" if folder == root else f"{folder.relative_to(root).as_posix()}/"


def _gather_folder(gathered: _Gathered, folder: Path, prefix: str, *, recursive: bool) -> None:
    try:
        names = list_names(folder, recursive=recursive)
        passed_over = list_names(folder, recursive=recursive, extensions=UNDECODABLE)
    except OSError as error:
        message = f"The folder {folder} cannot be listed: {reason_of(error)}."
        raise DatasetError(message) from error
    gathered.passed_over += [prefix + name for name in passed_over]
    file = folder / CAPTIONS
    if _exists(file):
        listed = set(names)
        spellings = {_spelling(name): name for name in names}
        for written, reference in read_references(file).items():
            name = written if written in listed else spellings.get(_spelling(written), written)
            if name in listed or _exists(folder / name):
                gathered.images[prefix + name] = None
                gathered.references[prefix + name] = reference
            else:
                gathered.missing[prefix + name] = None
    gathered.images.update(dict.fromkeys(prefix + name for name in names))


def _spelling(name: str) -> str:
    """Return what two spellings of one name share.

    An archive made on a Mac splits its accents, a captions.json written on Windows has backslashes.
    """
    return os.path.normcase(unicodedata.normalize("NFC", name).replace("\\", "/"))


def _exists(path: Path) -> bool:
    """Tell whether there is anything of this name, be it a link that leads nowhere."""
    try:
        path.lstat()
    except PermissionError:
        return True  # to fail by name when it is opened
    except (OSError, ValueError):
        return False
    return True


def _no_images(
    sources: Sequence[_Source], missing: Sequence[str] | dict[str, None], *, recursive: bool
) -> DatasetError:
    where = ", ".join(str(source.folder) for source in sources)
    if missing:
        first = next(iter(missing))
        return DatasetError(
            f"None of the {len(missing)} images named in {where}/{CAPTIONS} exists: "
            f"{first}{' …' if len(missing) > 1 else ''}",
            hint="Their names are relative to the folder that holds captions.json.",
        )
    return DatasetError(f"There are no images in {where}.", hint=_hint(sources, recursive))


def _hint(sources: Sequence[_Source], recursive: bool) -> str:
    """Say why a folder that may hold photographs has none for f1cap."""
    if any(list_names(source.folder, extensions=UNDECODABLE) for source in sources):
        return (
            "HEIC and raw photographs must be converted to JPEG first: "
            "Pillow, which opens images for f1cap, cannot decode them."
        )
    if not recursive and any(list_names(source.folder) for source in sources):
        return "There are images in its sub-folders: leave out --no-recursive."
    known = " ".join(sorted(IMAGES))
    return (
        f"Images are recognised by their extension: {known}. A file given by name is always opened."
    )
