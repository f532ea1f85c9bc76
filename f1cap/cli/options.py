"""Options that commands share, each named once, and the request that scoring makes of them."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from f1cap.errors import UsageError
from f1cap.metrics import registry
from f1cap.models import catalog
from f1cap.records.models import LARGEST_BATCH, DType
from f1cap.records.scores import ScoreOptions

if TYPE_CHECKING:
    from f1cap.services.score.hypotheses import ScoreRequest


class Missing(StrEnum):
    """What to do where a model lacks a caption of an image with references."""

    ERROR = "error"
    SKIP = "skip"
    EMPTY = "empty"


def _complete_model(incomplete: str) -> list[tuple[str, str]]:
    names: list[tuple[str, str]] = []
    for spec in catalog.CATALOG.values():
        helptext = "bundled, no download" if spec.bundled else spec.checkpoint
        names.extend((name, helptext) for name in (spec.name, *spec.aliases))
    return [(name, text) for name, text in names if name.startswith(incomplete)]


def _complete_device(incomplete: str) -> list[str]:
    return [
        name for name in ("auto", "cpu", "cuda", "cuda:0", "mps") if name.startswith(incomplete)
    ]


def complete_metrics(incomplete: str) -> list[str]:
    """Return what `--metrics` may go on with; other packages' metrics are not looked for."""
    begun, comma, last = incomplete.rpartition(",")
    taken = begun.split(",")
    return [
        f"{begun}{comma}{spec.name}"
        for spec in registry.METRICS
        if spec.name.startswith(last) and spec.name not in taken
    ]


def _check_device(device: str) -> str:
    kind, _, index = device.partition(":")
    known = device in {"auto", "cpu", "mps", "cuda"} or (kind == "cuda" and index.isdecimal())
    if not known:
        message = f"{device!r} is none of auto, cpu, mps, cuda, cuda:N."
        raise typer.BadParameter(message)
    return device


def parse_batch_size(value: str) -> int | None:
    """Read `auto` as None, a positive number as itself."""
    if value == "auto":
        return None
    # isdecimal alone takes digits of any script
    known = value.isascii() and value.isdecimal() and len(value) < 9
    if not known or not 1 <= int(value) <= LARGEST_BATCH:
        message = f"{value!r} is neither auto nor a number of images from 1 to {LARGEST_BATCH:,}."
        raise typer.BadParameter(message, param_hint="'--batch-size'")
    return int(value)


def parse_batch_sizes(value: str) -> tuple[int | None, ...]:
    """Read `auto` or `1,4,8`; each becomes a row."""
    return tuple(dict.fromkeys(parse_batch_size(part.strip()) for part in value.split(",")))


def parse_dtypes(value: str) -> tuple[DType, ...]:
    """Read `auto` or `float32,bfloat16`; each becomes a row."""
    names = [part.strip() for part in value.split(",")]
    for name in names:
        if name not in set(DType):
            message = f"{name!r} is none of {', '.join(DType)}."
            raise typer.BadParameter(message, param_hint="'--dtype'")
    return tuple(dict.fromkeys(DType(name) for name in names))


