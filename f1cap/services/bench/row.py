"""From the answers of a row's processes to the row."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from f1cap import measure
from f1cap.errors import F1capError
from f1cap.gpu import find_gpu
from f1cap.models.device.machine import CONTEXT_BYTES, read_cpu
from f1cap.records.benchmarks import BenchRow, MemoryPeaks, Sampling, TransformersResult
from f1cap.records.models import Device
from f1cap.records.readings import Timings
from f1cap.services.bench.messages import Closed, Opened, RunResult, Watched
from f1cap.services.bench.process import WorkerFailedError
from f1cap.services.bench.request import BenchRequest, Configuration


@dataclass(slots=True)
class Accumulator:
    """What was measured so far.

    Attributes:
        first_s: The first caption's time.
        seconds: Of all measured rounds.
        captions: The first caption of each image.
        rates: Images a second of each round.
        plain_reason: Why plain transformers failed.
    """

    first_s: float
    seconds: float = 0.0
    captions: dict[str, str] = field(default_factory=dict)
    batch_size: int = 0
    prepare_s: list[float] = field(default_factory=list)
    generate_s: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    tokens: int = 0
    # of the rounds that plain transformers took too
    compared_s: float = 0.0
    plain_s: float = 0.0
    plain_latencies_s: list[float] = field(default_factory=list)
    identical: dict[str, bool] = field(default_factory=dict)
    plain_reason: str | None = None

    @property
    def images(self) -> int:
        """Images captioned while the clock ran."""
        return len(self.generate_s)

    def add(self, result: RunResult) -> None:
        """Take a round."""
        self.batch_size = result.batch_size
        self.seconds += result.seconds
        if result.captions:
            self.rates.append(len(result.captions) / result.seconds)
        for caption in result.captions:
            self.prepare_s.append(caption.prepare_s)
            self.generate_s.append(caption.generate_s)
            self.tokens += caption.tokens
            self.captions.setdefault(caption.image, caption.text)

    def add_plain(self, result: RunResult, plain: RunResult) -> None:
        """Take a round that both captioned, one after the other."""
        self.compared_s += result.seconds
        self.plain_s += plain.seconds
        for own, other in zip(result.captions, plain.captions, strict=True):
            self.plain_latencies_s.append(other.prepare_s + other.generate_s)
            self.identical[own.image] = own.text == other.text

    def transformers_result(self) -> TransformersResult:
        """Return how plain transformers compares."""
        compared = len(self.plain_latencies_s)
        return TransformersResult(
            images_per_s=_ratio(compared, self.plain_s) if compared else None,
            speedup=_ratio(self.plain_s, self.compared_s) if compared else None,
            identical=statistics.fmean(self.identical.values()) if self.identical else None,
            images=len(self.identical),
            latency_s=_timings(self.plain_latencies_s),
            reason=self.plain_reason,
        )


def build_row(  # noqa: PLR0913 - each process's last message
    request: BenchRequest,
    configuration: Configuration,
    opened: Opened,
    accumulator: Accumulator,
    *,
    watched: Watched,
    closed: Closed,
) -> BenchRow:
    """Put a complete row together.

    Args:
        request: What was asked for.
        configuration: The row's model and setting.
        opened: What the worker reported of the loaded model.
        accumulator: The times.
        watched: What was seen of the worker's memory from outside.
        closed: What the worker itself reported of it.
    """
    peaks = _memory(watched, closed)
    limit = request.vram_limit_bytes if opened.limited else None
    words = [len(caption.split()) for caption in accumulator.captions.values()]
    return replace(
        _begun_row(request, configuration, opened),
        status="ok",
        batch_size=accumulator.batch_size,
        images=accumulator.images,
        first_caption_s=accumulator.first_s,
        latency_s=_timings(
            [a + b for a, b in zip(accumulator.prepare_s, accumulator.generate_s, strict=True)]
        ),
        prepare_s=_timings(accumulator.prepare_s),
        generate_s=_timings(accumulator.generate_s),
        images_per_s=_ratio(accumulator.images, accumulator.seconds),
        images_per_s_stdev=_stdev(accumulator.rates),
        tokens_per_s=_ratio(accumulator.tokens, sum(accumulator.generate_s)),
        words_per_caption=statistics.fmean(words) if words else None,
        memory=peaks,
        sampling=_sampling(watched),
        vram_limit_bytes=limit,
        fits=_fits(opened.device, peaks, limit),
        energy_j_per_image=(
            None if watched.energy_j is None else _ratio(watched.energy_j, accumulator.images)
        ),
        transformers=accumulator.transformers_result() if request.compare_transformers else None,
        notes=_notes(request, opened, accumulator),
        captions=accumulator.captions,
    )


def failed_row(
    request: BenchRequest,
    configuration: Configuration,
    error: F1capError | WorkerFailedError,
    opened: Opened | None,
    watched: Watched,
) -> BenchRow:
    """Return the row of a model that came to no end, with what is known of it."""
    return replace(
        _begun_row(request, configuration, opened),
        reason=error.message,
        code=error.code,
        hint=error.hint,
        memory=_memory(watched, None),
        sampling=_sampling(watched),
    )


def _begun_row(
    request: BenchRequest, configuration: Configuration, opened: Opened | None
) -> BenchRow:
    """Return what a row says before anything was measured."""
    spec = configuration.spec
    row = BenchRow(
        model=spec.name,
        status="failed",
        checkpoint=spec.checkpoint,
        revision=spec.revision,
        dtype=str(configuration.dtype),
        decoding=request.decoding.chosen(),
        prompt=request.prompt,
        reduced_jpeg=request.reduced_jpeg,
        asked_batch_size=configuration.batch_size,
    )
    if opened is None:
        return row
    return replace(
        row,
        revision=opened.revision,
        engine=opened.engine,
        device=str(opened.device),
        dtype=str(opened.dtype),
        num_beams=opened.num_beams,
        max_new_tokens=opened.max_new_tokens,
        threads=opened.threads,
        import_s=opened.import_s,
        load_s=opened.load_s,
    )


def _memory(watched: Watched, closed: Closed | None) -> MemoryPeaks:
    """Combine both counts; a worker that failed reported nothing."""
    own = closed or Closed(None, None, None)
    resident = [peak for peak in (watched.rss_bytes, own.rss_bytes) if peak is not None]
    return MemoryPeaks(
        nvml_process_bytes=watched.nvml_process_bytes,
        nvml_device_bytes=watched.nvml_device_bytes,
        torch_allocated_bytes=own.torch_allocated_bytes,
        torch_reserved_bytes=own.torch_reserved_bytes,
        rss_bytes=max(resident, default=None),
    )


def _sampling(watched: Watched) -> Sampling | None:
    if not watched.samples:
        return None
    return Sampling(watched.samples, watched.interval_s, watched.cpu_share)


def _fits(device: Device, memory: MemoryPeaks, limit: int | None) -> bool | None:
    if (index := device.cuda_index) is not None:
        gpu = None if limit is not None else find_gpu(index)
        capacity = limit if gpu is None else gpu.vram_total_bytes
        taken = memory.nvml_process_bytes
        if taken is None and memory.torch_reserved_bytes is not None:
            taken = memory.torch_reserved_bytes + CONTEXT_BYTES
    else:
        capacity, taken = read_cpu().ram_total_bytes, memory.rss_bytes
    return None if capacity is None or taken is None else taken <= capacity


def _notes(request: BenchRequest, opened: Opened, accumulator: Accumulator) -> tuple[str, ...]:
    notes = list(opened.notes)
    if request.vram_limit_bytes is not None and not opened.limited:
        notes.append("--vram-limit has no effect here: it limits torch's memory on an NVIDIA GPU.")
    if accumulator.batch_size < opened.batch_size:
        notes.append(
            f"Out of memory at batch size {opened.batch_size}; measured at "
            f"{accumulator.batch_size}."
        )
    if accumulator.plain_reason is not None:
        notes.append(f"Plain transformers failed: {accumulator.plain_reason}")
    elif request.compare_transformers and opened.device.cuda_index is not None:
        notes.append("The whole GPU's memory includes that of plain transformers.")
    return tuple(notes)


def _timings(values: list[float]) -> Timings | None:
    return measure.summarize(values) if values else None


def _stdev(values: Sequence[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
