"""Images, their references, and what went wrong with one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
class Dataset:
    """Images to caption, as names only: images are opened when their turn comes.

    Attributes:
        name: For people: the folder's name.
        root: The folder that the image names are relative to, resolved.
        images: POSIX paths relative to `root`, in the order of the run; unique.
        references: By image name; empty where there is no captions.json.
        missing: Images that captions.json names and the folder lacks.
        passed_over: HEIC and raw photographs, which Pillow cannot decode; no failures, as cameras
            put them beside a JPEG of the same image.
        identity: What tells this dataset from another of the same name (see `store`).
    """

    name: str
    root: Path
    images: Sequence[str]
    references: Mapping[str, Reference]
    missing: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    identity: str = ""

    def path(self, image: str) -> Path:
        """Return the file of an image."""
        return self.root / image

    def category(self, image: str) -> str | None:
        """Return an image's group: captions.json's, else its folder's name, else None."""
        reference = self.references.get(image)
        if reference is not None and reference.category is not None:
            return reference.category
        folder, _, _ = image.rpartition("/")
        return folder or None


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
