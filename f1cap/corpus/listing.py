"""Which images lie in a folder: names only, so that 100,000 of them stay small in memory."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

# What Pillow decodes and people keep photographs in. Written down, since asking Pillow would
# import all its decoders.
IMAGES = frozenset(
    {"jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff"}
    | {"avif", "avifs", "jp2", "j2k", "jpf", "jpx", "j2c", "jpc", "ppm", "pgm", "pbm", "pnm", "pfm"}
    | {"tga", "qoi"}
)
# Photographs that Pillow cannot decode; named in a hint where a folder holds nothing else.
UNDECODABLE = frozenset(
    {"heic", "heif", "hif", "jxl", "cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf"}
)

_DIGITS = re.compile("[0-9]+")


def list_names(
    folder: Path, *, recursive: bool = True, extensions: frozenset[str] = IMAGES
) -> list[str]:
    """Return the images under a folder as POSIX paths relative to it, in natural order.

    Hidden files and folders are passed over. A linked folder is entered, but no folder is listed
    twice. What cannot be looked into (a folder without permission, a dangling link with an image's
    name) is listed like an image, so that it becomes one named error in its turn and is not
    silently left out.

    Args:
        folder: Resolved.
        recursive: Enter its folders too.
        extensions: Lower case, without the dot.

    Raises:
        OSError: The folder itself cannot be listed.
    """
    names = list(_walk(folder, recursive=recursive, extensions=extensions))
    names.sort()  # decides between names that are equal in natural order (img1, img01)
    names.sort(key=natural_key)
    return names


def natural_key(name: str) -> str:
    """Return a sort key: img2 before img10, A beside a, the images of a folder together.

    A number becomes its length and its digits: as text, that sorts by value.
    """
    text = _DIGITS.sub(_sortable, name.casefold())
    return text.replace("/", "\0")  # below every character that a name may hold


def _sortable(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0") or "0"
    return f"{len(digits):03d}{digits}"


def _walk(root: Path, *, recursive: bool, extensions: frozenset[str]) -> Iterator[str]:
    """Yield names in no order.

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
                    if entry.name.startswith("."):
                        continue
                    if _is_folder(entry):
                        (linked if entry.is_symlink() else real).append(f"{prefix}{entry.name}/")
                    elif _extension(entry.name) in extensions:
                        yield prefix + entry.name
        except OSError:
            if not prefix:
                raise
            yield prefix.removesuffix("/")
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
