"""From the answers of a row's processes to the row."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from f1cap import measure
from f1cap.errors import F1capError
from f1cap.gpu import find_gpu
from f1cap.models.device.machine import read_cpu
from f1cap.models.memory_estimate import CONTEXT_BYTES
from f1cap.records.benchmarks import BenchRow, MemoryPeaks, ReferenceResult, Sampling
from f1cap.records.models import Device
from f1cap.records.readings import Timings
from f1cap.services.bench.process import WorkerFailedError
from f1cap.services.bench.request import BenchRequest, Cell
from f1cap.services.caption.cleaning import clean_caption


@dataclass(slots=True)
class Tally:
    """What the clock has counted so far.

    Attributes:
        first_s: The first caption's time.
        seconds: Of all measured batches.
        captions: The first caption of each image, cleaned.
    """

    first_s: float
    seconds: float = 0.0
    captions: dict[str, str] = field(default_factory=dict)
    batch_size: int = 0
    prepare_s: list[float] = field(default_factory=list)
    generate_s: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    tokens: int = 0
    # of the turns that the reference took too
    own_turns_s: float = 0.0
    plain_turns_s: float = 0.0
    plain_latencies_s: list[float] = field(default_factory=list)
    identical: dict[str, bool] = field(default_factory=dict)
    reference_reason: str | None = None

    @property
    def images(self) -> int:
        """Images captioned while the clock ran."""
        return len(self.generate_s)

    def add(self, answer: Mapping[str, Any]) -> None:
        """Take a batch."""
        found = answer["captions"]
        self.batch_size = answer["batch_size"]
        self.seconds += answer["seconds"]
        if found:
            self.rates.append(len(found) / answer["seconds"])
        for caption in found:
            self.prepare_s.append(caption["prepare_s"])
            self.generate_s.append(caption["generate_s"])
            self.tokens += caption["tokens"]
            self.captions.setdefault(caption["image"], clean_caption(caption["text"]))

    def add_reference(self, answer: Mapping[str, Any], plain: Mapping[str, Any]) -> None:
        """Take a batch that both captioned, one after the other."""
        self.own_turns_s += answer["seconds"]
        self.plain_turns_s += plain["seconds"]
        for own, other in zip(answer["captions"], plain["captions"], strict=True):
            self.plain_latencies_s.append(other["prepare_s"] + other["generate_s"])
            same = clean_caption(own["text"]) == clean_caption(other["text"])
            self.identical[own["image"]] = same

    def reference_failed(self, reason: str) -> None:
        """Note why there is no reference, or none any more."""
        self.reference_reason = reason


def build_row(
    request: BenchRequest,
    cell: Cell,
    opened: Mapping[str, Any],
    tally: Tally,
    peaks: Mapping[str, Any],
) -> BenchRow:
    """Put a complete row together.

    Args:
        request: What was asked for.
        cell: The row's model and setting.
        opened: What the process said when it had loaded the model.
        tally: The times.
        peaks: What was seen of its memory from outside and, under `own`, from inside.
    """
    memory = _memory(peaks)
    latencies = [a + b for a, b in zip(tally.prepare_s, tally.generate_s, strict=True)]
    energy_j = peaks.get("energy_j")
    limit = request.vram_limit_bytes if opened["limited"] else None
    words = [len(caption.split()) for caption in tally.captions.values()]
    return BenchRow(
        **_facts(cell, opened),
        status="ok",
        batch_size=tally.batch_size,
        images=tally.images,
        first_caption_s=tally.first_s,
        latency_s=_timings(latencies),
        prepare_s=_timings(tally.prepare_s),
        generate_s=_timings(tally.generate_s),
        images_per_s=_ratio(tally.images, tally.seconds),
        images_per_s_stdev=statistics.stdev(tally.rates) if len(tally.rates) > 1 else None,
        tokens_per_s=_ratio(tally.tokens, sum(tally.generate_s)),
        words_per_caption=statistics.fmean(words) if words else None,
        memory=memory,
        sampling=_sampling(peaks),
        vram_limit_bytes=limit,
        fits=_fits(opened["device"], memory, limit),
        energy_j_per_image=None if energy_j is None else _ratio(energy_j, tally.images),
        reference=_reference(tally) if request.reference else None,
        notes=_notes(request, opened, tally),
        captions=tally.captions,
    )


def failed_row(
    cell: Cell,
    error: F1capError | WorkerFailedError,
    opened: Mapping[str, Any],
    peaks: Mapping[str, Any],
) -> BenchRow:
    """Return the row of a model that came to no end, with what is known of it."""
    return BenchRow(
        **_facts(cell, opened),
        status="failed",
        reason=error.message,
        code=error.code,
        hint=error.hint,
        memory=_memory(peaks),
        sampling=_sampling(peaks),
    )


def _facts(cell: Cell, opened: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row says before anything was measured."""
    return {
        "model": cell.spec.name,
        "checkpoint": cell.spec.checkpoint,
        "revision": opened.get("revision", cell.spec.revision),
        "engine": opened.get("engine"),
        "device": opened.get("device"),
        "dtype": opened.get("dtype", str(cell.dtype)),
        "num_beams": opened.get("num_beams"),
        "max_new_tokens": opened.get("max_new_tokens"),
        "asked_batch_size": cell.batch_size,
        "threads": opened.get("threads"),
        "import_s": opened.get("import_s"),
        "load_s": opened.get("load_s"),
    }


