"""What is compared of two benchmarks, and the result of the comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# What identifies a row of a benchmark; rows with other settings are not comparable.
_SETTING = ("model", "device", "dtype", "asked_batch_size", "num_beams", "max_new_tokens")
# Where the metrics that are compared lie in a row.
_METRICS = {
    "images_per_s": ("images_per_s",),
    "latency_p50_s": ("latency_s", "p50"),
    "vram_bytes": ("memory", "nvml_process_bytes"),
    "rss_bytes": ("memory", "rss_bytes"),
    "cider": ("quality", "cider"),
}
_MACHINE = ("cpu", "cores", "driver", "torch", "transformers", "threads", "f1cap")


@dataclass(frozen=True, slots=True)
class RowSummary:
    """What a comparison reads of a row.

    Attributes:
        setting: What two rows must have in common to be compared, as text.
        metrics: The measured numbers by name; what was not measured is missing.
        options: What may differ between two rows that are compared, and is then reported.
    """

    model: str
    dtype: str | None
    batch_size: int | None
    setting: tuple[str | None, ...]
    metrics: Mapping[str, float]
    options: Mapping[str, object]

    @classmethod
    def from_dict(cls, row: Mapping[str, object]) -> "RowSummary":
        """Read a row's JSON form.

        Raises:
            KeyError: What tells it from other rows is missing.
        """
        dtype, batch_size = row["dtype"], row.get("batch_size")
        setting = [row[name] for name in _SETTING]
        # absent in rows saved before there was --prompt
        setting.append(row.get("prompt"))
        setting.append(_search(row.get("decoding")))
        numbers = {name: _number(row, path) for name, path in _METRICS.items()}
        return cls(
            model=str(row["model"]),
            dtype=None if dtype is None else str(dtype),
            batch_size=batch_size if isinstance(batch_size, int) else None,
            setting=tuple(None if value is None else str(value) for value in setting),
            metrics={name: number for name, number in numbers.items() if number is not None},
            options={
                "the engine": row.get("engine"),
                "the batch size used": batch_size,
                "--vram-limit": row.get("vram_limit_bytes"),
                "--reduced-jpeg": bool(row.get("reduced_jpeg")),
                # what format 1 called `reference`
                "--compare-transformers": bool(row.get("transformers") or row.get("reference")),
            },
        )


@dataclass(frozen=True, slots=True)
class BenchmarkSummary:
    """What a comparison reads of a benchmark.

    Attributes:
        machine: The hardware and the versions.
        rows: The complete ones.
    """

    dataset: object
    images: object
    machine: Mapping[str, object]
    rows: tuple[RowSummary, ...]

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "BenchmarkSummary":
        """Read a benchmark's JSON form, so that minutes of work depend on nothing that is missing.

        Raises:
            KeyError: A part is missing.
            ValueError: A part is of another kind.
        """
        environment = _mapping(data["environment"])
        rows = [_mapping(row) for row in _items(data["rows"])]
        summaries = [(row["status"], RowSummary.from_dict(row)) for row in rows]
        gpus = [str(_mapping(gpu)["name"]) for gpu in _items(environment.get("gpus") or ())]
        return cls(
            dataset=data.get("dataset"),
            images=data.get("images"),
            machine={
                **{name: environment.get(name) for name in _MACHINE},
                "gpus": ", ".join(gpus),
            },
            rows=tuple(summary for status, summary in summaries if status == "ok"),
        )


@dataclass(frozen=True, slots=True)
class Regression:
    """A number that got worse than an earlier run's by more than the tolerance.

    Attributes:
        change: (now - before) / before.
    """

    model: str
    dtype: str | None
    batch_size: int | None
    metric: str
    before: float
    now: float
    change: float


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """This run beside an earlier one.

    Attributes:
        baseline: What the user called the earlier run.
        compared: Rows that both have.
        regressions: What got worse.
        differences: What else differs between the two runs, in sentences.
    """

    baseline: str
    tolerance: float
    compared: int
    regressions: tuple[Regression, ...]
    differences: tuple[str, ...]


def _search(overrides: object) -> str | None:
    """Return what a user chose of the search, as far as no other part of the setting holds it."""
    if not isinstance(overrides, Mapping):  # absent in rows saved before there were such options
        return None
    chosen = {name: value for name, value in overrides.items() if name not in _SETTING}
    return str(sorted(chosen.items())) if chosen else None


def _number(row: Mapping[str, object], path: Sequence[str]) -> float | None:
    value: object = row
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) else None


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        message = f"{value!r} is not an object"
        raise ValueError(message)  # noqa: TRY004 - of a file, not of a caller
    return value


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        message = f"{value!r} is not a list"
        raise ValueError(message)  # noqa: TRY004 - of a file, not of a caller
    return value
