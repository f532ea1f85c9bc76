"""The options that `eval` and `compare` share, and the request made from them."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from f1cap.metrics import registry
from f1cap.records.scores import ScoreOptions

if TYPE_CHECKING:
    from f1cap.services.score.hypotheses import ScoreRequest


class Missing(StrEnum):
    """What to do where a model lacks a caption of an image with references."""

    ERROR = "error"
    SKIP = "skip"
    EMPTY = "empty"


def complete_metrics(incomplete: str) -> list[str]:
    """Return what `--metrics` may go on with; other packages' metrics are not looked for."""
    begun, comma, last = incomplete.rpartition(",")
    taken = begun.split(",")
    return [
        f"{begun}{comma}{spec.name}"
        for spec in registry.METRICS
        if spec.name.startswith(last) and spec.name not in taken
    ]


def _listed(specs: Iterable[registry.MetricSpec]) -> str:
    return ", ".join(spec.name for spec in specs)


DatasetArg = Annotated[
    Path | None,
    typer.Argument(
        metavar="PATH",
        help="Folder of images. Default: ./dataset if it exists, else the current folder if it "
        "holds images, else the bundled images.",
        show_default=False,
    ),
]
CaptionsOpt = Annotated[
    list[str] | None,
    typer.Option(
        "--captions",
        metavar="[NAME=]FILE",
        help="Caption file to score instead of the results of `f1cap caption`: flat JSON, f1cap's "
        "JSON, JSONL or CSV, or COCO results; can be repeated.",
        show_default=False,
    ),
]
ReferencesOpt = Annotated[
    Path | None,
    typer.Option(
        "--references",
        metavar="FILE",
        help="Reference file to use instead of the dataset's captions.json; can be COCO "
        "annotations, or what `f1cap caption` writes.",
    ),
]
MetricsOpt = Annotated[
    str | None,
    typer.Option(
        "--metrics",
        metavar="NAME,…",
        help=f"Metrics to compute: {_listed(registry.METRICS)}, or one that a plug-in adds; "
        f"semantic needs the extra f1cap[semantic]. Default: {_listed(registry.choose(None))}.",
        autocompletion=complete_metrics,
        show_default=False,
    ),
]
SemanticOpt = Annotated[
    bool, typer.Option("--semantic", hidden=True, help="Add semantic to the metrics.")
]
MissingOpt = Annotated[
    Missing,
    typer.Option(
        "--missing",
        help="What to do if a model has no caption for an image: stop, leave the image out for all "
        "models, or score an empty caption.",
    ),
]
SeedOpt = Annotated[
    int,
    typer.Option(
        "--seed", metavar="N", min=0, help="Random seed for bootstrap and significance tests."
    ),
]
SignaturesOpt = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Also show how each score was computed (its signature)."),
]


def chosen_metrics(value: str | None, *, semantic: bool) -> tuple[str, ...] | None:
    """Read `bleu,cider`; None takes the usual metrics, to which `--semantic` adds one."""
    if value is None and not semantic:
        return None
    if value is None:
        names = [spec.name for spec in registry.METRICS if spec.default]
    else:
        names = [name for part in value.split(",") if (name := part.strip())]
    return tuple(dict.fromkeys([*names, "semantic"] if semantic else names))


def score_request(
    *,
    path: Path | None,
    models: list[str] | None,
    captions: list[str] | None,
    references: Path | None,
    output_dir: Path | None,
    java: Path | None,
    options: ScoreOptions,
    rank_by: str | None = None,
) -> "ScoreRequest":
    """Return what the service is asked for.

    Raises:
        UsageError: There is no such metric, or the one that decides or ranks is not computed.
    """
    from f1cap.services.score.hypotheses import ScoreRequest

    registry.deciding(registry.choose(options.metrics), rank_by or options.primary)
    return ScoreRequest(
        path=path,
        models=tuple(dict.fromkeys(models or ())),
        captions=parse_captions(captions),
        references=references,
        output_dir=output_dir,
        java=java,
        rank_by=rank_by,
        options=options,
    )


def parse_captions(values: list[str] | None) -> tuple[tuple[str | None, Path], ...]:
    """Read each `NAME=FILE` or `FILE`; an existing file of the whole name is that file."""
    parsed: list[tuple[str | None, Path]] = []
    for value in values or ():
        name, sign, path = value.partition("=")
        named = bool(sign) and bool(name) and not Path(value).exists()
        parsed.append((name, Path(path)) if named else (None, Path(value)))
    return tuple(parsed)
