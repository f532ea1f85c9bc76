"""A whole benchmark: its rows one after another, then quality, baseline and what is saved."""

import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from f1cap import corpus
from f1cap.errors import DatasetError, F1capError, StorageError
from f1cap.gpu import read_driver, visible_uuids
from f1cap.metrics.scoring import score
from f1cap.models import catalog, naming
from f1cap.models.device.machine import read_cpu
from f1cap.models.device.torch_build import installed_torch
from f1cap.records.baselines import BenchmarkSummary
from f1cap.records.benchmarks import Benchmark, BenchQuality, BenchRow, Environment, EnvironmentGpu
from f1cap.records.images import ImageItem, Problem, Reference
from f1cap.records.models import Device, Engine, ModelSpec
from f1cap.records.scores import ModelScores, ScoreOptions
from f1cap.services.bench.baseline import compare_with_baseline
from f1cap.services.bench.measurement import measure_configuration
from f1cap.services.bench.request import BenchListener, BenchRequest, Configuration
from f1cap.store.benchmarks import (
    PeakKey,
    check_benchmark_name,
    read_benchmark,
    write_benchmark,
    write_peaks,
)
from f1cap.version import VERSION, installed_version


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that is known before minutes of work begin."""

    configurations: tuple[Configuration, ...]
    dataset: str
    images: tuple[ImageItem, ...]
    references: Mapping[str, Reference]
    notes: tuple[str, ...]
    baseline: BenchmarkSummary | None


@dataclass(slots=True)
class _Measured:
    """The rows so far, by their labels, and what went wrong."""

    rows: dict[str, BenchRow] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, label: str, row: BenchRow, problems: Iterable[Problem]) -> None:
        """Take a row; an image that cannot be read is one problem, however many models met it."""
        self.rows[label] = row
        known = {problem.image for problem in self.problems}
        self.problems += [problem for problem in problems if problem.image not in known]
        if row.status == "failed":
            reason = row.reason or "It failed."
            self.problems.append(Problem(row.code or "error", reason, row.hint, model=row.model))


def run_bench(request: BenchRequest, listener: BenchListener) -> Benchmark:
    """Measure every model in every setting, each in a process of its own, one after another.

    Raises:
        DatasetError: There are no images.
        UnknownModelError: Before anything is measured.
        StorageError: The baseline cannot be read.
        UnsupportedModelError: A prompt was given to a model that takes none.
    """
    plan = _make_plan(request)
    listener.bench_started([each.label for each in plan.configurations], len(plan.images))
    for sentence in plan.notes:
        listener.note(sentence)
    measured = _Measured()
    try:
        for index, configuration in enumerate(plan.configurations):
            listener.row_started(index)
            row, problems = measure_configuration(request, configuration, plan.images, listener)
            listener.row_finished(row)
            measured.add(configuration.label, row, problems)
    except KeyboardInterrupt:
        listener.interrupted(len(measured.rows), len(plan.configurations))
        raise
    rows = tuple(add_quality(measured.rows, plan.references).values())
    benchmark = Benchmark(
        read_environment(next((row.threads for row in rows if row.threads), None)),
        plan.dataset,
        len(plan.images),
        rows,
        tuple(measured.problems),
    )
    # From here on nothing may cost the numbers that took minutes: what cannot be saved is reported.
    if request.engine is not Engine.TRANSFORMERS:  # of which `gpu` predicts nothing
        try:
            keep_peaks(rows)
        except StorageError as error:
            listener.note(f"The memory peaks could not be saved for `f1cap gpu`: {error.message}")
    if plan.baseline is not None and request.baseline is not None:
        benchmark = _compare(benchmark, request.baseline, plan.baseline, request.tolerance)
    if request.save is not None:
        benchmark = _save(benchmark, request.save, listener)
    return benchmark


def choose_images(images: Sequence[ImageItem], number: int) -> tuple[ImageItem, ...]:
    """Return images from all over the dataset, in its order, and always the same ones.

    All models caption these, over and over, so that their numbers compare.
    """
    if len(images) <= number:
        return tuple(images)
    return tuple(images[index * len(images) // number] for index in range(number))


def add_quality(
    rows: Mapping[str, BenchRow], references: Mapping[str, Reference], java: Path | None = None
) -> dict[str, BenchRow]:
    """Score the captions of every complete row, by its label, all on the same images.

    Where that cannot be done the rows say why; the measured times stand.
    """
    captions = {label: row.captions for label, row in rows.items() if row.captions}
    if not captions:
        return dict(rows)
    common = set.intersection(*(set(found) for found in captions.values()))
    scored = {
        image: reference.captions
        for image, reference in references.items()
        if reference.captions and image in common
    }
    if not scored:
        return dict(rows)
    candidates = {
        label: {image: found[image] for image in scored} for label, found in captions.items()
    }
    options = ScoreOptions(metrics=("cider",), primary="cider")
    try:
        report = score(candidates, scored, options=options, java=java)
    except F1capError as error:
        unknown = BenchQuality(len(scored), None, None, None, None, note=error.message)
        qualities = dict.fromkeys(captions, unknown)
    else:
        qualities = {scores.model: _quality(scores) for scores in report.models}
    return {
        label: replace(row, quality=qualities[label]) if label in qualities else row
        for label, row in rows.items()
    }


def keep_peaks(rows: Sequence[BenchRow]) -> None:
    """Keep what was measured on a GPU for `gpu` to show beside its predictions."""
    gpus = read_driver().gpus
    names = {gpu.uuid: gpu.name for gpu in gpus}
    visible = visible_uuids(gpus, os.environ)
    measured = []
    for row in rows:
        # the driver's count of the process alone: what torch counts leaves the CUDA context out
        peak = row.memory.nvml_process_bytes
        index = None if row.device is None else Device.parse(row.device).cuda_index
        if row.status != "ok" or peak is None or index is None or index >= len(visible):
            continue
        gpu = names.get(visible[index]) or ""
        beams, batch = row.num_beams or 0, row.batch_size or 0
        measured.append((PeakKey(gpu, row.model, row.dtype or "", beams, batch), peak))
    if measured:
        write_peaks(measured)


def read_environment(threads: int | None) -> Environment:
    """Return the environment.

    Args:
        threads: What a measured process reported of its torch; None where none did.
    """
    driver = read_driver()
    cpu = read_cpu()
    build = installed_torch()
    return Environment(
        f1cap=VERSION,
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=cpu.name,
        cores=cpu.cores,
        ram_bytes=cpu.ram_total_bytes,
        gpus=tuple(
            EnvironmentGpu(
                gpu.name,
                None if gpu.compute_capability is None else "{}.{}".format(*gpu.compute_capability),
                gpu.vram_total_bytes,
            )
            for gpu in driver.gpus
        ),
        driver=driver.driver,
        cuda=None if build is None else build.cuda,
        torch=None if build is None else build.version,
        transformers=installed_version("transformers"),
        threads=threads,
    )


def _make_plan(request: BenchRequest) -> _Plan:
    if request.save is not None:
        check_benchmark_name(request.save)
    baseline = None if request.baseline is None else read_benchmark(request.baseline)
    specs = _distinct(naming.resolve(name, offline=request.offline) for name in request.models)
    for spec in specs:
        spec.decoding.override(request.decoding)  # refused before anything is measured
        if request.prompt is not None:
            catalog.require_prompt(spec)
    configurations = tuple(
        Configuration(spec, dtype, batch_size)
        for spec in specs
        for dtype in request.dtypes
        for batch_size in request.batch_sizes
    )
    dataset = corpus.open_dataset(request.paths, include_hidden=request.include_hidden)
    images = choose_images(dataset.items, request.min_images)
    if not images:
        raise DatasetError(f"There are no images in {dataset.location}.")
    drawings = None if dataset.bundled else catalog.drawings_note(specs)
    notes = dataset.notes if drawings is None else (drawings, *dataset.notes)
    return _Plan(configurations, dataset.name, images, dataset.references, notes, baseline)


def _distinct(specs: Iterable[ModelSpec]) -> list[ModelSpec]:
    """Return each model once; folders of one name go by their paths, so that rows differ."""
    distinct = list(dict.fromkeys(specs))
    names = Counter(spec.name for spec in distinct)
    return [
        replace(spec, name=spec.checkpoint)
        if names[spec.name] > 1 and spec.local and not spec.bundled
        else spec
        for spec in distinct
    ]


def _quality(scores: ModelScores) -> BenchQuality:
    cider = scores.scores["cider"]
    return BenchQuality(
        images=scores.images,
        cider=cider.value,
        low=cider.low,
        high=cider.high,
        length_ratio=scores.text.length_ratio,
        signature=str(cider.signature),
        note=cider.note,
    )


def _compare(
    benchmark: Benchmark, name: str, baseline: BenchmarkSummary, tolerance: float
) -> Benchmark:
    """Add the comparison; one without a common row is a problem, or it would pass unchecked."""
    now = BenchmarkSummary.from_dict(benchmark.to_dict())
    comparison = compare_with_baseline(name, baseline, now, tolerance)
    problems = benchmark.problems
    if not comparison.compared:
        nothing = Problem(
            "baseline",
            f"Nothing could be compared with {name}: it has no complete row with the same settings "
            "on the same images.",
            hint="A check that compares nothing counts as failed; save a new baseline with --save.",
        )
        problems = (*problems, nothing)
    return replace(benchmark, comparison=comparison, problems=problems)


def _save(benchmark: Benchmark, name: str, listener: BenchListener) -> Benchmark:
    saved = replace(benchmark, saved=name)
    try:
        write_benchmark(name, saved)
    except StorageError as error:
        problem = Problem.of(error)
        listener.failed(problem)
        return replace(benchmark, problems=(*benchmark.problems, problem))
    return saved
