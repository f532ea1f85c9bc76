"""Images, their references, and what went wrong with one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from f1cap.errors import F1capError


@dataclass(frozen=True, slots=True)
class Reference:
    """What a dataset file says of one image.

    Attributes:
        category: The group it is reported under; None where the file names none.
        captions: Human captions, as written; none for an image that is only listed.
        id: What the file calls the image in other files, as COCO's results do.
    """

    category: str | None
    captions: tuple[str, ...]
    id: int | str | None = None


@dataclass(frozen=True, slots=True)
class ImageAddress:
    """What another process opens an image by; plain text, so that it passes a pipe as JSON.

    Attributes:
        name: The image's name in its dataset.
        location: Where its bytes lie, which only `corpus` reads: of a file, the path.
    """

    name: str
    location: str

    def to_dict(self) -> dict[str, str]:
        """Return the fields by name, which the constructor takes back."""
        return {"name": self.name, "location": self.location}


class ImageItem(Protocol):
    """An image that can be opened, wherever its bytes lie; safe to use from several threads."""

    @property
    def name(self) -> str:
        """A POSIX path, unique in its dataset."""
        ...

    @property
    def path(self) -> Path | None:
        """Its file, beside which others may be put; None for an image that is no file."""
        ...

    def read(self) -> bytes:
        """Return its bytes as they are kept, still encoded and of a bounded size.

        Raises:
            ImageError: It cannot be read, or is too large.
        """
        ...

    def address(self) -> ImageAddress:
        """Return what `corpus.open_item` opens it by in another process."""
        ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images to caption, in the order of the run; each is opened when its turn comes.

    Attributes:
        name: For people: the folder's name.
        location: For people: where it lies, as the path of a folder.
        items: May be made as they are asked for, so that 100,000 of them cost little.
        references: By image name; empty where there is no captions.json.
        missing: Images that captions.json names and the dataset lacks.
        passed_over: Images in formats that f1cap does not decode, raw photographs above all; no
            failures, as cameras put them beside a JPEG of the same image.
        notes: Sentences for people about what else was found.
        identity: What tells this dataset from another of the same name (see `store`).
        bundled: Its images are among those that come with f1cap.
    """

    name: str
    location: str
    items: Sequence[ImageItem]
    references: Mapping[str, Reference]
    missing: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    identity: str = ""
    bundled: bool = False


def category_of(image: str, references: Mapping[str, Reference]) -> str | None:
    """Return an image's group: its reference's, else its folder's name, else None."""
    reference = references.get(image)
    if reference is not None and reference.category is not None:
        return reference.category
    return image.rpartition("/")[0] or None


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure that did not end the command: one image, or one model among several."""

    code: str
    message: str
    hint: str | None = None
    image: str | None = None
    model: str | None = None

    @classmethod
    def of(
        cls, error: F1capError, *, image: str | None = None, model: str | None = None
    ) -> "Problem":
        """Make the record of an error."""
        return cls(error.code, error.message, error.hint, image, model)

    def to_dict(self) -> dict[str, str | None]:
        """Return the failure as JSON has it; `image` and `model` only where it is about one."""
        about = {"image": self.image, "model": self.model}
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            **{key: name for key, name in about.items() if name is not None},
        }
