"""Captions, the settings that made them, and the run they came from."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from f1cap.records.images import Problem
from f1cap.records.models import Decoding, DType, Placement


@dataclass(frozen=True, slots=True)
class Generation:
    """What a model made of one image.

    Attributes:
        text: Decoded without special tokens, otherwise as the model wrote it.
        tokens: New tokens, the end token not counted.
        truncated: The length limit ended it, not the model.
    """

    text: str
    tokens: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class Caption:
    """A finished caption.

    Attributes:
        image: The image's name in its dataset.
        caption: One line: white space collapsed, control characters gone.
        tokens: New tokens, the end token not counted.
        truncated: The length limit ended it, not the model.
        line_breaks: The model's text held line breaks before it was cleaned.
        latency_s: From opening the image to its text; in a batch, its share.
        error: Why there is no caption; only the Python API returns such a one.
    """

    image: str
    caption: str
    tokens: int
    truncated: bool
    line_breaks: bool
    latency_s: float
    error: Problem | None = None

    @classmethod
    def failed(cls, problem: Problem) -> "Caption":
        """Stand in for the caption of an image that cannot be read."""
        return cls(problem.image or "", "", 0, False, False, 0.0, problem)

    def to_dict(self) -> dict[str, object]:
        """Return the caption as the journal and all documents have it.

        An `error` stands in those alone that have one.
        """
        found: dict[str, object] = {
            "image": self.image,
            "caption": self.caption,
            "tokens": self.tokens,
            "truncated": self.truncated,
            "line_breaks": self.line_breaks,
            "latency_s": round(self.latency_s, 6),
        }
        return found if self.error is None else found | {"error": asdict(self.error)}


@dataclass(frozen=True, slots=True)
class CaptionSettings:
    """Everything, beside the image and the weights, that a caption depends on."""

    decoding: Decoding
    dtype: DType
    prompt: str | None = None
    first_sentence: bool = False
    reduced_jpeg: bool = False


@dataclass(frozen=True, slots=True)
class CaptionRun:
    """One model over one dataset.

    Attributes:
        revision: The commit on the hub, or `sha256:…` over a local folder's files.
        images: Images asked for.
        captioned: Captions made by this run.
        kept: Captions kept from an earlier run.
        failed: Images without a caption.
        sidecars_failed: Captions that could not be put beside their images.
        seconds: Wall time over the images, loading not counted.
        images_per_s: None where nothing was captioned.
        latencies_s: Of the captions made by this run, in order.
        load_s: From the first byte read of the checkpoint to a model ready to run; None where it
            was not needed.
        vram_peak_bytes: Of this process, where the driver says.
        rss_peak_bytes: Resident memory of this process.
        batch_size: The largest that fitted into memory.
        image_ids: What a COCO file calls its images; empty where the dataset has no ids.
        captions: Read from the journal at each iteration, in the dataset's order.
    """

    model: str
    checkpoint: str
    revision: str
    family: str
    dataset: str
    placement: Placement
    settings: CaptionSettings
    images: int
    captioned: int
    kept: int
    failed: int
    sidecars_failed: int
    seconds: float
    images_per_s: float | None
    load_s: float | None
    latencies_s: tuple[float, ...]
    vram_peak_bytes: int | None
    rss_peak_bytes: int | None
    batch_size: int
    results_dir: Path
    image_ids: Mapping[str, int | str]
    captions: Iterable[Caption]

    def to_dict(self) -> dict[str, object]:
        """Return the run as its documents have it; its captions, which may be many, left out."""
        return {
            "model": self.model,
            "checkpoint": self.checkpoint,
            "revision": self.revision,
            "family": self.family,
            "dataset": self.dataset,
            "device": str(self.placement.device),
            "dtype": self.placement.dtype,
            "settings": asdict(self.settings),
            "images": self.images,
            "captioned": self.captioned,
            "kept": self.kept,
            "failed": self.failed,
            "sidecars_failed": self.sidecars_failed,
            "batch_size": self.batch_size,
            "load_s": self.load_s,
            "seconds": self.seconds,
            "images_per_s": self.images_per_s,
            "vram_peak_bytes": self.vram_peak_bytes,
            "rss_peak_bytes": self.rss_peak_bytes,
            "results_dir": str(self.results_dir),
        }


@dataclass(frozen=True, slots=True)
class CaptionOutcome:
    """All runs of one command, and what failed on the way.

    Attributes:
        passed_over: Files in the folder that are images and that f1cap does not decode.
    """

    runs: tuple[CaptionRun, ...]
    problems: tuple[Problem, ...]
    passed_over: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the runs as JSON has them; problems stand beside them in the document."""
        return {
            "runs": [
                {**run.to_dict(), "captions": (caption.to_dict() for caption in run.captions)}
                for run in self.runs
            ],
            "passed_over": list(self.passed_over),
        }


@dataclass(frozen=True, slots=True)
class RunCost:
    """What a run's own record says of its cost; None where it says nothing."""

    images_per_s: float | None = None
    vram_peak_bytes: int | None = None
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class CaptionSet:
    """One model's captions of many images, from a file or a results folder.

    Attributes:
        model: None where the file does not name it.
        captions: By image name.
        truncated: Images whose caption the length limit ended; None where nobody recorded it.
        line_breaks: Images whose caption held line breaks before it was cleaned; likewise.
        negative_control: Expected to be wrong on these images.
    """

    model: str | None
    captions: Mapping[str, str]
    truncated: frozenset[str] | None = None
    line_breaks: frozenset[str] | None = None
    cost: RunCost = field(default_factory=RunCost)
    negative_control: bool = False
