"""The formats that results can be written in; known without loading what writes them."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar, cast

from f1cap.errors import UsageError

# Suffixes that are not the format's own name.
_SUFFIXES = {"md": "markdown", "txt": "table"}

_Format = TypeVar("_Format", bound=StrEnum)


class OutputFormat(StrEnum):
    """The formats of a command, a row each: the name, and what writes it as `module:function`.

    The function is loaded when it is needed, and called with the result and the stream.

    Attributes:
        writer: The function.
        binary: It writes bytes; else text.
    """

    writer: str
    binary: bool

    def __new__(cls, name: str, writer: str, binary: bool = False) -> Self:
        """Make a member of a row."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.writer = writer
        member.binary = binary
        return member

    def load(self) -> Callable[..., None]:
        """Return the function that writes this format."""
        import pkgutil  # not at the start: it takes milliseconds that --help need not pay

        return cast("Callable[..., None]", pkgutil.resolve_name(self.writer))


class CaptionFormat(OutputFormat):
    """How captions are written."""

    TABLE = "table", "f1cap.render.captions:write_table"
    JSON = "json", "f1cap.render.captions:write_json"
    JSONL = "jsonl", "f1cap.render.captions:write_jsonl"
    CSV = "csv", "f1cap.render.captions:write_csv"
    COCO = "coco", "f1cap.render.captions:write_coco"

    def check_models(self, models: int) -> None:
        """Refuse, before hours of work, a format that cannot hold the result.

        Raises:
            UsageError: The COCO results format for several models.
        """
        if self is CaptionFormat.COCO and models > 1:
            raise UsageError(
                "--format coco takes the captions of one model only.",
                hint="Run the models one by one, or use --format jsonl.",
            )


class GpuFormat(OutputFormat):
    """How GPUs and what fits on them are written."""

    TABLE = "table", "f1cap.render.gpu:write_table"
    JSON = "json", "f1cap.render.gpu:write_json"


class ModelsFormat(OutputFormat):
    """How the catalogue is written."""

    TABLE = "table", "f1cap.render.models:write_table"
    JSON = "json", "f1cap.render.models:write_json"


class EvalFormat(OutputFormat):
    """How scores are written; CSV has one row per image."""

    TABLE = "table", "f1cap.render.evaluation:write_table"
    JSON = "json", "f1cap.render.evaluation:write_json"
    CSV = "csv", "f1cap.render.evaluation:write_csv"


class CompareFormat(OutputFormat):
    """How a comparison is written; CSV has one row per model."""

    TABLE = "table", "f1cap.render.comparison:write_table"
    MARKDOWN = "markdown", "f1cap.render.markdown:write_markdown"
    JSON = "json", "f1cap.render.comparison:write_json"
    CSV = "csv", "f1cap.render.comparison:write_csv"


class BenchFormat(OutputFormat):
    """How a benchmark is written; CSV has one row per model and setting."""

    TABLE = "table", "f1cap.render.benchmarks:write_table"
    MARKDOWN = "markdown", "f1cap.render.benchmarks:write_markdown"
    JSON = "json", "f1cap.render.benchmarks:write_json"
    CSV = "csv", "f1cap.render.benchmarks:write_csv"


def choose_format(asked: _Format | None, output: Path | None, formats: type[_Format]) -> _Format:
    """Return what the user asked for, else what the output file's suffix says, else the first.

    Raises:
        UsageError: The suffix is of no format that the command has.
    """
    if asked is not None:
        return asked
    suffix = "" if output is None else output.suffix.lower().removeprefix(".")
    if not suffix:
        return next(iter(formats))
    name = _SUFFIXES.get(suffix, suffix)
    chosen = next((form for form in formats if form == name), None)
    if chosen is None:
        names = {str(form) for form in formats}
        names |= {short for short, name in _SUFFIXES.items() if name in names}
        raise UsageError(
            f"--output {output}: there is no format for the suffix .{suffix}.",
            hint=f"Use one of {', '.join(f'.{name}' for name in sorted(names))}, or add --format.",
        )
    return chosen
