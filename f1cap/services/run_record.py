"""run.json: everything needed to repeat a run, and what it cost."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence

import f1cap
from f1cap import measure
from f1cap.records.captions import CaptionRun
from f1cap.records.images import Dataset, Problem

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
        dataset: The pictures.
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
        "device": run.placement.device,
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