def _memory(peaks: Mapping[str, Any]) -> MemoryPeaks:
    own = peaks.get("own", {})  # a process that failed says nothing of itself
    resident = [seen for seen in (peaks.get("rss_bytes"), own.get("rss_bytes")) if seen is not None]
    return MemoryPeaks(
        nvml_process_bytes=peaks.get("nvml_process_bytes"),
        nvml_device_bytes=peaks.get("nvml_device_bytes"),
        torch_allocated_bytes=own.get("torch_allocated_bytes"),
        torch_reserved_bytes=own.get("torch_reserved_bytes"),
        rss_bytes=max(resident, default=None),
    )


def _sampling(peaks: Mapping[str, Any]) -> Sampling | None:
    if not peaks.get("samples"):
        return None
    return Sampling(peaks["samples"], peaks.get("interval_s"), peaks.get("cpu_share"))


def _fits(device: str, memory: MemoryPeaks, limit: int | None) -> bool | None:
    index = Device.parse(device).cuda_index
    if index is not None:
        gpu = None if limit is not None else find_gpu(index)
        capacity = limit if gpu is None else gpu.vram_total_bytes
        taken = memory.nvml_process_bytes
        if taken is None and memory.torch_reserved_bytes is not None:
            taken = memory.torch_reserved_bytes + CONTEXT_BYTES
    else:
        capacity, taken = read_cpu().ram_total_bytes, memory.rss_bytes
    return None if capacity is None or taken is None else taken <= capacity


def _reference(tally: Tally) -> ReferenceResult:
    compared = len(tally.plain_latencies_s)
    return ReferenceResult(
        images_per_s=_ratio(compared, tally.plain_turns_s) if compared else None,
        speedup=_ratio(tally.plain_turns_s, tally.own_turns_s) if compared else None,
        identical=statistics.fmean(tally.identical.values()) if tally.identical else None,
        images=len(tally.identical),
        latency_s=_timings(tally.plain_latencies_s),
        reason=tally.reference_reason,
    )


def _notes(request: BenchRequest, opened: Mapping[str, Any], tally: Tally) -> tuple[str, ...]:
    notes = list(opened["notes"])
    if request.vram_limit_bytes is not None and not opened["limited"]:
        notes.append("--vram-limit is n/a: it holds torch to a part of an NVIDIA GPU's memory.")
    if tally.batch_size < opened["batch_size"]:
        notes.append(
            f"Out of memory with {opened['batch_size']} images at once; {tally.batch_size} held."
        )
    if tally.reference_reason is not None:
        notes.append(f"The plain transformers loop failed: {tally.reference_reason}")
    elif request.reference and Device.parse(opened["device"]).cuda_index is not None:
        notes.append("The whole GPU's memory includes the plain transformers loop's.")
    return tuple(notes)


def _timings(values: list[float]) -> Timings | None:
    return measure.summarize(values) if values else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