def parse_percent(value: str, option: str) -> float:
    """Read `10%` or `10` as 0.1."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)\s*%?", value.strip())
    if match is None:
        message = f"{value!r} is no percentage; write it as in 10%."
        raise typer.BadParameter(message, param_hint=f"'{option}'")
    return float(match[1]) / 100


def parse_size(value: str | None, option: str) -> int | None:
    """Read `4GiB`, `4G` or `4096MiB` (binary), `4GB` or `900MB` (decimal) as bytes."""
    if value is None:
        return None
    match = re.fullmatch(
        r"(\d{0,9}\.?\d{1,9})\s*([kmgt])(i?b?)", value.strip(), re.IGNORECASE | re.ASCII
    )
    if match is None or not float(match[1]):
        message = f"{value!r} is no size; write it with its unit, as in 4GiB."
        raise typer.BadParameter(message, param_hint=f"'{option}'")
    power = "kmgt".index(match[2].lower()) + 1
    base = 1000 if match[3].lower() == "b" else 1024
    return round(float(match[1]) * float(base**power))


def chosen_models(
    names: list[str] | None, *, all_models: bool, mini: bool = False
) -> tuple[str, ...]:
    """Return the models of a run, each once.

    Raises:
        UsageError: None was named, or `--all` or `--mini` and names together.
    """
    if bool(names) + all_models + mini > 1:
        raise UsageError(
            "--all, --mini and --model do not go together.", hint="Leave all but one out."
        )
    if all_models:
        return catalog.STUDY
    if mini:
        return catalog.MINIS
    if not names:
        raise UsageError(
            "Which model? Name one with --model.",
            hint="--model git-mini runs at once, without a download (it knows rendered images "
            "only); --model blip-base is made for photographs; `f1cap models` lists all.",
        )
    return tuple(dict.fromkeys(names))


def parse_captions(values: list[str] | None) -> tuple[tuple[str | None, Path], ...]:
    """Read each `NAME=FILE` or `FILE`; an existing file of the whole name is that file."""
    parsed: list[tuple[str | None, Path]] = []
    for value in values or ():
        name, sign, path = value.partition("=")
        named = bool(sign) and bool(name) and not Path(value).exists()
        parsed.append((name, Path(path)) if named else (None, Path(value)))
    return tuple(parsed)


PathsArg = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Dataset folder, any folder, or image files. "
        "Default: ./dataset if there is one, else the bundled images.",
        show_default=False,
    ),
]
ModelsOpt = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="Catalogue name, hub id (org/name) or local folder; may be repeated. "
        "`f1cap models` lists the names.",
        autocompletion=_complete_model,
        show_default=False,
    ),
]
MiniOpt = Annotated[
    bool,
    typer.Option("--mini", help="The three bundled models: git-mini, blip-mini, swin-mini."),
]
AllOpt = Annotated[
    bool,
    typer.Option(
        "--all",
        help="The three models of the study: blip-base, git-base, swin-tiny (2.2 GB to download).",
    ),
]
RecursiveOpt = Annotated[
    bool, typer.Option("--recursive/--no-recursive", help="Look into sub-folders.")
]
LimitOpt = Annotated[
    int | None, typer.Option("--limit", min=1, help="Caption only the first N images.")
]
DeviceOpt = Annotated[
    str,
    typer.Option(
        "--device",
        help="auto, cpu, mps, cuda or cuda:N.",
        callback=_check_device,
        autocompletion=_complete_device,
    ),
]
DTypeOpt = Annotated[
    DType,
    typer.Option(
        "--dtype", help="Number format of the model; auto takes the fastest that is safe."
    ),
]
OfflineOpt = Annotated[
    bool, typer.Option("--offline", help="Never ask the network; the same as HF_HUB_OFFLINE=1.")
]
OutputDirOpt = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        help="Where runs keep what resuming and `f1cap eval` need; default: the user cache.",
        file_okay=False,
    ),
]
DatasetArg = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PATH]",
        help="Dataset folder. Default: ./dataset if there is one, else the bundled images.",
        show_default=False,
    ),
]
CaptionsOpt = Annotated[
    list[str] | None,
    typer.Option(
        "--captions",
        metavar="[NAME=]FILE",
        help="Score this file instead of results: flat JSON, f1cap's JSON, JSONL or CSV, or COCO "
        "results; may be repeated.",
        show_default=False,
    ),
]
ReferencesOpt = Annotated[
    Path | None,
    typer.Option(
        "--references",
        metavar="FILE",
        help="References instead of the dataset's captions.json; COCO annotations are read too.",
    ),
]
JavaOpt = Annotated[
    Path | None,
    typer.Option("--java", metavar="PATH", help="The Java to use instead of the one installed."),
]
MetricsOpt = Annotated[
    str | None,
    typer.Option(
        "--metrics",
        metavar="NAME,…",
        help=f"What to compute, of {', '.join(spec.name for spec in registry.METRICS)} and what "
        "other packages add; default: all but semantic, which needs the extra f1cap[semantic].",
        autocompletion=complete_metrics,
        show_default=False,
    ),
]
SemanticOpt = Annotated[
    bool, typer.Option("--semantic", hidden=True, help="Add semantic to the metrics.")
]
MissingOpt = Annotated[
    Missing,
    typer.Option("--missing", help="What to do where a model lacks a caption."),
]
SeedOpt = Annotated[int, typer.Option("--seed", help="Of the bootstrap and the randomisation.")]
OutputOpt = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write what is printed to this file instead of stdout.",
        dir_okay=False,
    ),
]
QuietOpt = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only errors.")]
VerboseOpt = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say also what is loaded, from where, onto what.")
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

    # before anything is started or read
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
