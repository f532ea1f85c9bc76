"""What a run leaves behind beside its journal: sidecars beside the images, and run.json."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import f1cap
from f1cap import measure
from f1cap.errors import F1capError, StorageError, UsageError
from f1cap.records.captions import CaptionRun
from f1cap.records.images import Dataset, Problem
from f1cap.store.files import write_atomically


class SidecarError(F1capError):
    """One caption could not be put beside its image; it is kept, and the run goes on."""

    code = "sidecar"


class SidecarExistsError(SidecarError):
    """A file with other text stands where a sidecar would go; it may be somebody's own captions."""

    code = "sidecar_exists"


class Sidecars:
    """Writes one text file a caption and never replaces another text unasked."""

    def __init__(self, dataset: Dataset, suffix: str, *, overwrite: bool) -> None:
        """Check the plan before any image is captioned.

        Raises:
            UsageError: The suffix is none, or two images would share a sidecar.
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
            SidecarError: The images' folder takes no files, or the disk is full.
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
                    f"--sidecar {self._suffix} would overwrite the image {sidecar}.",
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


# What a run that had nothing left to caption did not measure.
_MEASURED = (
    "batch_size",
    "load_s",
    "seconds",
    "images_per_s",
    "latency_s",
    "vram_peak_bytes",
    "rss_peak_bytes",
)
_LIBRARIES = ("torch", "transformers", "tokenizers", "pillow", "numpy", "huggingface-hub")


def run_record(
    run: CaptionRun,
    status: str,
    dataset: Dataset,
    problems: Sequence[Problem],
    earlier: Mapping[str, object],
) -> dict[str, object]:
    """Return the content of run.json.

    Args:
        run: What was done.
        status: How it ended.
        dataset: The images.
        problems: Of this run.
        earlier: The record that this one replaces, empty where there is none. If all captions are
            that run's, so are the measurements.
    """
    record = _record(run, status, dataset, problems)
    if run.kept and not run.captioned and earlier.get("revision") == run.revision:
        record |= {name: earlier[name] for name in _MEASURED if name in earlier}
    return record


def _record(
    run: CaptionRun, status: str, dataset: Dataset, problems: Sequence[Problem]
) -> dict[str, object]:
    return {
        "schema": 1,
        "status": status,
        "model": run.model,
        "checkpoint": run.checkpoint,
        "revision": run.revision,
        "family": run.family,
        "dataset": {"name": dataset.name, "root": str(dataset.root), "images": run.images},
        "device": str(run.placement.device),
        "dtype": run.placement.dtype,
        "settings": run.settings,
        "batch_size": run.batch_size,
        "captioned": run.captioned,
        "kept": run.kept,
        "failed": run.failed,
        "load_s": run.load_s,
        "seconds": run.seconds,
        "images_per_s": run.images_per_s,
        "latency_s": measure.summarize(run.latencies_s) if run.latencies_s else None,
        "vram_peak_bytes": run.vram_peak_bytes,
        "rss_peak_bytes": run.rss_peak_bytes,
        "versions": {
            "f1cap": f1cap.__version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            **{name: _version(name) for name in _LIBRARIES},
        },
        "problems": list(problems),
    }


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None
