"""The messages between a benchmark's processes: typed records, one line of JSON each."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints, overload

from f1cap.records.images import ImageAddress, Problem
from f1cap.records.models import DecodingOverrides, Device, DType, Engine
from f1cap.records.readings import MemoryReading

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


# to the worker


@dataclass(frozen=True, slots=True)
class Open:
    """Load a model.

    Attributes:
        model: What `naming.resolve` takes.
        images: All that may be asked for.
        plain: With plain transformers, one image at a time, in place of f1cap's own way.
        batch_size: None is f1cap's choice; so for all that follows.
    """

    model: str
    images: tuple[ImageAddress, ...]
    plain: bool
    device: str
    dtype: DType
    engine: Engine
    batch_size: int | None
    decoding: DecodingOverrides
    prompt: str | None
    reduced_jpeg: bool
    vram_limit_bytes: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """Caption images, by their indices among those of `Open`."""

    images: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Close:
    """Report the memory peaks, free the model and end."""


# from the worker


@dataclass(frozen=True, slots=True)
class Opened:
    """A model is loaded.

    Attributes:
        limited: `vram_limit_bytes` is in force.
        threads: Of torch on the CPU; None without torch.
    """

    import_s: float
    load_s: float
    device: Device
    dtype: DType
    notes: tuple[str, ...]
    revision: str
    engine: str | None
    num_beams: int
    max_new_tokens: int
    batch_size: int
    limited: bool
    threads: int | None


@dataclass(frozen=True, slots=True)
class TimedCaption:
    """A caption, and what it took.

    Attributes:
        prepare_s: Reading, decoding and preprocessing the image.
        generate_s: Its share of the batch's time.
    """

    image: str
    text: str
    tokens: int
    prepare_s: float
    generate_s: float


@dataclass(frozen=True, slots=True)
class RunResult:
    """Images were captioned; what could not be read is among the problems.

    Attributes:
        seconds: From the first to the last.
        batch_size: The largest that fitted so far.
    """

    seconds: float
    captions: tuple[TimedCaption, ...]
    problems: tuple[Problem, ...]
    batch_size: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """Peaks of memory as the process itself counts them; None where it cannot."""

    torch_allocated_bytes: int | None
    torch_reserved_bytes: int | None
    rss_bytes: int | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed."""

    code: str
    message: str
    hint: str | None


# to the sampler


@dataclass(frozen=True, slots=True)
class Watch:
    """Watch a process and, unless None, the GPU that CUDA calls by this index."""

    pid: int
    gpu_index: int | None


@dataclass(frozen=True, slots=True)
class CountEnergy:
    """Open or close a window in which energy counts."""

    on: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Report what was measured, and end."""


# from the sampler


@dataclass(frozen=True, slots=True)
class Sampled:
    """The newest reading."""

    memory: MemoryReading


@dataclass(frozen=True, slots=True)
class Watched:
    """All that was seen of a process.

    Attributes:
        nvml_process_bytes: Its peak on the GPU, as the driver counts.
        nvml_device_bytes: The whole GPU's peak.
        rss_bytes: Its peak of resident memory.
        energy_j: Of the windows; None where a part of one is not known.
        samples: How many there are.
        interval_s: The mean time between two.
        cpu_share: Of one core, what the sampling took.
    """

    nvml_process_bytes: int | None = None
    nvml_device_bytes: int | None = None
    rss_bytes: int | None = None
    energy_j: float | None = None
    samples: int = 0
    interval_s: float | None = None
    cpu_share: float | None = None


class MessageError(ValueError):
    """A line that is no message of a kind that may come now."""


def encode(message: object) -> str:
    """Return a message as a line, its end included."""
    if not is_dataclass(message) or isinstance(message, type):
        raise TypeError(message)
    return json.dumps({"type": type(message).__name__, **asdict(message)}) + "\n"


@overload
def decode(line: str, first: type[A], /) -> A: ...
@overload
def decode(line: str, first: type[A], second: type[B], /) -> A | B: ...
@overload
def decode(line: str, first: type[A], second: type[B], third: type[C], /) -> A | B | C: ...
def decode(line: str, /, *kinds: type[Any]) -> object:
    """Return the message of a line.

    Raises:
        MessageError: It is none of these kinds, or one of its fields is of another type.
    """
    try:
        content = json.loads(line)
    except ValueError as error:
        message = f"not JSON: {line[:200]!r}"
        raise MessageError(message) from error
    name = content.pop("type", None) if isinstance(content, dict) else None
    for kind in kinds:
        if kind.__name__ == name:
            return _record(kind, content)
    message = f"none of {', '.join(kind.__name__ for kind in kinds)}: {line[:200]!r}"
    raise MessageError(message)


def _record(kind: type[A], content: object) -> A:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    if not isinstance(content, dict) or content.keys() != set(names):
        message = f"no {kind.__name__}: {content!r}"
        raise MessageError(message)
    return kind(**{name: _value(hints[name], content[name]) for name in names})


def _value(kind: Any, content: object) -> object:  # noqa: ANN401 - a type's hint
    """Return what JSON holds as the type that a field names; nothing else is taken for it."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of([arg for arg in args if arg is not NoneType], content)
    if origin is tuple and isinstance(content, list):
        return tuple(_value(args[0], item) for item in content)
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, content)
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(content, str):
        return _member(kind, content)
    if kind is float and type(content) is int:
        return float(content)
    if type(content) is kind or (origin is Literal and content in args):
        return content
    message = f"not of type {kind}: {content!r}"
    raise MessageError(message)


def _one_of(kinds: list[Any], content: object) -> object:
    """Return None, or the content as the first of the types that takes it."""
    if content is None:
        return None
    *others, last = kinds
    for kind in others:
        with suppress(MessageError):
            return _value(kind, content)
    return _value(last, content)


def _member(kind: type[StrEnum], content: str) -> StrEnum:
    try:
        return kind(content)
    except ValueError as error:
        raise MessageError(str(error)) from error
