"""What a run writes besides its journal: sidecars beside the images, and run.json."""

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from f1cap import measure
from f1cap.errors import F1capError, StorageError, UsageError
from f1cap.records.captions import CaptionRun
from f1cap.records.images import Dataset, ImageItem, Problem
from f1cap.records.json_text import SCHEMA
from f1cap.store.folders import write_atomically
from f1cap.store.reading import as_measurement
from f1cap.version import VERSION, installed_version

# What a run did not measure if it had nothing left to caption.
_MEASURED = (
    "batch_size",
    "load_s",
    "seconds",
    "images_per_s",
    "latency_s",
    "vram_peak_bytes",
    "rss_peak_bytes",
)
# Of a run's record, what run.json says elsewhere: under `dataset`, among the problems, by its own
# folder.
_ELSEWHERE = frozenset({"images", "sidecars_failed", "results_dir"})
_LIBRARIES = ("torch", "transformers", "tokenizers", "pillow", "numpy", "huggingface-hub")


class SidecarError(F1capError):
    """One caption could not be put beside its image; it is kept, and the run goes on."""

    code = "sidecar"


class SidecarExistsError(SidecarError):
    """A file with other text stands where a sidecar would go; it may be somebody's own captions."""

    code = "sidecar_exists"


class Sidecars:
    """Writes one text file per caption and never replaces another text unasked."""

    def __init__(self, dataset: Dataset, suffix: str, *, overwrite: bool) -> None:
        """Check the plan before any image is captioned.

        Raises:
            UsageError: The suffix is none, an image is no file, or two would share a sidecar.
        """
        self._suffix = suffix if suffix.startswith(".") else f".{suffix}"
        self._overwrite = overwrite
        if len(self._suffix) < 2 or any(mark in self._suffix for mark in "/\\\0"):
            raise UsageError(
                f"--sidecar {suffix!r} is not a file suffix.", hint="Try --sidecar .txt"
            )
        self._check_names(dataset.items)

    def write(self, item: ImageItem, caption: str) -> None:
        """Write one sidecar, whole or not at all; one that says the same, or nothing, may stand.

        Raises:
            SidecarExistsError: Another text stands there.
            SidecarError: The images' folder takes no files, or the disk is full.
        """
        path = self._path(item)
        hint = "The captions are saved; run the same command again, or without --sidecar."
        try:
            if path.exists() and not self._overwrite:
                found = path.read_text(encoding="utf-8", errors="replace").strip()
                if found == caption:
                    return
                if found:
                    raise SidecarExistsError(
                        f"{path.name} already contains another text and was not changed.",
                        hint="Replace such files with --overwrite-sidecars.",
                    )
            write_atomically(path, [f"{caption}\n"])
        except StorageError as error:
            raise SidecarError(error.message, hint=hint) from error
        except OSError as error:
            message = f"The sidecar {path} cannot be read: {error.strerror}."
            raise SidecarError(message, hint=hint) from error

    def _check_names(self, items: Sequence[ImageItem]) -> None:
        images = {item.name for item in items}
        owners: dict[str, str] = {}
        for item in items:
            self._path(item)  # refused now, not when its caption is there
            image = item.name
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

    def _path(self, item: ImageItem) -> Path:
        if item.path is None:
            raise UsageError(
                f"--sidecar writes beside image files, and {item.name} is not a file of its own.",
                hint="Leave it out; --format jsonl --output FILE keeps the captions in one file.",
            )
        return item.path.with_suffix(self._suffix)


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
        record |= {name: as_measurement(earlier[name]) for name in _MEASURED if name in earlier}
    return record


def _record(
    run: CaptionRun, status: str, dataset: Dataset, problems: Sequence[Problem]
) -> dict[str, object]:
    described = {name: value for name, value in run.to_dict().items() if name not in _ELSEWHERE}
    return {
        "schema": SCHEMA,
        "status": status,
        **described,
        "dataset": {"name": dataset.name, "root": dataset.location, "images": run.images},
        "latency_s": measure.summarize(run.latencies_s) if run.latencies_s else None,
        "versions": {
            "f1cap": VERSION,
            "python": platform.python_version(),
            "platform": platform.platform(),
            **{name: installed_version(name) for name in _LIBRARIES},
        },
        "problems": list(problems),
    }
