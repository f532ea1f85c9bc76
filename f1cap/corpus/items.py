"""Images that can be opened, from wherever their bytes lie: a folder's files, or memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

from f1cap.corpus.files import UnreadableError, read_bounded
from f1cap.corpus.image_files import OnNote, convert_image, decode_image
from f1cap.errors import ImageError
from f1cap.records.images import ImageAddress, ImageItem

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class FileItem:
    """An image in a file; links are followed, anything but a regular file is refused unopened."""

    name: str
    path: Path

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises:
            ImageError: It cannot be read, or has more than MAX_BYTES.
        """
        try:
            return read_bounded(self.path, MAX_BYTES)
        except UnreadableError as error:
            raise ImageError(f"{self.name} {error}.") from error

    def address(self) -> ImageAddress:
        """Return the file's path as an address."""
        return ImageAddress(self.name, str(self.path))


@dataclass(frozen=True, slots=True)
class FolderItems(Sequence[ImageItem]):
    """The files of a folder, held as names; an item is made when it is asked for.

    Attributes:
        folder: Resolved.
        names: POSIX paths relative to it.
    """

    folder: Path
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> FileItem: ...
    @overload
    def __getitem__(self, index: slice) -> "FolderItems": ...
    def __getitem__(self, index: int | slice) -> "FileItem | FolderItems":
        if isinstance(index, slice):
            return FolderItems(self.folder, self.names[index])
        name = self.names[index]
        return FileItem(name, self.folder / name)


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """An image that the caller has in memory already.

    Attributes:
        name: What an error calls it.
        source: An encoded file's bytes, a `PIL.Image.Image`, or an array [height, width, 3] of
            uint8.
    """

    name: str
    source: object


def open_item(address: ImageAddress) -> ImageItem:
    """Return the image that `ImageItem.address` named, be it in another process."""
    return FileItem(address.name, Path(address.location))


def decode_loaded(
    image: LoadedImage, *, for_side: int | None = None, on_note: OnNote = lambda _: None
) -> "Image":
    """Return an image in memory as `decode_image` returns one.

    Raises:
        ImageError: It cannot be decoded, or is nothing that f1cap takes for an image.
    """
    import numpy as np
    from PIL import Image as Pillow

    source = image.source
    if isinstance(source, bytes | bytearray | memoryview):
        return decode_image(bytes(source), image.name, for_side=for_side, on_note=on_note)
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or not source.size:
            shape = ", ".join(map(str, source.shape))
            raise ImageError(
                f"{image.name} is an array [{shape}] of {source.dtype}.",
                hint="f1cap takes arrays [height, width, 3] of uint8.",
            )
        source = Pillow.fromarray(source)
    if isinstance(source, Pillow.Image):
        return convert_image(source, image.name, on_note=on_note)
    raise ImageError(
        f"{image.name} is of type {type(source).__name__}, which is not an image.",
        hint="f1cap takes a path, bytes, a PIL image, or an array [height, width, 3] of uint8.",
    )
