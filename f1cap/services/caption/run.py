"""The main job: caption a dataset with one model after another."""

from collections.abc import Sequence

from f1cap import corpus
from f1cap.errors import F1capError, UsageError
from f1cap.models import catalog, naming
from f1cap.records.captions import CaptionOutcome, CaptionRun
from f1cap.records.images import Dataset, Problem
from f1cap.services.caption.listener import CaptionListener
from f1cap.services.caption.model_run import CaptionRequest, ModelRun

_NAMED = 3  # files that a note names; the rest is counted


def caption_images(request: CaptionRequest, listener: CaptionListener) -> CaptionOutcome:
    """Caption every image with every model, one model in memory at a time.

    An image or a model that fails is a problem in the outcome; the rest goes on. Ctrl-C leaves
    every finished caption on disk.

    Raises:
        DatasetError: There is nothing to caption.
        UnknownModelError: Before anything is loaded.
        F1capError: The only model asked for failed, or results cannot be written.
    """
    specs = [naming.resolve(name, offline=request.offline) for name in request.models]
    for spec in specs:
        if request.prompt is not None:
            catalog.require_prompt(spec)
    if request.sidecar is not None and len(specs) > 1:
        raise UsageError("--sidecar takes one model: its files carry no model name.")
    dataset = corpus.open_dataset(request.paths, recursive=request.recursive, limit=request.limit)
    missing = [_missing(dataset, image) for image in dataset.missing]
    for problem in missing:
        listener.failed(problem)
    if dataset.passed_over:
        listener.note(_passed_over(dataset.passed_over))
    runs: list[CaptionRun] = []
    problems = list(missing)
    for spec in specs:
        run = ModelRun(request, spec, dataset, listener)
        try:
            runs.append(run.execute())
        except F1capError as error:
            if len(specs) == 1:
                raise
            problem = Problem.of(error, model=spec.name)
            listener.failed(problem)
            problems.append(problem)
        problems.extend(run.problems)
    if not runs:
        raise F1capError(
            "No model could be run.", hint="Each one's reason is above; -v shows more."
        )
    return CaptionOutcome(tuple(runs), tuple(problems), dataset.passed_over)


def _passed_over(names: Sequence[str]) -> str:
    """Say which photographs nobody tried to open."""
    named = ", ".join(names[:_NAMED]) + (
        f" and {len(names) - _NAMED:,} more" * (len(names) > _NAMED)
    )
    return f"Passed over, HEIC or raw: {named}. Converted to JPEG, they are captioned too."


def _missing(dataset: Dataset, image: str) -> Problem:
    return Problem(
        "image_missing",
        f"captions.json names {image}, and the folder {dataset.name} does not hold it.",
        hint="Add the image, or take its entry out.",
        image=image,
    )


__all__ = ["CaptionRequest", "caption_images"]
