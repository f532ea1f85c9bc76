"""Image names in other spellings: Windows' separators, split accents, another case, ids."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

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
                key = _spelling(known)
                self._spellings[key] = None if key in self._spellings else known
        return self._spellings.get(_spelling(name))


def _spelling(name: str) -> str:
    """Return what all spellings of a name share.

    A name that is not UTF-8 is written into our own CSV with escapes.
    """
    escaped = name.encode("utf-8", "backslashreplace").decode()
    return unicodedata.normalize("NFC", escaped.replace("\\", "/")).casefold()
