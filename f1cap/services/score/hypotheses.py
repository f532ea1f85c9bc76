"""What is to be scored: captions from results folders or files, and the references for them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from f1cap import corpus
from f1cap.corpus.hypotheses import read_captions
from f1cap.corpus.listing import ImageNames
from f1cap.errors import CaptionSetError, DatasetError, ImageError, UsageError
from f1cap.models import naming
from f1cap.models.catalog import CATALOG
from f1cap.records.captions import CaptionSet, RunCost
from f1cap.records.images import Dataset, Reference, category_of
from f1cap.records.scores import Annotations, CaptionFlags, ScoreOptions
from f1cap.store import ResultsFolder, dataset_folder
from f1cap.store.results import models_with_results, read_results


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What `eval` and `compare` were asked for.

    Attributes:
        path: The dataset; None takes what `open_dataset` does.
        models: Names whose results are read; none means all that have results.
        captions: Caption files, as `(name or None, file)`; they take the place of results.
        references: A file in place of the dataset's captions.json.
        output_dir: Where `caption` was told to put its results.
        java: The user's own Java.
        rank_by: The metric that picks the best and worst images; None takes the primary one.
    """

    path: Path | None = None
    models: tuple[str, ...] = ()
    captions: tuple[tuple[str | None, Path], ...] = ()
    references: Path | None = None
    output_dir: Path | None = None
    java: Path | None = None
    rank_by: str | None = None
    options: ScoreOptions = field(default_factory=ScoreOptions)


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """Caption sets by model name, and what they are scored against.

    Attributes:
        by_model: In the order they were asked for.
        references: By image; images without one are left out.
        categories: By image: captions.json's, else the folder.
        folder: The dataset's results folder; None where captions came from files.
        read_image: Returns the encoded bytes of an image by its name; None without a dataset.
    """

    by_model: Mapping[str, CaptionSet]
    references: Mapping[str, Reference]
    categories: Mapping[str, str | None] = field(default_factory=dict)
    folder: Path | None = None
    read_image: Callable[[str], bytes] | None = None

    def texts(self) -> dict[str, Mapping[str, str]]:
        """Return the captions by model and image."""
        return {model: found.captions for model, found in self.by_model.items()}

    def reference_texts(self) -> dict[str, Sequence[str]]:
        """Return the references by image."""
        return {image: reference.captions for image, reference in self.references.items()}

    def annotations(self) -> Annotations:
        """Return what is known beside the text."""
        flags = {
            model: CaptionFlags(found.truncated, found.line_breaks)
            for model, found in self.by_model.items()
        }
        return Annotations(categories=self.categories, flags=flags)


def gather(request: ScoreRequest, *, references_needed: bool = True) -> Hypotheses:
    """Read captions and references.

    Args:
        request: What was asked for.
        references_needed: Refuse a dataset without references; else it has none.

    Raises:
        UsageError: Models and caption files were both named, or two sets have one name.
        CaptionSetError: Captions cannot be read, or there are none.
        DatasetError: References cannot be read.
    """
    if request.captions and request.models:
        raise UsageError("--model and --captions cannot be combined.", hint="Use one of them.")
    if request.captions:
        dataset = _dataset_of_files(request)
        references = _references_for_files(request, dataset, needed=references_needed)
        by_model = _from_files(request, references)
        folder = None
    else:
        dataset = corpus.open_dataset([request.path] if request.path else [])
        references = (
            _as_in(dataset, corpus.read_references(request.references))
            if request.references is not None
            else dataset.references
        )
        folder = dataset_folder(dataset, request.output_dir)
        by_model = _from_results(request, dataset, folder)
    images = dict.fromkeys(
        (*references, *(image for found in by_model.values() for image in found.captions))
    )
    return Hypotheses(
        by_model=by_model,
        references=references,
        categories={image: category_of(image, references) for image in images},
        folder=folder,
        read_image=None if dataset is None else _reader(dataset),
    )


def _dataset_of_files(request: ScoreRequest) -> Dataset | None:
    """Return the images that caption files are about; None where only references are named."""
    if request.path is not None:
        return None if request.path.is_file() else corpus.open_dataset([request.path])
    return corpus.open_dataset([]) if request.references is None else None


def _references_for_files(
    request: ScoreRequest, dataset: Dataset | None, *, needed: bool
) -> Mapping[str, Reference]:
    if request.references is not None:
        return corpus.read_references(request.references)
    if dataset is None:
        return corpus.read_references(request.path) if request.path is not None else {}
    if needed and not dataset.references:
        raise DatasetError(
            f"{dataset.location} has no captions.json to score against.",
            hint="Name the references: --references FILE.",
        )
    return dataset.references


def _as_in(dataset: Dataset, references: Mapping[str, Reference]) -> dict[str, Reference]:
    """Return references by the names that their images have in a dataset."""
    names = ImageNames({item.name for item in dataset.items})
    found: dict[str, Reference] = {}
    for image, reference in references.items():
        name = names.find(image)
        # Two spellings of one name are two images to whoever wrote both.
        found[image if name in references or name in found else name] = reference
    return found


def _reader(dataset: Dataset) -> Callable[[str], bytes]:
    indices: dict[str, int] = {}

    def read(image: str) -> bytes:
        if not indices:  # filled by the first metric that looks at images; most never do
            indices.update((item.name, index) for index, item in enumerate(dataset.items))
        if image not in indices:
            raise ImageError(f"{image} is not in {dataset.name}.")
        return dataset.items[indices[image]].read()

    return read


def _from_files(
    request: ScoreRequest, references: Mapping[str, Reference]
) -> dict[str, CaptionSet]:
    ids = {
        reference.id: image for image, reference in references.items() if reference.id is not None
    }
    by_model: dict[str, CaptionSet] = {}
    stems = _file_names([path for name, path in request.captions if name is None])
    for name, path in request.captions:
        found = read_captions(path, ids, references.keys())
        if name is not None and len(found) > 1:
            raise UsageError(
                f"{path} contains captions of {len(found)} models, not of {name!r} alone.",
                hint=f"Write --captions {path}",
            )
        for captions in found:
            model = captions.model or stems[path] if name is None else _catalogue_name(name)
            if model in by_model:
                raise UsageError(
                    f"Two caption sets are named {model!r}.",
                    hint="Name them: --captions NAME=FILE",
                )
            by_model[model] = _with_catalogue(replace(captions, model=model))
    return by_model


def _file_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return what to call each file: its stem, or where two have one, its folder.

    Every model's results hold a generated_captions.json.
    """
    counts = Counter(path.stem for path in paths)
    return {
        path: path.stem if counts[path.stem] == 1 else path.absolute().parent.name or path.stem
        for path in paths
    }


def _catalogue_name(name: str) -> str:
    """Return what the catalogue calls a model; a name that it does not know stays."""
    known = naming.find_in_catalogue(name)
    return name if known is None else known.name


def _from_results(request: ScoreRequest, dataset: Dataset, folder: Path) -> dict[str, CaptionSet]:
    names = tuple(_canonical(name) for name in request.models) or models_with_results(folder)
    if not names:
        raise CaptionSetError(
            f"There are no captions for {dataset.location} yet.",
            hint="Create some: f1cap caption --model NAME, or score a file: --captions FILE.",
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
