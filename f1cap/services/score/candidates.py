"""What is to be scored: captions from results folders or files, and the references for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from f1cap import corpus
from f1cap.errors import CaptionSetError, DatasetError, UsageError
from f1cap.models import naming
from f1cap.models.catalog import CATALOG
from f1cap.records.captions import CaptionSet, RunCost
from f1cap.records.images import Dataset, Reference, category_of
from f1cap.records.scores import Annotations, CaptionFlags, ScoreOptions
from f1cap.store import ResultsFolder, dataset_folder, models_with_results, read_results


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What `eval` and `compare` were asked for.

    Attributes:
        path: The dataset; None takes ./dataset or the bundled one.
        models: Names whose results are read; none means all that have results.
        captions: Files of captions, as `(name or None, file)`; they take the place of results.
        references: A file in place of the dataset's captions.json.
        output_dir: Where `caption` was told to put its results.
        java: The user's own Java.
        rank_by: The metric that picks the best and worst images.
    """

    path: Path | None = None
    models: tuple[str, ...] = ()
    captions: tuple[tuple[str | None, Path], ...] = ()
    references: Path | None = None
    output_dir: Path | None = None
    java: Path | None = None
    rank_by: str = "cider"
    options: ScoreOptions = field(default_factory=ScoreOptions)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Caption sets by model name, and what they are scored against.

    Attributes:
        sets: In the order they were asked for.
        references: By image; images without one are left out.
        categories: By image: captions.json's, else the folder.
        folder: The dataset's results folder; None where captions came from files.
    """

    sets: Mapping[str, CaptionSet]
    references: Mapping[str, Reference]
    categories: Mapping[str, str | None]
    folder: Path | None

    def texts(self) -> dict[str, Mapping[str, str]]:
        """Return the captions by model and image."""
        return {model: found.captions for model, found in self.sets.items()}

    def reference_texts(self) -> dict[str, Sequence[str]]:
        """Return the references by image."""
        return {image: reference.captions for image, reference in self.references.items()}

    def annotations(self) -> Annotations:
        """Return what is known beside the text."""
        flags = {
            model: CaptionFlags(found.truncated, found.line_breaks)
            for model, found in self.sets.items()
        }
        return Annotations(categories=self.categories, flags=flags)


def gather(request: ScoreRequest) -> Candidates:
    """Read captions and references.

    Raises:
        UsageError: Models and caption files were both named, or two sets have one name.
        CaptionSetError: Captions cannot be read, or there are none.
        DatasetError: References cannot be read.
    """
    if request.captions and request.models:
        raise UsageError("--model and --captions do not go together.", hint="Leave one out.")
    if request.captions:
        references = _references_for_files(request)
        sets = _from_files(request, references)
        folder = None
    else:
        dataset = corpus.open_dataset([request.path] if request.path else [])
        references = (
            corpus.read_references(request.references)
            if request.references is not None
            else dataset.references
        )
        folder = dataset_folder(dataset, request.output_dir)
        sets = _from_results(request, dataset, folder)
    categories = {image: category_of(image, references) for image in references}
    return Candidates(sets, references, categories, folder)


def _references_for_files(request: ScoreRequest) -> Mapping[str, Reference]:
    if request.references is not None:
        return corpus.read_references(request.references)
    if request.path is not None and request.path.is_file():
        return corpus.read_references(request.path)
    dataset = corpus.open_dataset([request.path] if request.path else [])
    if not dataset.references:
        raise DatasetError(
            f"{dataset.location} has no captions.json to score against.",
            hint="Name the references: --references FILE.",
        )
    return dataset.references


def _from_files(
    request: ScoreRequest, references: Mapping[str, Reference]
) -> dict[str, CaptionSet]:
    ids = {
        reference.id: image for image, reference in references.items() if reference.id is not None
    }
    sets: dict[str, CaptionSet] = {}
    for name, path in request.captions:
        found = corpus.read_captions(path, ids, references.keys())
        if name is not None and len(found) > 1:
            raise UsageError(
                f"{path} holds {len(found)} models; it cannot be named {name!r}.",
                hint=f"Write --captions {path}",
            )
        for captions in found:
            model = name or captions.model or path.stem
            if model in sets:
                raise UsageError(
                    f"Two sets of captions are named {model!r}.",
                    hint="Name them: --captions NAME=FILE",
                )
            sets[model] = _with_catalogue(replace(captions, model=model))
    return sets


def _from_results(request: ScoreRequest, dataset: Dataset, folder: Path) -> dict[str, CaptionSet]:
    names = tuple(_canonical(name) for name in request.models) or models_with_results(folder)
    if not names:
        raise CaptionSetError(
            f"There are no captions of {dataset.location} yet.",
            hint="Make some: f1cap caption --model NAME, or score a file: --captions FILE.",
        )
    return {
        model: _with_catalogue(read_results(ResultsFolder(folder, model).folder, model))
        for model in names
    }


def _canonical(name: str) -> str:
    """Return the name of a model's results folder for what the user calls it."""
    return naming.resolve(name).name


def _with_catalogue(captions: CaptionSet) -> CaptionSet:
    """Add what the catalogue knows of a model of this name."""
    spec = CATALOG.get(captions.model or "")
    if spec is None:
        return captions
    cost = RunCost(
        captions.cost.images_per_s, captions.cost.vram_peak_bytes, parameters=spec.parameters
    )
    return replace(captions, cost=cost, negative_control=spec.negative_control)
