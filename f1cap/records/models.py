"""What a captioner is and how it is asked to decode."""

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from f1cap.errors import UsageError

# The largest batch size that can be asked for: far beyond what makes anything faster.
MOST_BEAMS = 64
LARGEST_BATCH = 4096
# What penalties may be: beyond these every caption is the same as at them.
REPETITION_PENALTIES = (0.01, 100.0)
LENGTH_PENALTIES = (-10.0, 10.0)
_DEVICE = re.compile(r"(auto|cpu|mps|cuda)|cuda:(\d{1,4})", re.ASCII)


class DeviceKind(StrEnum):
    """Kinds of device; `auto` is what a user may ask for, never where a model runs."""

    AUTO = "auto"
    CUDA = "cuda"
    MPS = "mps"
    CPU = "cpu"


@dataclass(frozen=True, slots=True)
class Device:
    """Where a model runs, or is asked to run.

    Attributes:
        index: Of a CUDA GPU as torch counts them; None for other kinds, and for a `cuda` that
            leaves the choice open.
    """

    kind: DeviceKind
    index: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Device":
        """Read `auto`, `cpu`, `mps`, `cuda` or `cuda:N`, in any case.

        Raises:
            ValueError: It is none of these.
        """
        match = _DEVICE.fullmatch(text.strip().lower())
        if match is None:
            message = f"{text!r} is not auto, cpu, mps, cuda or cuda:N"
            raise ValueError(message)
        kind, index = match.groups()
        if kind is None:
            return cls(DeviceKind.CUDA, int(index))
        return cls(DeviceKind(kind))

    @property
    def is_cpu(self) -> bool:
        """Tell whether it is the CPU."""
        return self.kind is DeviceKind.CPU

    @property
    def cuda_index(self) -> int | None:
        """The GPU as CUDA numbers them, the first where none is named; None for other kinds."""
        return (self.index or 0) if self.kind is DeviceKind.CUDA else None

    def __str__(self) -> str:
        """Write it as torch does: `cpu`, `mps`, `cuda:0`."""
        return str(self.kind) if self.index is None else f"{self.kind}:{self.index}"


class DType(StrEnum):
    """The dtypes in which a model runs."""

    AUTO = "auto"
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


class Engine(StrEnum):
    """Whose code searches for a caption; both find the same one."""

    AUTO = "auto"
    FAST = "fast"  # our own, in `models.decoding`
    TRANSFORMERS = "transformers"  # the library's `generate`


class Availability(StrEnum):
    """Where a catalogue model's weights are."""

    BUNDLED = "bundled"
    DOWNLOADED = "downloaded"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Decoding:
    """How captions are searched for; the fields mean what they mean to transformers' `generate`."""

    num_beams: int = 1
    max_new_tokens: int = 50
    min_new_tokens: int = 0
    # shape of the text
    no_repeat_ngram_size: int = 0
    repetition_penalty: float = 1.0
    # ranking of finished beams
    length_penalty: float = 1.0
    early_stopping: bool | Literal["never"] = False

    def override(self, overrides: "DecodingOverrides") -> "Decoding":
        """Return the search with what a user chose.

        Raises:
            UsageError: The shortest caption would be longer than the longest.
        """
        decoding = replace(self, **overrides.chosen())
        if decoding.min_new_tokens > decoding.max_new_tokens:
            raise UsageError(
                f"A caption cannot have {decoding.min_new_tokens} new tokens at least and "
                f"{decoding.max_new_tokens} at most.",
                hint="Raise --max-new-tokens, or lower --min-new-tokens.",
            )
        return decoding


@dataclass(frozen=True, slots=True)
class DecodingOverrides:
    """What a user chose of a search, by the fields of `Decoding`; None leaves the model's own."""

    num_beams: int | None = None
    max_new_tokens: int | None = None
    min_new_tokens: int | None = None
    no_repeat_ngram_size: int | None = None
    repetition_penalty: float | None = None
    length_penalty: float | None = None
    early_stopping: bool | Literal["never"] | None = None

    def chosen(self) -> dict[str, Any]:
        """Return what is not left to the model."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One captioner: where it comes from and what is known of it before it is loaded.

    Attributes:
        name: What the user calls it; the name of its results folder.
        checkpoint: A hub id, or the path of a local folder.
        revision: The pinned commit on the hub; None follows `main`, or means a local folder.
        family: Name in the registry of families, which decides the code that runs it.
        decoding: Used where the user says nothing else.
        parameters: Number of weights, tied ones counted once; None where unknown.
        stored_twice: Of these, how many the published file holds a second time.
        local: The checkpoint is a folder on this machine (bundled or the user's).
        negative_control: Expected to be wrong on racing images.
        note: One sentence that a user should know before trusting it.
    """

    name: str
    checkpoint: str
    family: str
    decoding: Decoding
    revision: str | None = None
    aliases: tuple[str, ...] = ()
    parameters: int | None = None
    stored_twice: int = 0
    local: bool = False
    bundled: bool = False
    negative_control: bool = False
    note: str | None = None

    @property
    def fp16_bytes(self) -> int | None:
        """Size of the weights at two bytes each."""
        return None if self.parameters is None else 2 * self.parameters

    @property
    def download_bytes(self) -> int | None:
        """Size of the published weights, which of the catalogue's models are all in float32."""
        if self.bundled:
            return 0
        if self.local or self.parameters is None:
            return None
        return 4 * (self.parameters + self.stored_twice)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A catalogue model and whether its weights are on this machine."""

    spec: ModelSpec
    availability: Availability

    def to_dict(self) -> dict[str, object]:
        """Return the entry as JSON has it."""
        spec = self.spec
        return {
            "model": spec.name,
            "aliases": list(spec.aliases),
            "checkpoint": spec.checkpoint,
            "revision": spec.revision,
            "family": spec.family,
            "parameters": spec.parameters,
            "download_bytes": spec.download_bytes,
            "fp16_bytes": spec.fp16_bytes,
            "decoding": asdict(spec.decoding),
            "availability": self.availability,
            "negative_control": spec.negative_control,
            "note": spec.note,
        }


@dataclass(frozen=True, slots=True)
class Placement:
    """On which device and in which dtype a model runs, and what the user should know about it.

    Attributes:
        device: Never `auto`.
        dtype: Never `auto`.
        notes: Sentences: why a device was not used, which command would change that.
    """

    device: Device
    dtype: DType
    notes: tuple[str, ...] = ()
