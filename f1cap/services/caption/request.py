"""The request of a caption run, and the listener of its events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from f1cap.records.captions import Caption, CaptionRun
from f1cap.records.images import Dataset, Problem
from f1cap.records.models import DecodingOverrides, DType, Engine, ModelSpec, Placement
from f1cap.records.readings import MemoryReading


@dataclass(frozen=True, slots=True)
class CaptionRequest:
    """What the user asked for; None means the model's or f1cap's own choice."""

    paths: tuple[Path, ...]
    models: tuple[str, ...]
    # images
    recursive: bool = True
    include_hidden: bool = False
    limit: int | None = None
    reduced_jpeg: bool = False
    # decoding
    decoding: DecodingOverrides = field(default_factory=DecodingOverrides)
    prompt: str | None = None
    first_sentence: bool = False
    # where it runs
    device: str = "auto"
    dtype: DType = DType.AUTO
    batch_size: int | None = None
    engine: Engine = Engine.AUTO
    offline: bool = False
    # what is kept
    output_dir: Path | None = None
    resume: bool = True
    sidecar: str | None = None
    overwrite_sidecars: bool = False


class CaptionListener(Protocol):
    """Receives events in order, from one thread."""

    def run_started(self, dataset: Dataset) -> None:
        """Begin: what is captioned."""
        ...

    def model_started(self, spec: ModelSpec, images: int) -> None:
        """Begin a model: its weights are fetched and loaded next."""
        ...

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Report a download; called often."""
        ...

    def model_loaded(self, placement: Placement, load_s: float) -> None:
        """Report a model that is ready."""
        ...

    def captioned(self, caption: Caption, memory: MemoryReading) -> None:
        """Report a new caption."""
        ...

    def kept(self, image: str) -> None:
        """Report an image whose caption an earlier run made."""
        ...

    def failed(self, problem: Problem) -> None:
        """Report an image or a model that failed; the command goes on."""
        ...

    def image_noted(self, image: str, notes: Sequence[str]) -> None:
        """Report remarks on an image's file; its caption or failure is reported next."""
        ...

    def note(self, message: str) -> None:
        """Say something once that the user should know."""
        ...

    def model_finished(self, run: CaptionRun) -> None:
        """Report a model that is done."""
        ...

    def interrupted(self, run: CaptionRun) -> None:
        """Report what is safe after Ctrl-C."""
        ...
