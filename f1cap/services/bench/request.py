"""The request of a benchmark, and the listener of its events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from f1cap.records.benchmarks import BenchRow
from f1cap.records.images import Problem
from f1cap.records.models import DecodingOverrides, DType, Engine, ModelSpec
from f1cap.records.readings import MemoryReading


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """What the user asked for; None means the model's or f1cap's own choice.

    Attributes:
        batch_sizes: One row for each; None in it is f1cap's choice.
        include_hidden: Take hidden files, and enter hidden folders and system folders.
        dtypes: One row for each.
        min_images: Images that each model captions at least, and how many different ones.
        min_seconds: Time that each model captions at least.
        timeout_s: For one row, from the start of its process.
        vram_limit_bytes: Memory of the smaller GPU that is to be simulated.
        compare_transformers: Also run plain transformers, in alternating rounds.
        save: Keep the result under this name.
        baseline: Compare with the result of this name.
        tolerance: The share by which a number may be worse than the baseline's.
    """

    paths: tuple[Path, ...]
    models: tuple[str, ...]
    include_hidden: bool = False
    # settings, each combination a row
    batch_sizes: tuple[int | None, ...] = (None,)
    dtypes: tuple[DType, ...] = (DType.AUTO,)
    decoding: DecodingOverrides = field(default_factory=DecodingOverrides)
    prompt: str | None = None
    reduced_jpeg: bool = False
    device: str = "auto"
    engine: Engine = Engine.AUTO
    offline: bool = False
    # how long
    min_images: int = 20
    min_seconds: float = 5.0
    timeout_s: float = 1800.0
    vram_limit_bytes: int | None = None
    compare_transformers: bool = False
    # what is done with the numbers
    save: str | None = None
    baseline: str | None = None
    tolerance: float = 0.1


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one row measures: a model in one setting."""

    spec: ModelSpec
    dtype: DType
    batch_size: int | None

    @property
    def label(self) -> str:
        """Return the model's name and what of its setting the user chose."""
        parts = [self.spec.name]
        if self.dtype is not DType.AUTO:
            parts.append(self.dtype)
        if self.batch_size is not None:
            parts.append(f"×{self.batch_size}")
        return " ".join(parts)


class BenchListener(Protocol):
    """Receives events in order, from one thread."""

    def bench_started(self, labels: Sequence[str], images: int) -> None:
        """Begin: the names of the rows to come, and how many images they are measured on."""
        ...

    def row_started(self, index: int) -> None:
        """Begin a row."""
        ...

    def downloading(self, done_bytes: int, total_bytes: int, file: str) -> None:
        """Report a download; called often, from another thread."""
        ...

    def phase(self, what: str) -> None:
        """Report what the row's process does now."""
        ...

    def measured(self, share: float, images: int, latency_s: float, memory: MemoryReading) -> None:
        """Report a batch: how much of the row is done, and the newest readings."""
        ...

    def row_finished(self, row: BenchRow) -> None:
        """Report a row, complete or not."""
        ...

    def failed(self, problem: Problem) -> None:
        """Report an image that cannot be read."""
        ...

    def interrupted(self, done: int, rows: int) -> None:
        """Report that the user ended it, and how many rows were finished."""
        ...

    def note(self, message: str) -> None:
        """Say something that the user should know."""
        ...
