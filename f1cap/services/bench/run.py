"""The whole of a benchmark: its rows one after another, then quality, baseline and what is kept."""

import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import f1cap
from f1cap import corpus
from f1cap.errors import DatasetError, F1capError, StorageError
from f1cap.gpu import read_driver, visible_uuids
from f1cap.metrics.scoring import Scorer
from f1cap.models import naming
from f1cap.models.device.machine import read_cpu
from f1cap.models.device.torch_build import installed_torch
from f1cap.records.benchmarks import Benchmark, BenchQuality, BenchRow, Environment, EnvironmentGpu
from f1cap.records.images import Problem, Reference
from f1cap.records.scores import ModelScores, ScoreOptions
from f1cap.services.bench.baseline import compare_with
from f1cap.services.bench.cell import measure_cell
from f1cap.services.bench.request import BenchListener, BenchRequest, Cell
from f1cap.store.benchmarks import (
    PeakKey,
    check_benchmark_name,
    read_benchmark,
    write_benchmark,
    write_peaks,
)


def run_bench(request: BenchRequest, listener: BenchListener) -> Benchmark:
    """Measure every model in every setting, each in a process of its own, one after another.

    Raises:
        DatasetError: There are no images.
        UnknownModelError: Before anything is measured.
        StorageError: The baseline cannot be read.
    """
    if request.save is not None:
        check_benchmark_name(request.save)
    earlier = None if request.baseline is None else read_benchmark(request.baseline)
    specs = [naming.resolve(name, offline=request.offline) for name in request.models]
    cells = [
        Cell(spec, dtype, batch_size)
        for spec in specs
        for dtype in request.dtypes
        for batch_size in request.batch_sizes
    ]
    dataset = corpus.open_dataset(request.paths)
    images = choose_images(dataset.images, request.min_images)
    if not images:
        raise DatasetError(f"There are no images in {dataset.root}.")

    listener.bench_started(cells, len(images))
    rows: list[BenchRow] = []
    problems: list[Problem] = []
    try:
        for place, cell in enumerate(cells):
            listener.cell_started(place)
            row, found = measure_cell(request, cell, dataset.root, images, listener)
            listener.cell_finished(row)
            rows.append(row)
            # one image that cannot be read is one problem, however many models met it
            problems += [new for new in found if new.image not in {old.image for old in problems}]
            if row.status == "failed":
                reason = row.reason or "It failed."
                problem = Problem(row.code or "error", reason, row.hint, model=cell.spec.name)
                problems.append(problem)
    except KeyboardInterrupt:
        listener.interrupted(len(rows), len(cells))
        raise
    scored = add_quality(rows, dataset.references)
    environment = read_environment(next((row.threads for row in rows if row.threads), None))
    # From here on nothing may cost the numbers that took minutes: what cannot be kept is told.
    try:
        _keep_peaks(scored)
    except StorageError as error:
        listener.note(f"The peaks are not kept for f1cap gpu: {error.message}")
    benchmark = Benchmark(environment, dataset.name, len(images), scored, tuple(problems))
    if earlier is not None and request.baseline is not None:
        comparison = compare_with(request.baseline, earlier, benchmark, request.tolerance)
        benchmark = replace(benchmark, comparison=comparison)
        if not comparison.compared:
            nothing = Problem(
                "baseline",
                f"Nothing could be compared with {request.baseline}: it has no complete row of "
                "the same setting on the same images.",
                hint="A gate that checks nothing does not pass; save a new baseline with --save.",
            )
            benchmark = replace(benchmark, problems=(*problems, nothing))
    if request.save is not None:
        benchmark = _keep(benchmark, request.save, listener)
    return benchmark


def _keep(benchmark: Benchmark, name: str, listener: BenchListener) -> Benchmark:
    kept = replace(benchmark, saved=name)
    try:
        write_benchmark(name, kept.plain())
    except StorageError as error:
        problem = Problem.of(error)
        listener.failed(problem)
        return replace(benchmark, problems=(*benchmark.problems, problem))
    return kept


def choose_images(images: Sequence[str], number: int) -> list[str]:
    """Return images from all over the dataset, in its order, and always the same ones.

    All models caption these, round and round, so that their numbers compare.
    """
    if len(images) <= number:
        return list(images)
    return [images[place * len(images) // number] for place in range(number)]


def _keep_peaks(rows: Sequence[BenchRow]) -> None:
    """Keep what was measured on a GPU for `gpu` to show beside its predictions."""
    gpus = read_driver().gpus
    names = {gpu.uuid: gpu.name for gpu in gpus}
    visible = visible_uuids(gpus, os.environ)
    measured = []
    for row in rows:
        # the driver's count of the process alone: what torch counts leaves the CUDA context out
        peak = row.memory.nvml_process_bytes
        kind, _, number = (row.device or "").partition(":")
        index = int(number or 0)
        if row.status != "ok" or peak is None or kind != "cuda" or index >= len(visible):
            continue
        gpu = names.get(visible[index]) or ""
        beams, batch = row.num_beams or 0, row.batch_size or 0
        measured.append((PeakKey(gpu, row.model, row.dtype or "", beams, batch), peak))
    if measured:
        write_peaks(measured)


def add_quality(
    rows: Sequence[BenchRow], references: Mapping[str, Reference], java: Path | None = None
) -> tuple[BenchRow, ...]:
    """Score the captions of every complete row, all on the same images.

    Where that cannot be done the rows say why; the measured times stand.
    """
    told = {image: found.captions for image, found in references.items() if found.captions}
    places = [place for place, row in enumerate(rows) if row.captions]
    if not places:
        return tuple(rows)
    common = set(told).intersection(*(rows[place].captions for place in places))
    if not common:
        return tuple(rows)
    wanted = {image: told[image] for image in told if image in common}
    candidates = {
        str(place): {image: rows[place].captions[image] for image in wanted} for place in places
    }
    try:
        with Scorer(java, meteor=False) as scorer:
            report = scorer.score(
                candidates, wanted, options=ScoreOptions(metrics=("cider",), primary="cider")
            )
    except F1capError as error:
        nothing = BenchQuality(len(wanted), None, None, None, None, note=error.message)
        return tuple(replace(row, quality=nothing) if row.captions else row for row in rows)
    scored = {int(scores.model): _quality(scores) for scores in report.models}
    return tuple(
        replace(row, quality=scored[place]) if place in scored else row
        for place, row in enumerate(rows)
    )


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


def read_environment(threads: int | None) -> Environment:
    """Return the environment.

    Args:
        threads: What a measured process said of its torch; None where none came so far.
    """
    driver = read_driver()
    processor = read_cpu()
    build = installed_torch()
    return Environment(
        f1cap=f1cap.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=processor.name,
        cores=processor.cores,
        ram_bytes=processor.ram_total_bytes,
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
        transformers=_version("transformers"),
        threads=threads,
    )


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None
