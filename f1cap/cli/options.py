"""Options and arguments that commands share, each named once."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from f1cap.errors import UsageError
from f1cap.records.models import (
    LARGEST_BATCH,
    LENGTH_PENALTIES,
    MOST_BEAMS,
    REPETITION_PENALTIES,
    Device,
    DType,
    Engine,
)


def _complete_model(incomplete: str) -> list[tuple[str, str]]:
    from f1cap.models import catalog  # not at the start: --help need not pay for it

    names: list[tuple[str, str]] = []
    for spec in catalog.CATALOG.values():
        helptext = "bundled, no download" if spec.bundled else spec.checkpoint
        names.extend((name, helptext) for name in (spec.name, *spec.aliases))
    return [(name, text) for name, text in names if name.startswith(incomplete)]


def _complete_device(incomplete: str) -> list[str]:
    return [
        name for name in ("auto", "cpu", "cuda", "cuda:0", "mps") if name.startswith(incomplete)
    ]


def _check_device(device: str) -> str:
    try:
        return str(Device.parse(device))
    except ValueError:
        message = f"must be auto, cpu, mps, cuda or cuda:N, not {device!r}."
        raise typer.BadParameter(message) from None


class EarlyStopping(StrEnum):
    """When a beam search ends, as it is written in a command."""

    TRUE = "true"
    FALSE = "false"
    NEVER = "never"


def parse_early_stopping(value: EarlyStopping | None) -> bool | Literal["never"] | None:
    """Read `true`, `false` or `never` as `Decoding` has it."""
    if value is None or value is EarlyStopping.NEVER:
        return None if value is None else "never"
    return value is EarlyStopping.TRUE


def parse_batch_size(value: str) -> int | None:
    """Read `auto` as None, a positive number as itself."""
    if value == "auto":
        return None
    # isdecimal alone takes digits of any script
    known = value.isascii() and value.isdecimal() and len(value) < 9
    if not known or not 1 <= int(value) <= LARGEST_BATCH:
        message = f"must be auto or an integer from 1 to {LARGEST_BATCH}, not {value!r}."
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
            message = f"must be one of {', '.join(DType)}, not {name!r}."
            raise typer.BadParameter(message, param_hint="'--dtype'")
    return tuple(dict.fromkeys(DType(name) for name in names))


def parse_percent(value: str, option: str) -> float:
    """Read `10%` or `10` as 0.1."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)\s*%?", value.strip())
    if match is None:
        message = f"must be a percentage, e.g. 10%, not {value!r}."
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
        message = f"must be a size with its unit, e.g. 4GiB, not {value!r}."
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
    from f1cap.models import catalog

    if bool(names) + all_models + mini > 1:
        raise UsageError("--all, --mini and --model cannot be combined.", hint="Use one of them.")
    if all_models:
        return catalog.STUDY
    if mini:
        return catalog.MINIS
    if not names:
        raise UsageError(
            "No model was named.",
            hint="Add --model git-mini, which needs no download but knows rendered images only, or "
            "--model blip-base, which is made for photographs; `f1cap models` lists all models.",
        )
    return tuple(dict.fromkeys(names))


