"""One configuration: a fresh worker is started, loads, warms up, is measured and ends."""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from f1cap.errors import F1capError
from f1cap.models.hub import download
from f1cap.records.benchmarks import BenchRow
from f1cap.records.images import ImageItem, Problem
from f1cap.services.bench.messages import Open, Opened, RunResult, Watched
from f1cap.services.bench.process import SamplerProcess, WorkerFailedError, WorkerProcess
from f1cap.services.bench.request import BenchListener, BenchRequest, Configuration
from f1cap.services.bench.row import Accumulator, build_row, failed_row

_ROUND_IMAGES = 8


def measure_configuration(
    request: BenchRequest,
    configuration: Configuration,
    images: Sequence[ImageItem],
    listener: BenchListener,
) -> tuple[BenchRow, tuple[Problem, ...]]:
    """Measure one model in one setting; whatever happens to it is a row."""
    spec = configuration.spec
    measurement = _Measurement(request, configuration, images, listener)
    try:
        if not spec.local:
            listener.phase("fetching")
            download.fetch(spec, offline=request.offline, on_download=listener.downloading)
        row = measurement.run()
    except (F1capError, WorkerFailedError) as error:
        watched = measurement.stop_watching()
        row = failed_row(request, configuration, error, measurement.opened, watched)
    return row, tuple(measurement.problems.values())


