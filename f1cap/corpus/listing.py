"""Which images a folder holds, and when two names are one image's."""

import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from f1cap.corpus.files import reason_of
from f1cap.corpus.image_formats import IMAGES, UNDECODABLE

# Folders of the operating system or NAS: thumbnails, recycle bins, snapshots, metadata of macOS
# archives. In lower case.
_SYSTEM_FOLDERS = frozenset(
    {"@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "$recycle.bin"}
    | {"recycler", "system volume information", "lost+found", "__macosx"}
)
_DIGITS = re.compile("[0-9]+")


@dataclass(slots=True)
class Listing:
    """What lies under a folder, as POSIX paths relative to it.

    Attributes:
        images: In natural order.
        passed_over: Images in formats that f1cap does not decode, in natural order.
        unlisted: Folders that cannot be looked into, and why.
    """

    images: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    unlisted: dict[str, str] = field(default_factory=dict)


def list_folder(folder: Path, *, recursive: bool = True, include_hidden: bool = False) -> Listing:
    """List the images under a folder.

    A linked folder is entered, but no folder is listed twice. A dangling link with an image's name
    is listed like an image, so that it becomes one named error in its turn and is not silently
    left out.

    Args:
        folder: Resolved.
        recursive: Enter its folders too.
        include_hidden: Take hidden files, and enter hidden folders and system folders.

    Raises:
        OSError: The folder itself cannot be listed.
    """
    listing = Listing()
    for name, extension in _walk(folder, listing.unlisted, recursive, include_hidden):
        if extension in IMAGES:
            listing.images.append(name)
        elif extension in UNDECODABLE:
            listing.passed_over.append(name)
    for names in (listing.images, listing.passed_over):
        names.sort()  # decides between names that are equal in natural order (img1, img01)
        names.sort(key=natural_key)
    return listing


def natural_key(name: str) -> str:
    """Return a sort key: img2 before img10, A beside a, the images of a folder together.

    A number becomes its length and its digits: as text, that sorts by value.
    """
    text = _DIGITS.sub(_sortable, name.casefold())
    return text.replace("/", "\0")  # below every character that a name may hold


def _sortable(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0") or "0"
    return f"{len(digits):03d}{digits}"


def _walk(
    root: Path, unlisted: dict[str, str], recursive: bool, include_hidden: bool
) -> Iterator[tuple[str, str]]:
    """Yield the names of files and their extensions, in no order.

    Linked folders wait until the real ones are done, so that an image that can be reached both
    ways has its real name.
    """
    seen: set[object] = set()
    real = [""]
    linked: list[str] = []
    while real or linked:
        prefix = (real or linked).pop()
        folder = root / prefix
        try:
            if (identity := _identity(folder)) in seen:
                continue
            seen.add(identity)
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") and not include_hidden:
                        continue
                    if not _is_folder(entry):
                        yield prefix + entry.name, _extension(entry.name)
                    elif include_hidden or entry.name.lower() not in _SYSTEM_FOLDERS:
                        (linked if entry.is_symlink() else real).append(f"{prefix}{entry.name}/")
        except OSError as error:
            if not prefix:
                raise
            unlisted[prefix.removesuffix("/")] = reason_of(error)
        if not recursive:
            return


def _identity(folder: Path) -> object:
    """Return what a folder has in common with itself under other names.

    Not its real path alone: working that out takes the square of the depth.
    """
    found = folder.stat()
    if found.st_ino == 0:  # a file system without such numbers
        return os.path.realpath(folder)
    return found.st_dev, found.st_ino


def _extension(name: str) -> str:
    # Not Path.suffix: a Path for each of 100,000 names takes longer than reading the folder.
    _, dot, extension = name.rpartition(".")
    return extension.lower() if dot else ""


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that loops, or a target that may not be looked at
        return False


_WHOLE = re.compile(r"(\d+)(?:\.0+)?", re.ASCII)


class ImageNames:
    """The names of the images that are meant, their ids, and how else files may write them."""

    def __init__(self, names: Collection[str], ids: Mapping[int | str, str] | None = None) -> None:
        """Take what is known.

        Args:
            names: Of all images.
            ids: Names by the ids that COCO's files give them.
        """
        self._names = names
        self._ids = ids or {}
        self._spellings: dict[str, str | None] | None = None

    def find(self, image: int | str) -> str:
        """Return the known name that is meant, or what is written where it is none of them."""
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
                key = spelling_of(known)
                self._spellings[key] = None if key in self._spellings else known
        return self._spellings.get(spelling_of(name))


def spelling_of(name: str) -> str:
    """Return what all spellings of one name share.

    A name that is not UTF-8 is written into our own CSV with escapes.
    """
    escaped = name.encode("utf-8", "backslashreplace").decode()
    composed = unicodedata.normalize("NFC", escaped.replace("\\", "/"))
    return unicodedata.normalize("NFC", composed.casefold())