PathsArg = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH",
        help="Folder of images, or image files. "
        "Default: ./dataset if it exists, else the current folder if it holds images, else the "
        "bundled images.",
        show_default=False,
    ),
]
ModelsOpt = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="Model name (see `f1cap models`), Hugging Face hub id (org/name) or local folder; can "
        "be repeated.",
        autocompletion=_complete_model,
        show_default=False,
    ),
]
MiniOpt = Annotated[
    bool,
    typer.Option(
        "--mini", help="Run git-mini, blip-mini and swin-mini, which are bundled (no download)."
    ),
]
AllOpt = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Run blip-base, git-base and swin-tiny (2.2 GB to download).",
    ),
]
RecursiveOpt = Annotated[
    bool, typer.Option("--recursive/--no-recursive", help="Search sub-folders too.")
]
IncludeHiddenOpt = Annotated[
    bool,
    typer.Option(
        "--include-hidden",
        help="Also take hidden files and folders, and system folders, e.g. @eaDir.",
    ),
]
LimitOpt = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="Caption only the first N images.")
]
NumBeamsOpt = Annotated[
    int | None,
    typer.Option(
        "--num-beams",
        metavar="N",
        min=1,
        max=MOST_BEAMS,
        help="Number of beams; 1 is greedy. Default: the model's own.",
    ),
]
MaxNewTokensOpt = Annotated[
    int | None,
    typer.Option(
        "--max-new-tokens",
        metavar="N",
        min=1,
        max=500,
        help="Maximum length of a caption, in tokens. Default: the model's own.",
    ),
]
MinNewTokensOpt = Annotated[
    int | None,
    typer.Option(
        "--min-new-tokens",
        metavar="N",
        min=0,
        max=500,
        help="Minimum length of a caption, in tokens. Default: the model's own.",
    ),
]
NoRepeatNgramSizeOpt = Annotated[
    int | None,
    typer.Option(
        "--no-repeat-ngram-size",
        metavar="N",
        min=0,
        max=500,
        help="Let no sequence of N tokens occur twice in a caption; 0 allows all. Default: the "
        "model's own.",
    ),
]
RepetitionPenaltyOpt = Annotated[
    float | None,
    typer.Option(
        "--repetition-penalty",
        metavar="X",
        min=REPETITION_PENALTIES[0],
        max=REPETITION_PENALTIES[1],
        help="Above 1, tokens that the caption already has become less likely. Default: the "
        "model's own.",
    ),
]
LengthPenaltyOpt = Annotated[
    float | None,
    typer.Option(
        "--length-penalty",
        metavar="X",
        min=LENGTH_PENALTIES[0],
        max=LENGTH_PENALTIES[1],
        help="Above 0, beam search favours longer captions; below 0, shorter ones. Default: the "
        "model's own.",
    ),
]
EarlyStoppingOpt = Annotated[
    EarlyStopping | None,
    typer.Option(
        "--early-stopping",
        help="End the beam search when there are as many captions as beams (true), when no better "
        "one is likely (false) or when none is possible (never). Default: the model's own.",
    ),
]
DeviceOpt = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="Device to run on: auto, cpu, mps, cuda or cuda:N.",
        callback=_check_device,
        autocompletion=_complete_device,
    ),
]
DTypeOpt = Annotated[
    DType,
    typer.Option(
        "--dtype", help="dtype of the model; auto picks the fastest that is safe on the device."
    ),
]
PromptOpt = Annotated[
    str | None,
    typer.Option(
        "--prompt",
        metavar="TEXT",
        help='Start of every caption, e.g. "a photography of", or an instruction, depending on the '
        "model; most models take none.",
    ),
]
ReducedJpegOpt = Annotated[
    bool,
    typer.Option(
        "--reduced-jpeg",
        help="Decode large JPEGs at a reduced size: several times faster, but a few captions may "
        "change.",
    ),
]
EngineOpt = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="Decoding engine: f1cap's own (fast) or the generate() of transformers; the captions "
        "are the same.",
    ),
]
OfflineOpt = Annotated[
    bool, typer.Option("--offline", help="Never use the network; same as HF_HUB_OFFLINE=1.")
]
OutputDirOpt = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        metavar="FOLDER",
        help="Results folder of `f1cap caption`, which `f1cap eval` and `f1cap compare` read. "
        "Default: in the user cache.",
        file_okay=False,
    ),
]
JavaOpt = Annotated[
    Path | None,
    typer.Option(
        "--java",
        metavar="PATH",
        help="Java executable, or its home folder, to use. Default: JAVA_HOME's, the one "
        "installed with f1cap, or the one on PATH.",
    ),
]
# For `Annotated[XFormat | None, FORMAT]`: each command has formats of its own.
FORMAT = typer.Option(
    "--format",
    "-f",
    help="Output format. Default: by the suffix of --output, else table.",
    show_default=False,
)
OutputOpt = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the result to this file instead of stdout.",
        dir_okay=False,
    ),
]
CsvBomOpt = Annotated[
    bool,
    typer.Option(
        "--csv-bom",
        help="Begin a CSV file with a byte order mark, by which Excel knows that it is UTF-8.",
    ),
]
QuietOpt = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, only errors.")]
VerboseOpt = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Log model, checkpoint, device and warnings about images."
    ),
]
