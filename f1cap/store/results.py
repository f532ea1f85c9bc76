"""Results of earlier runs, read back."""

from collections.abc import Mapping
from pathlib import Path

from f1cap.errors import CaptionSetError
from f1cap.records.captions import CaptionSet, RunCost
from f1cap.store.folders import CAPTIONS, JOURNAL, RUN, slug
from f1cap.store.reading import (
    as_number,
    is_image_name,
    is_text,
    parse_entry,
    read_lines,
    read_object,
)


def models_with_results(folder: Path) -> tuple[str, ...]:
    """Return the models that a dataset's folder holds captions of, in the order of their runs."""
    try:
        found = [path for path in folder.iterdir() if (path / CAPTIONS).is_file()]
    except OSError:
        return ()
    found.sort(key=lambda path: (path / CAPTIONS).stat().st_mtime)
    return tuple(_model_of(path) for path in found)


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
    texts = {
        image: str(caption)
        for image, caption in read_object(path).items()
        if is_text(caption) and is_image_name(image)
    }
    if not texts:
        raise CaptionSetError(
            f"{path} contains no captions.", hint=f"Run f1cap caption … --model {model} again."
        )
    truncated, line_breaks = _flags(folder / JOURNAL, texts)
    run = read_object(folder / RUN)
    vram = as_number(run.get("vram_peak_bytes"))
    return CaptionSet(
        model=model,
        captions=texts,
        truncated=truncated,
        line_breaks=line_breaks,
        cost=RunCost(
            images_per_s=as_number(run.get("images_per_s")),
            vram_peak_bytes=None if vram is None else int(vram),
        ),
    )


def _model_of(folder: Path) -> str:
    """Return what a folder's run calls its model, if the folder is named after that."""
    model = read_object(folder / RUN).get("model")
    return model if isinstance(model, str) and slug(model) == folder.name else folder.name


def _flags(
    journal: Path, captions: Mapping[str, str]
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Return which captions were cut off or had line breaks; None unless all are recorded."""
    flags: dict[str, tuple[bool, bool]] = {}
    try:
        with journal.open("rb") as stream:
            for _, line in read_lines(stream):
                entry = parse_entry(line)
                if entry is None:
                    continue
                caption = entry.caption
                # Settings may have changed between runs: only the record of this very text counts.
                if captions.get(caption.image) == caption.caption:
                    flags[caption.image] = (caption.truncated, caption.line_breaks)
    except OSError:
        return None, None
    if len(flags) < len(captions):
        return None, None
    return (
        frozenset(image for image, (truncated, _) in flags.items() if truncated),
        frozenset(image for image, (_, line_breaks) in flags.items() if line_breaks),
    )
