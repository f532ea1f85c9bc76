"""The measured process: it opens one model and captions what it is told to, by its own clock.

Run as a program. It reads requests and writes answers, one a line (see `messages`), on the standard
streams that it was started with; whatever libraries print goes to stderr. It ends when its
requests do, so that nothing outlives a benchmark that was killed.
"""

import importlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from f1cap import corpus, measure
from f1cap.errors import F1capError, OutOfMemoryError
from f1cap.models import naming, registry
from f1cap.models.base import Captioner
from f1cap.models.device.cpu import let_idle_threads_sleep
from f1cap.models.loading import open_captioner
from f1cap.records.captions import CaptionSettings
from f1cap.records.images import Problem
from f1cap.records.models import Device, ModelSpec
from f1cap.services.bench.messages import (
    Close,
    Closed,
    Failed,
    Open,
    Opened,
    Run,
    RunResult,
    TimedCaption,
    decode,
    encode,
)
from f1cap.services.caption.batches import Captioned, CaptionLoop
from f1cap.services.caption.prepare import Failed as NotReadable


class Runtime(Protocol):
    """What is asked of torch; `models.device.runtime` is one."""

    def limit_memory(self, limit_bytes: int) -> bool:
        """Hold the process to a part of a GPU's memory; False where there is none."""
        ...

    def finish(self, device: Device) -> None:
        """Wait until a device has done all that it was told to do."""
        ...

    def peaks(self, device: Device) -> tuple[int | None, int | None]:
        """Return the most bytes that were in tensors, and reserved, on a GPU."""
        ...

    def threads(self) -> int:
        """Return how many threads an operation on the CPU may use."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model, and what it took to load it.

    Attributes:
        runtime: None for a captioner that does not run on torch.
        limited: `vram_limit_bytes` is in force.
    """

    captioner: Captioner
    import_s: float
    load_s: float
    runtime: Runtime | None = None
    limited: bool = False


Loader = Callable[[ModelSpec, Open], LoadedModel]


def load_model(spec: ModelSpec, request: Open) -> LoadedModel:
    """Import, then load; the two are timed apart."""
    started = time.perf_counter()
    if request.plain:  # it runs as a user's script would: with torch's own thread settings
        open_plain = importlib.import_module("f1cap.models.families.plain").open_plain
    else:
        let_idle_threads_sleep()
        registry.captioner_class(spec.family)
    runtime = cast("Runtime", importlib.import_module("f1cap.models.device.runtime"))
    import_s = time.perf_counter() - started

    limit_bytes = request.vram_limit_bytes
    limited = limit_bytes is not None and runtime.limit_memory(limit_bytes)
    started = time.perf_counter()
    captioner: Captioner
    if request.plain:
        captioner = open_plain(spec, device=request.device, dtype=request.dtype, offline=True)
    else:
        captioner = open_captioner(
            spec, device=request.device, dtype=request.dtype, engine=request.engine, offline=True
        )
    runtime.finish(captioner.placement.device)
    return LoadedModel(captioner, import_s, time.perf_counter() - started, runtime, limited)


def main(load: Loader = load_model) -> None:
    """Serve until the requests end."""
    # Answers keep the stdout that we were given; prints of libraries must not get between them.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    server = WorkerServer(load)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(lines,), daemon=True).start()
    while True:
        request = decode(lines.get(), Open, Run, Close)
        answers.write(encode(server.handle(request)))
        answers.flush()
        if isinstance(request, Close):
            # not by returning: the interpreter's end and a thread that waits for input do not agree
            os._exit(0)


def _read_requests(lines: "queue.SimpleQueue[str]") -> None:
    """Hand requests on; where they end, end the process, though it may be hanging in one.

    They end when the benchmark closes them, having all it wants, or when it was killed.
    """
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


class WorkerServer:
    """One model, from its import to its end."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._session: _Session | None = None

    def handle(self, request: Open | Run | Close) -> Opened | RunResult | Closed | Failed:
        """Do what is asked; a failure that has a name is an answer, any other ends the process."""
        try:
            if isinstance(request, Open):
                return self._open(request)
            if self._session is None:
                message = "nothing is open"
                raise RuntimeError(message)
            if isinstance(request, Run):
                return self._session.run(request)
            return self._session.close()
        except F1capError as error:
            return Failed(error.code, error.message, error.hint)
        except MemoryError:
            hint = "Close other programs, or use a smaller model."
            return Failed(OutOfMemoryError.code, "It ran out of memory.", hint)

    def _open(self, request: Open) -> Opened:
        spec = naming.resolve(request.model, offline=True)
        self._session = _Session(request, spec, self._load(spec, request))
        return self._session.opened


class _Session:
    """An open model and the images that it may be asked to caption."""

    def __init__(self, request: Open, spec: ModelSpec, loaded: LoadedModel) -> None:
        captioner, placement = loaded.captioner, loaded.captioner.placement
        self._captioner = captioner
        self._runtime = loaded.runtime
        self._images = [corpus.open_item(address) for address in request.images]
        decoding = spec.decoding.override(request.decoding)
        # plain transformers is run as a user's script would: an image at a time, all its pixels
        self._loop = CaptionLoop(
            captioner,
            CaptionSettings(
                decoding,
                placement.dtype,
                prompt=request.prompt,
                reduced_jpeg=request.reduced_jpeg and not request.plain,
            ),
            batch_size=1 if request.plain else request.batch_size,
            threads=not request.plain,
        )
        self.opened = Opened(
            import_s=loaded.import_s,
            load_s=loaded.load_s,
            device=placement.device,
            dtype=placement.dtype,
            notes=placement.notes,
            revision=captioner.revision,
            engine=getattr(captioner, "engine", None),
            num_beams=decoding.num_beams,
            max_new_tokens=decoding.max_new_tokens,
            batch_size=self._loop.batch_size,
            limited=loaded.limited,
            threads=None if loaded.runtime is None else loaded.runtime.threads(),
        )

    def run(self, request: Run) -> RunResult:
        """Caption images; an image that cannot be read is reported and affects nothing else."""
        captions: list[TimedCaption] = []
        problems: list[Problem] = []
        notes: list[str] = []
        images = [self._images[index] for index in request.images]
        self._finish()
        started = time.perf_counter()
        for result in self._loop.run(images, on_note=notes.append):
            if isinstance(result, Captioned):
                caption = result.caption
                captions.append(
                    TimedCaption(
                        caption.image,
                        caption.caption,
                        caption.tokens,
                        result.prepare_s,
                        result.generate_s,
                    )
                )
            elif isinstance(result, NotReadable):
                problems.append(Problem.of(result.error, image=result.name))
        self._finish()
        return RunResult(
            seconds=time.perf_counter() - started,
            captions=tuple(captions),
            problems=tuple(problems),
            batch_size=self._loop.batch_size,
            notes=tuple(notes),
        )

    def close(self) -> Closed:
        """Say what it took, then free it."""
        allocated = reserved = None
        if self._runtime is not None:
            allocated, reserved = self._runtime.peaks(self._captioner.placement.device)
        peak = measure.peak_resident_bytes()
        self._captioner.close()
        return Closed(allocated, reserved, peak)

    def _finish(self) -> None:
        """Let queued work end: a clock that is read earlier would flatter a GPU."""
        if self._runtime is not None:
            self._runtime.finish(self._captioner.placement.device)
