"""Results of earlier runs, read back."""

from collections.abc import Mapping
from pathlib import Path

from f1cap.errors import CaptionSetError
from f1cap.records.captions import CaptionSet, RunCost
from f1cap.store.folders import CAPTIONS, JOURNAL, RUN, parse_object, read_object


def models_with_results(folder: Path) -> tuple[str, ...]:
    """Return the models that a dataset's folder holds captions of, in the order of their runs."""
    try:
        found = [path for path in folder.iterdir() if (path / CAPTIONS).is_file()]
    except OSError:
        return ()
    found.sort(key=lambda path: (path / CAPTIONS).stat().st_mtime)
    return tuple(str(read_object(path / RUN).get("model", path.name)) for path in found)


def read_results(folder: Path, model: str) -> CaptionSet:
    """Return the captions of a model's last run, with what the run recorded of them.

    Args:
        folder: The model's own.
        model: What the user calls it.

    Raises:
        CaptionSetError: There are none, or they are damaged.
    """
    path = folder / CAPTIONS
    if not path.is_file():
        raise CaptionSetError(
            f"There are no captions of {model} for these images.",
            hint=f"Create them: f1cap caption … --model {model}",
        )
    captions = read_object(path)
    if not all(isinstance(caption, str) for caption in captions.values()):
        captions = {}
    if not captions:
        raise CaptionSetError(
            f"{path} contains no captions.", hint=f"Run f1cap caption … --model {model} again."
        )
    texts = {image: str(caption) for image, caption in captions.items()}
    truncated, line_breaks = _flags(folder / JOURNAL, texts)
    run = read_object(folder / RUN)
    speed, vram = run.get("images_per_s"), run.get("vram_peak_bytes")
    return CaptionSet(
        model=model,
        captions=texts,
        truncated=truncated,
        line_breaks=line_breaks,
        cost=RunCost(
            images_per_s=speed if isinstance(speed, float) else None,
            vram_peak_bytes=vram if isinstance(vram, int) else None,
        ),
    )


def _flags(
    journal: Path, captions: Mapping[str, str]
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Return which captions were cut off or had line breaks; None unless all are recorded."""
    flags: dict[str, tuple[bool, bool]] = {}
    try:
        with journal.open("rb") as stream:
            for line in stream:
                record = parse_object(line)
                image = record.get("image")
                # Settings may have changed between runs: only the record of this very text counts.
                if isinstance(image, str) and captions.get(image) == record.get("caption"):
                    flags[image] = (bool(record["truncated"]), bool(record["line_breaks"]))
    except (OSError, KeyError):
        return None, None
    if len(flags) < len(captions):
        return None, None
    return (
        frozenset(image for image, (truncated, _) in flags.items() if truncated),
        frozenset(image for image, (_, line_breaks) in flags.items() if line_breaks),
    )
