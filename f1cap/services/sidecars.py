"""A caption beside its picture, as training tools want it: `car_01.jpg` and `car_01.txt`."""

from pathlib import Path, PurePosixPath

from f1cap.errors import F1capError, StorageError, UsageError
from f1cap.records.images import Dataset
from f1cap.store.files import write_atomically


class SidecarError(F1capError):
    """One caption could not be put beside its picture; it is kept, and the run goes on."""

    code = "sidecar"


class SidecarExistsError(SidecarError):
    """A file with other text stands where a sidecar would go; it may be somebody's own captions."""

    code = "sidecar_exists"


class Sidecars:
    """Writes one text file a caption and never replaces another text unasked."""

    def __init__(self, dataset: Dataset, suffix: str, *, overwrite: bool) -> None:
        """Check the plan before any picture is captioned.

        Raises:
            UsageError: The suffix is none, or two pictures would share a sidecar.
        """
        self._dataset = dataset
        self._suffix = suffix if suffix.startswith(".") else f".{suffix}"
        self._overwrite = overwrite
        if len(self._suffix) < 2 or any(mark in self._suffix for mark in "/\\\0"):
            raise UsageError(f"--sidecar {suffix!r} is no file suffix.", hint="Try --sidecar .txt")
        self._check_collisions()

    def write(self, image: str, caption: str) -> None:
        """Write one sidecar, whole or not at all; one that says the same, or nothing, may stand.

        Raises:
            SidecarExistsError: Another text stands there.
            SidecarError: The pictures' folder takes no files, or the disk is full.
        """
        path = self._path(image)
        hint = "Captions are kept; run the same command again, or without --sidecar."
        try:
            if path.exists() and not self._overwrite:
                found = path.read_text(encoding="utf-8", errors="replace").strip()
                if found == caption:
                    return
                if found:
                    raise SidecarExistsError(
                        f"{path.name} already holds another text and was left alone.",
                        hint="Replace such files with --overwrite-sidecars.",
                    )
            write_atomically(path, [f"{caption}\n"])
        except StorageError as error:
            raise SidecarError(error.message, hint=hint) from error
        except OSError as error:
            message = f"The sidecar {path} cannot be read: {error.strerror}."
            raise SidecarError(message, hint=hint) from error

    def _check_collisions(self) -> None:
        images = set(self._dataset.images)
        owners: dict[str, str] = {}
        for image in self._dataset.images:
            sidecar = str(PurePosixPath(image).with_suffix(self._suffix))
            if sidecar in images:
                raise UsageError(
                    f"--sidecar {self._suffix} would overwrite the picture {sidecar}.",
                    hint="Try --sidecar .txt",
                )
            if sidecar in owners:
                raise UsageError(
                    f"{owners[sidecar]} and {image} would share the sidecar {sidecar}.",
                    hint="Rename one of them, or use --format jsonl --output FILE.",
                )
            owners[sidecar] = image

    def _path(self, image: str) -> Path:
        return self._dataset.path(image).with_suffix(self._suffix)
