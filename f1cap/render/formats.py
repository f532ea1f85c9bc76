"""The formats that results can be written in; known without loading what writes them."""

from enum import StrEnum
from pathlib import Path

from f1cap.errors import UsageError


class CaptionFormat(StrEnum):
    """How captions are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    COCO = "coco"

    @classmethod
    def chosen(cls, asked: "CaptionFormat | None", output: Path | None) -> "CaptionFormat":
        """Return what the user asked for, else what the output file's suffix says, else a table."""
        if asked is not None:
            return asked
        suffix = "" if output is None else output.suffix.lower().lstrip(".")
        return cls(suffix) if suffix in {cls.JSON, cls.JSONL, cls.CSV} else cls.TABLE

    def check_models(self, models: int) -> None:
        """Refuse, before hours of work, a format that cannot hold the result.

        Raises:
            UsageError: The COCO results format for several models.
        """
        if self is CaptionFormat.COCO and models > 1:
            raise UsageError(
                "The coco format holds one model's captions.",
                hint="Run the models one by one, or use --format jsonl.",
            )


class ListFormat(StrEnum):
    """How a list is written."""

    TABLE = "table"
    JSON = "json"


class EvalFormat(StrEnum):
    """How scores are written; CSV has one row an image."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class CompareFormat(StrEnum):
    """How a comparison is written; CSV has one row a model."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"
    CSV = "csv"


class BenchFormat(StrEnum):
    """How a benchmark is written; CSV has one row a model and setting."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"
    CSV = "csv"
