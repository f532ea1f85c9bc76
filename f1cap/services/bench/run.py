"""The whole of a benchmark: its rows one after another, then quality, baseline and what is kept."""

import os
from collections.abc import Sequence
from dataclasses import replace

from f1cap import corpus, gpu
from f1cap.errors import DatasetError, StorageError
from f1cap.models import naming
from f1cap.records.benchmarks import Benchmark, BenchRow
from f1cap.records.images import Problem
from f1cap.services.bench.baseline import compare_with
from f1cap.services.bench.cell import measure_cell
from f1cap.services.bench.environment import read_environment
from f1cap.services.bench.quality import add_quality
from f1cap.services.bench.request import BenchListener, BenchRequest, Cell
from f1cap.store.benchmarks import check_benchmark_name, read_benchmark, write_benchmark
from f1cap.store.peaks import PeakKey, write_peaks


def run_bench(request: BenchRequest, listener: BenchListener) -> Benchmark:
    """Measure every model in every setting, each in a process of its own, one after another.

    Raises:
        DatasetError: There are no pictures.
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
        raise DatasetError(f"There are no pictures in {dataset.root}.")

    listener.bench_started(cells, len(images))
    rows: list[BenchRow] = []
    problems: list[Problem] = []
    try:
        for place, cell in enumerate(cells):
            listener.cell_started(place)
            row, found = measure_cell(request, cell, dataset.root, images, listener)
            listener.cell_finished(row)
            rows.append(row)
            # one picture that cannot be read is one problem, however many models met it
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
                "the same setting on the same pictures.",
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
    """Return pictures from all over the dataset, in its order, and always the same ones.

    All models caption these, round and round, so that their numbers compare.
    """
    if len(images) <= number:
        return list(images)
    return [images[place * len(images) // number] for place in range(number)]


def _keep_peaks(rows: Sequence[BenchRow]) -> None:
    """Keep what was measured on a card for `gpu` to show beside its predictions."""
    cards = gpu.read_driver().cards
    names = {card.uuid: card.name for card in cards}
    visible = gpu.visible_uuids(cards, os.environ)
    measured = []
    for row in rows:
        # the driver's count of the process alone: what torch counts leaves the CUDA context out
        peak = row.memory.nvml_process_bytes
        kind, _, number = (row.device or "").partition(":")
        index = int(number or 0)
        if row.status != "ok" or peak is None or kind != "cuda" or index >= len(visible):
            continue
        card = names.get(visible[index]) or ""
        beams, batch = row.num_beams or 0, row.batch_size or 0
        measured.append((PeakKey(card, row.model, row.dtype or "", beams, batch), peak))
    if measured:
        write_peaks(measured)