class _Measurement:
    """The processes of one row and their answers so far."""

    def __init__(
        self,
        request: BenchRequest,
        configuration: Configuration,
        images: Sequence[ImageItem],
        listener: BenchListener,
    ) -> None:
        self.opened: Opened | None = None
        self.problems: dict[str, Problem] = {}
        self._request = request
        self._configuration = configuration
        self._images = images
        self._listener = listener
        self._sampler: SamplerProcess | None = None
        self._rss_while_loading: int | None = None  # seen before the GPU was known

    def stop_watching(self) -> Watched:
        """Return what was seen of the worker's memory, also of one that failed."""
        watched = Watched() if self._sampler is None else self._sampler.stop()
        seen = [self._rss_while_loading, watched.rss_bytes]
        return replace(watched, rss_bytes=max(filter(None, seen), default=None))

    def run(self) -> BenchRow:
        """Load, caption the first image, warm up, then measure until there is enough."""
        deadline_s = time.monotonic() + self._request.timeout_s
        with ExitStack() as stack:
            worker = stack.enter_context(WorkerProcess(deadline_s))
            opened, sampler = self._load(worker, stack)
            self._listener.phase("first caption")
            accumulator = Accumulator(first_s=self._first_caption_s(worker))
            self._listener.phase("warming up")
            # a full batch, so that one that does not fit is found before the clock runs
            self._note(worker.run(self._take(opened.batch_size)))
            plain = None
            if self._request.compare_transformers:
                self._listener.phase("loading plain transformers")
                plain = stack.enter_context(WorkerProcess(deadline_s))
                plain = self._load_plain(plain, opened, accumulator)
            self._listener.phase("measuring")
            self._measure(worker, plain, sampler, opened, accumulator)
            watched = self.stop_watching()
            closed = worker.close()
        return build_row(
            self._request, self._configuration, opened, accumulator, watched=watched, closed=closed
        )

    def _load(self, worker: WorkerProcess, stack: ExitStack) -> tuple[Opened, SamplerProcess]:
        """Load the model, its memory watched from before, as loading may have the highest peak."""
        self._listener.phase("loading")
        sampler = self._sampler = stack.enter_context(SamplerProcess(worker.pid, None))
        opened = self.opened = worker.open(self._open_request(self._request.device, plain=False))
        if (index := opened.device.cuda_index) is not None:
            self._rss_while_loading = sampler.stop().rss_bytes
            sampler = self._sampler = stack.enter_context(SamplerProcess(worker.pid, index))
        for note in opened.notes:
            self._listener.note(note)
        return opened, sampler

    def _load_plain(
        self, plain: WorkerProcess, opened: Opened, accumulator: Accumulator
    ) -> WorkerProcess | None:
        """Load and warm up plain transformers; without it the row continues, and says why."""
        try:
            plain.open(self._open_request(str(opened.device), plain=True))
            plain.run(self._take(1))
        except WorkerFailedError as error:
            accumulator.plain_reason = error.message
            return None
        return plain

    def _open_request(self, device: str, *, plain: bool) -> Open:
        request, configuration = self._request, self._configuration
        spec = configuration.spec
        return Open(
            # what another process resolves to the same model: a folder by its path
            model=spec.checkpoint if spec.local and not spec.bundled else spec.name,
            images=tuple(image.address() for image in self._images),
            plain=plain,
            device=device,
            dtype=configuration.dtype,
            engine=request.engine,
            batch_size=configuration.batch_size,
            decoding=request.decoding,
            prompt=request.prompt,
            reduced_jpeg=request.reduced_jpeg,
            vram_limit_bytes=None if plain else request.vram_limit_bytes,
        )

    def _first_caption_s(self, worker: WorkerProcess) -> float:
        """Caption the first image that can be read, and return how long it took."""
        for index in range(len(self._images)):
            result = worker.run((index,))
            self._note_problems(result)
            if result.captions:
                return result.seconds
        raise _no_image()

    def _measure(
        self,
        worker: WorkerProcess,
        plain: WorkerProcess | None,
        sampler: SamplerProcess,
        opened: Opened,
        accumulator: Accumulator,
    ) -> None:
        """Caption in rounds, which plain transformers repeats, until there is enough of both."""
        min_images, min_seconds = self._request.min_images, self._request.min_seconds
        images = self._cycle()
        batch_size = opened.batch_size
        sampler.count_energy(on=True)
        while accumulator.images < min_images or accumulator.seconds < min_seconds:
            chosen = tuple(itertools.islice(images, _round_images(batch_size)))
            result = worker.run(chosen)
            self._note(result)
            batch_size = result.batch_size
            accumulator.add(result)
            if plain is not None:
                sampler.count_energy(on=False)  # the GPU now works for another
                plain = self._plain_round(plain, chosen, result, accumulator)
                sampler.count_energy(on=True)
            done = min(
                accumulator.images / min_images,
                accumulator.seconds / min_seconds if min_seconds else 1.0,
            )
            latency_s = result.seconds / max(len(result.captions), 1)
            self._listener.measured(min(done, 1.0), accumulator.images, latency_s, sampler.now)
        sampler.count_energy(on=False)

    def _plain_round(
        self,
        plain: WorkerProcess,
        images: tuple[int, ...],
        result: RunResult,
        accumulator: Accumulator,
    ) -> WorkerProcess | None:
        try:
            plain_result = plain.run(images)
        except WorkerFailedError as error:
            if error.code == "timeout":  # the row's time is up, not that of this worker alone
                raise
            accumulator.plain_reason = error.message
            return None
        accumulator.add_plain(result, plain_result)
        return plain

    def _take(self, number: int) -> tuple[int, ...]:
        return tuple(itertools.islice(self._cycle(), number))

    def _cycle(self) -> Iterator[int]:
        """Yield the indices of the images that can be read, over and over."""
        while True:
            readable = [
                index for index, image in enumerate(self._images) if image.name not in self.problems
            ]
            if not readable:
                raise _no_image()
            yield from readable

    def _note(self, result: RunResult) -> None:
        for note in result.notes:
            self._listener.note(note)
        self._note_problems(result)

    def _note_problems(self, result: RunResult) -> None:
        for found in result.problems:
            if found.image is None or found.image in self.problems:
                continue
            problem = replace(found, model=self._configuration.spec.name)
            self.problems[found.image] = problem
            self._listener.failed(problem)


def _no_image() -> WorkerFailedError:
    return WorkerFailedError("image", "None of the images can be read.")


def _round_images(batch_size: int) -> int:
    """Return how many images a round takes: whole batches, and more than one.

    While the model captions a batch the next one is made ready, as in `caption`; in rounds of a
    single batch nothing would ever be ready. Longer rounds would let a change in the
    machine's load affect one side of a comparison more than the other.
    """
    return batch_size * max(2, -(-_ROUND_IMAGES // batch_size))
