"""From the paths that a user gave to a dataset: its images, their order, their references."""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from f1cap.corpus.files import reason_of
from f1cap.corpus.image_formats import IMAGES
from f1cap.corpus.items import FolderItems
from f1cap.corpus.listing import Listing, list_folder, spelling_of
from f1cap.corpus.references import read_references
from f1cap.errors import DatasetError, UsageError
from f1cap.records.images import Dataset, Reference

CAPTIONS = "captions.json"
_NAMED = 3  # names in a note; the rest is counted


def open_dataset(
    paths: Sequence[Path],
    *,
    recursive: bool = True,
    include_hidden: bool = False,
    limit: int | None = None,
) -> Dataset:
    """List the images of folders and files, and read the references beside them.

    Where a folder holds a captions.json, the images that it names come first, in its order, and
    then those that it does not name: who adds an image expects a caption for it.

    Args:
        paths: Folders and image files, mixed; a file is taken whatever its extension. None at
            all means ./dataset, else the folder that one stands in if it holds images, else the
            bundled dataset.
        recursive: Enter the folders' folders. What captions.json names is in the dataset anyway.
        include_hidden: Take hidden files, and enter hidden folders and system folders.
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
            listing = _list(source.folder, recursive=recursive, include_hidden=include_hidden)
            _gather_folder(gathered, source.folder, prefix, listing)
    if not gathered.images:
        raise _no_images(sources, gathered, recursive=recursive)
    return Dataset(
        name=root.name or "images",
        location=str(root),
        items=FolderItems(root, tuple(gathered.images)[:limit]),
        references=gathered.references,
        missing=tuple(gathered.missing),
        passed_over=tuple(gathered.passed_over),
        notes=tuple(_notes(gathered)),
        identity="\n".join(sorted({str(source.path) for source in sources})),
        bundled=_is_bundled(root),
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
    unlisted: dict[str, str] = field(default_factory=dict)  # folders, and why
    respelled: dict[str, str] = field(default_factory=dict)  # as captions.json has it, as the disk


def _default_dataset() -> Path:
    if (dataset := Path("dataset")).is_dir():
        return dataset
    here = Path()
    with suppress(OSError):
        # not what lies deeper: a home folder holds an image somewhere, and is no dataset
        if (here / CAPTIONS).is_file() or list_folder(here, recursive=False).images:
            return here
    return bundled_dataset()


def _is_bundled(root: Path) -> bool:
    try:
        return root.is_relative_to(bundled_dataset())
    except DatasetError:
        return False


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


def _list(folder: Path, *, recursive: bool, include_hidden: bool) -> Listing:
    try:
        return list_folder(folder, recursive=recursive, include_hidden=include_hidden)
    except OSError as error:
        message = f"The folder {folder} cannot be listed: {reason_of(error)}."
        raise DatasetError(message) from error


def _gather_folder(gathered: _Gathered, folder: Path, prefix: str, listing: Listing) -> None:
    gathered.passed_over += [prefix + name for name in listing.passed_over]
    gathered.unlisted.update((prefix + name, why) for name, why in listing.unlisted.items())
    file = folder / CAPTIONS
    if _exists(file):
        references = read_references(file)
        for written, name in _match(references, folder, listing.images).items():
            if name is None:
                gathered.missing[prefix + written] = None
                continue
            gathered.images[prefix + name] = None
            gathered.references[prefix + name] = references[written]
            if name != written:
                gathered.respelled[prefix + written] = prefix + name
    gathered.images.update(dict.fromkeys(prefix + name for name in listing.images))


def _match(
    written: Mapping[str, Reference], folder: Path, listed: Sequence[str]
) -> dict[str, str | None]:
    """Find the images that captions.json names; None is one that is not there.

    Its own spelling comes first, then one that differs in the way that systems differ: accents
    split (an archive made on a Mac), backslashes (Windows), capitals (a camera's card). On a disk
    that does not tell capitals apart an image has two spellings; it is one image all the same.
    """
    exact = set(listed)
    found: dict[str, str | None] = {name: name for name in written if name in exact}
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    if len(found) < len(written):
        for name in listed:
            if name not in found:
                spellings[spelling_of(name)].append(name)
    wanted = Counter(spelling_of(name) for name in written if name not in found)
    taken = {spelling_of(name) for name in found}
    for name in written:
        if name in found:
            continue
        spelling = spelling_of(name)
        candidates = spellings.get(spelling, [])
        if len(candidates) == 1 and wanted[spelling] == 1:
            found[name] = candidates[0]
        elif candidates or spelling in taken or not _exists(folder / name):
            found[name] = None
        else:
            found[name] = name
    return {name: found[name] for name in written}


def _notes(gathered: _Gathered) -> Iterable[str]:
    if gathered.passed_over:
        yield (
            f"Skipped images that f1cap cannot decode: {_some(gathered.passed_over)}. "
            "Convert them to JPEG to caption them."
        )
    if gathered.unlisted:
        folders = [f"{name} ({why})" for name, why in gathered.unlisted.items()]
        yield f"Skipped folders that cannot be listed: {_some(folders)}."
    if gathered.respelled:
        pairs = [_pair(written, name) for written, name in gathered.respelled.items()]
        yield f"Names in {CAPTIONS} that the disk spells otherwise: {_some(pairs)}."


def _pair(written: str, name: str) -> str:
    """Show two spellings; accents that are split look like accents that are not."""
    if unicodedata.normalize("NFC", written) == unicodedata.normalize("NFC", name):
        return f"{written!a} is {name!a}"
    return f"{written} is {name}"


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _NAMED
    return ", ".join(texts[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _exists(path: Path) -> bool:
    """Tell whether there is anything of this name, be it a link that leads nowhere."""
    try:
        path.lstat()
    except PermissionError:
        return True  # to fail by name when it is opened
    except (OSError, ValueError):
        return False
    return True


def _no_images(sources: Sequence[_Source], gathered: _Gathered, *, recursive: bool) -> DatasetError:
    where = ", ".join(str(source.folder) for source in sources)
    if gathered.missing:
        first = next(iter(gathered.missing))
        return DatasetError(
            f"None of the {len(gathered.missing)} images named in {where}/{CAPTIONS} exists: "
            f"{first}{' …' if len(gathered.missing) > 1 else ''}",
            hint="Their names are relative to the folder that holds captions.json.",
        )
    hint = _hint(sources, gathered, recursive=recursive)
    return DatasetError(f"There are no images in {where}.", hint=hint)


def _hint(sources: Sequence[_Source], gathered: _Gathered, *, recursive: bool) -> str:
    """Say why a folder that may hold photographs has none for f1cap."""
    if notes := list(_notes(gathered)):
        return " ".join(notes)
    folders = [source.folder for source in sources]
    if not recursive and any(list_folder(folder).images for folder in folders):
        return "There are images in its sub-folders: leave out --no-recursive."
    if any(list_folder(folder, include_hidden=True).images for folder in folders):
        return "There are images in hidden or system folders: add --include-hidden."
    known = " ".join(sorted(IMAGES))
    return (
        f"Images are recognised by their extension: {known}. A file given by name is always opened."
    )
