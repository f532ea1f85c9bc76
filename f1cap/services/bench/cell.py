"""One row of a benchmark: a fresh process is opened, warmed up, measured and ended."""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from f1cap.errors import F1capError
from f1cap.models.hub import download
from f1cap.records.benchmarks import BenchRow
from f1cap.records.images import ImageItem, Problem
from f1cap.records.models import Device
from f1cap.services.bench.process import Sampler, Worker, WorkerFailedError
from f1cap.services.bench.request import BenchListener, BenchRequest, Cell
from f1cap.services.bench.row import Tally, build_row, failed_row

_TURN_IMAGES = 8


def measure_cell(
    request: BenchRequest,
    cell: Cell,
    images: Sequence[ImageItem],
    listener: BenchListener,
) -> tuple[BenchRow, tuple[Problem, ...]]:
    """Measure one model in one setting; whatever happens to it is a row."""
    run = _CellRun(request, cell, images, listener)
    try:
        if not cell.spec.local:
            listener.phase("fetching")
            download.fetch(cell.spec, offline=request.offline, on_download=listener.downloading)
        row = run.measure()
    except (F1capError, WorkerFailedError) as error:
        row = failed_row(cell, error, run.opened, run.watched_peaks())
    return row, tuple(run.problems.values())


class _CellRun:
    """The processes of one row and what they have said so far."""

    def __init__(
        self,
        request: BenchRequest,
        cell: Cell,
        images: Sequence[ImageItem],
        listener: BenchListener,
    ) -> None:
        self.opened: dict[str, Any] = {}
        self.problems: dict[str, Problem] = {}
        self._request = request
        self._cell = cell
        self._addresses = [item.address().to_dict() for item in images]
        self._images = [item.name for item in images]
        self._listener = listener
        self._loading: Mapping[str, Any] = {}  # what was seen until the GPU was known
        self._watched: Sampler | None = None

    def watched_peaks(self) -> dict[str, Any]:
        """Return what was seen of the process's memory, also of one that failed."""
        seen = {} if self._watched is None else self._watched.stop()
        resident = [peaks.get("rss_bytes") for peaks in (self._loading, seen)]
        return {**seen, "rss_bytes": max(filter(None, resident), default=None)}

    def measure(self) -> BenchRow:
        """Open, caption the first image, warm up, then measure until there is enough."""
        deadline_s = time.monotonic() + self._request.timeout_s
        with ExitStack() as stack:
            worker = stack.enter_context(Worker(deadline_s))
            self._listener.phase("loading")
            # Memory is watched from before the load, whose peak may be the highest.
            watched = self._watched = stack.enter_context(Sampler(worker.pid, None))
            self.opened = self._open(worker, plain=False)
            if (gpu := _gpu_index(self.opened["device"])) is not None:
                self._loading = watched.stop()
                watched = self._watched = stack.enter_context(Sampler(worker.pid, gpu))
            for note in self.opened["notes"]:
                self._listener.note(note)
            self._listener.phase("first caption")
            first = self._first(worker)
            self._listener.phase("warming up")
            self._warm_up(worker)
            reference = None
            if self._request.reference:
                self._listener.phase("loading the plain transformers loop")
                reference = stack.enter_context(Worker(deadline_s))
            tally = Tally(first_s=first["seconds"])
            reference = None if reference is None else self._ready(reference, tally)
            self._listener.phase("measuring")
            self._take_turns(worker, reference, watched, tally)
            peaks = self.watched_peaks()
            closed = worker.ask("close")
        return build_row(self._request, self._cell, self.opened, tally, {**peaks, "own": closed})

    def _open(self, worker: Worker, *, plain: bool) -> dict[str, Any]:
        request, cell = self._request, self._cell
        return worker.ask(
            "open",
            model=_name(cell),
            images=self._addresses,
            plain=plain,
            device=self.opened.get("device", request.device),
            dtype=cell.dtype,
            batch_size=cell.batch_size,
            num_beams=request.num_beams,
            max_new_tokens=request.max_new_tokens,
            vram_limit_bytes=None if plain else request.vram_limit_bytes,
        )

    def _first(self, worker: Worker) -> dict[str, Any]:
        """Caption the first image that can be read."""
        for image in self._images:
            answer = worker.ask("run", images=[[0, image]])
            self._note_problems(answer)
            if answer["captions"]:
                return answer
        raise WorkerFailedError("image", "Not one of the images can be read.")

    def _warm_up(self, worker: Worker) -> None:
        """Caption one full batch, so that a batch that does not fit is found before the clock."""
        size = self.opened["batch_size"]
        answer = worker.ask("run", images=list(enumerate(self._take(size))))
        self._note(answer)

    def _ready(self, reference: Worker, tally: Tally) -> Worker | None:
        """Open and warm up the plain loop; without it the row goes on, and says why."""
        try:
            self._open(reference, plain=True)
            reference.ask("run", images=list(enumerate(self._take(1))))
        except WorkerFailedError as error:
            tally.reference_failed(error.message)
            return None
        return reference

    def _take_turns(
        self, worker: Worker, reference: Worker | None, watched: Sampler, tally: Tally
    ) -> None:
        request = self._request
        images = self._cycle()
        size = self.opened["batch_size"]
        watched.count_energy(on=True)
        while tally.images < request.min_images or tally.seconds < request.min_seconds:
            batch = list(itertools.islice(images, _turn(size)))
            answer = worker.ask("run", images=list(enumerate(batch)))
            self._note(answer)
            size = answer["batch_size"]
            tally.add(answer)
            if reference is not None:
                watched.count_energy(on=False)  # the GPU now works for another
                reference = self._turn_of(reference, batch, answer, tally)
                watched.count_energy(on=True)
            share = min(
                tally.images / request.min_images,
                tally.seconds / request.min_seconds if request.min_seconds else 1.0,
            )
            latency_s = answer["seconds"] / max(len(answer["captions"]), 1)
            self._listener.measured(min(share, 1.0), tally.images, latency_s, watched.now)
        watched.count_energy(on=False)

    def _turn_of(
        self, reference: Worker, batch: Sequence[str], answer: dict[str, Any], tally: Tally
    ) -> Worker | None:
        try:
            plain = reference.ask("run", images=list(enumerate(batch)))
        except WorkerFailedError as error:
            if error.code == "timeout":  # the row's time is up, not the reference's alone
                raise
            tally.reference_failed(error.message)
            return None
        tally.add_reference(answer, plain)
        return reference

    def _take(self, number: int) -> list[str]:
        return list(itertools.islice(self._cycle(), number))

    def _cycle(self) -> Iterator[str]:
        """Yield the images that can be read, round and round."""
        while True:
            readable = [image for image in self._images if image not in self.problems]
            if not readable:
                raise WorkerFailedError("image", "Not one of the images can be read.")
            yield from readable

    def _note(self, answer: dict[str, Any]) -> None:
        for note in answer["notes"]:
            self._listener.note(note)
        self._note_problems(answer)

    def _note_problems(self, answer: dict[str, Any]) -> None:
        for found in answer["problems"]:
            if found["image"] in self.problems:
                continue
            problem = Problem(
                found["code"],
                found["message"],
                found["hint"],
                image=found["image"],
                model=self._cell.spec.name,
            )
            self.problems[found["image"]] = problem
            self._listener.failed(problem)


def _turn(batch_size: int) -> int:
    """Return how many images a turn takes: whole batches, and more than one.

    While the model captions a batch the next one is made ready, as in `caption`; in turns of a
    single batch nothing would ever be ready. Longer ones would let a busy machine's moods tell
    more on one side of a comparison than on the other.
    """
    return batch_size * max(2, -(-_TURN_IMAGES // batch_size))


def _name(cell: Cell) -> str:
    """Return what another process resolves to the same model: a folder by its path."""
    spec = cell.spec
    return spec.checkpoint if spec.local and not spec.bundled else spec.name


def _gpu_index(device: str) -> int | None:
    return Device.parse(device).cuda_index
