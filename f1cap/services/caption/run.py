"""Caption a dataset with one model after another: fetch, load, caption, save, free."""

import hashlib
import os
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from f1cap import corpus, measure
from f1cap.errors import F1capError, UsageError
from f1cap.models import catalog, naming
from f1cap.models.base import Captioner
from f1cap.models.loading import Resolved, open_captioner, resolve_without_loading
from f1cap.records.captions import Caption, CaptionOutcome, CaptionRun, CaptionSettings
from f1cap.records.images import Dataset, ImageItem, Problem
from f1cap.records.models import Device, ModelSpec, Placement
from f1cap.records.readings import MemoryReading
from f1cap.services.caption.batches import Captioned, CaptionLoop
from f1cap.services.caption.output import SidecarError, Sidecars, run_record
from f1cap.services.caption.prepare import Failed, Find, Kept, Lookup, Wanted, reuse
from f1cap.services.caption.request import CaptionListener, CaptionRequest
from f1cap.store import CaptionList, Journal, ResultsFolder, caption_key, dataset_folder


def caption_images(request: CaptionRequest, listener: CaptionListener) -> CaptionOutcome:
    """Caption every image with every model, one model in memory at a time.

    An image or a model that fails is a problem in the outcome; the rest goes on. Ctrl-C leaves
    every finished caption on disk.

    Raises:
        DatasetError: There is nothing to caption.
        UnknownModelError: Before anything is loaded.
        F1capError: The only model asked for failed, or results cannot be written.
    """
    specs = [naming.resolve(name, offline=request.offline) for name in request.models]
    _check(request, specs)
    dataset = corpus.open_dataset(
        request.paths,
        recursive=request.recursive,
        include_hidden=request.include_hidden,
        limit=request.limit,
    )
    listener.run_started(dataset)
    if not dataset.bundled and (note := catalog.drawings_note(specs)) is not None:
        listener.note(note)
    missing = [_missing(dataset, image) for image in dataset.missing]
    for problem in missing:
        listener.failed(problem)
    for sentence in dataset.notes:
        listener.note(sentence)
    runs: list[CaptionRun] = []
    problems = list(missing)
    for spec in specs:
        run = ModelRun(request, spec, dataset, listener)
        try:
            runs.append(run.execute())
        except F1capError as error:
            if len(specs) == 1:
                raise
            problem = Problem.of(error, model=spec.name)
            listener.failed(problem)
            problems.append(problem)
        problems.extend(run.problems)
    if not runs:
        raise F1capError(
            "No model could be run.", hint="The reasons are shown above; -v shows more."
        )
    return CaptionOutcome(tuple(runs), tuple(problems), dataset.passed_over)


def _check(request: CaptionRequest, specs: Sequence[ModelSpec]) -> None:
    """Refuse, before anything is loaded, what the models cannot do."""
    for spec in specs:
        spec.decoding.override(request.decoding)
        if request.prompt is not None:
            catalog.require_prompt(spec)
    if request.sidecar is not None and len(specs) > 1:
        raise UsageError("--sidecar works with one model only: its files carry no model name.")


class _Target(NamedTuple):
    """What captions depend on of a model, loaded or not."""

    revision: str
    placement: Placement


class ModelRun:
    """One model over the dataset: what it has finished so far, and how it ends."""

    def __init__(
        self,
        request: CaptionRequest,
        spec: ModelSpec,
        dataset: Dataset,
        listener: CaptionListener,
    ) -> None:
        self.problems: list[Problem] = []
        self._request = request
        self._spec = spec
        self._dataset = dataset
        self._listener = listener
        self._results = ResultsFolder(dataset_folder(dataset, request.output_dir), spec.name)
        self._sidecars = (
            Sidecars(dataset, request.sidecar, overwrite=request.overwrite_sidecars)
            if request.sidecar is not None
            else None
        )
        # positions in the journal, by the image's index in the dataset; -1 has no caption
        self._positions = array("q", [-1]) * len(dataset.items)
        self._next = 0  # the index of the first image that is not behind us
        self._latencies_s: list[float] = []
        self._kept = 0
        # of the model, once it is loaded
        self._load_s: float | None = None
        self._gauge: MemoryGauge | None = None
        self._batch_size = 0
        self._seconds = 0.0  # over the images

    def execute(self) -> CaptionRun:
        """Reuse what there is; if that is not all, fetch, load, caption, free."""
        self._listener.model_started(self._spec, len(self._dataset.items))
        with self._results.writing(self._dataset) as is_held:
            if not is_held:
                self._listener.note(
                    f"The file system of {self._results.folder} has no locks: start no second run "
                    "on these images while this one goes on."
                )
            known = self._resolve()
            if known is not None and self._reuse(known):
                target = _Target(known.snapshot.revision, known.placement)
            else:
                target = self._load_and_caption(known)
            run = self._finish(target, "complete")
            self._listener.model_finished(run)
            return run

    def _resolve(self) -> Resolved | None:
        """Resolve the model without loading it, where there may be captions to reuse."""
        request = self._request
        if not (request.resume and self._results.has_captions()):
            return None
        return resolve_without_loading(self._spec, device=request.device, dtype=request.dtype)

    def _reuse(self, known: Resolved) -> bool:
        """Reuse captions up to the first image that needs the model; tell whether none does."""
        target = _Target(known.snapshot.revision, known.placement)
        with self._journal() as journal:
            find = self._finder(journal, target)
            # a JPEG at a reduced size may be decoded where the whole cannot
            decode = not self._request.reduced_jpeg
            for result in reuse(self._dataset.items, find, decode=decode):
                if isinstance(result, Wanted):
                    return False
                self._take(result, journal)
        return True

    def _load_and_caption(self, known: Resolved | None) -> _Target:
        started = time.perf_counter()
        captioner = open_captioner(
            self._spec,
            device=self._request.device,
            dtype=self._request.dtype,
            engine=self._request.engine,
            offline=self._request.offline,
            snapshot=None if known is None else known.snapshot,
            on_download=self._listener.downloading,
        )
        try:
            self._load_s = time.perf_counter() - started
            self._listener.model_loaded(captioner.placement, self._load_s)
            # only now: a run that cannot begin must not cost the captions that there are
            if not self._request.resume and (aside := self._results.set_aside_journal()):
                self._listener.note(f"The earlier journal was moved to {aside}")
            target = _Target(captioner.revision, captioner.placement)
            try:
                with self._journal() as journal:
                    self._caption(captioner, target, journal)
            except KeyboardInterrupt:
                self._listener.interrupted(self._finish(target, "interrupted"))
                raise
            return target
        finally:
            captioner.close()

    def _caption(self, captioner: Captioner, target: _Target, journal: Journal) -> None:
        items = self._dataset.items
        settings = self._settings(target)
        gauge = self._gauge = MemoryGauge(target.placement.device)
        loop = CaptionLoop(captioner, settings, batch_size=self._request.batch_size)
        for result in loop.run(
            islice(items, self._next, None),
            start=self._next,
            find=self._finder(journal, target),
            on_note=self._listener.note,
        ):
            if not isinstance(result, Captioned):
                self._take(result, journal)
                continue
            self._batch_size = loop.batch_size
            if result.notes:
                self._listener.image_noted(result.caption.image, result.notes)
            self._positions[result.index] = journal.append(result.key, result.caption)
            self._latencies_s.append(result.caption.latency_s)
            self._write_sidecar(items[result.index], result.caption)
            self._listener.captioned(result.caption, gauge.read())

    @contextmanager
    def _journal(self) -> Iterator[Journal]:
        """Hold the journal open, and count the time."""
        journal = Journal(self._results.journal)
        started = time.perf_counter()
        try:
            yield journal
        finally:
            self._seconds += time.perf_counter() - started
            journal.close()

    def _finish(self, target: _Target, status: str) -> CaptionRun:
        """Write what a run leaves behind beside its journal."""
        run = self._run(target)
        self._results.write_captions((c.image, c.caption) for c in run.captions)
        earlier = self._results.read_run()
        self._results.write_run(run_record(run, status, self._dataset, self.problems, earlier))
        return run

    def _take(self, result: Kept | Failed, journal: Journal) -> None:
        """Count an image that the model does not see."""
        self._next = result.index + 1
        if isinstance(result, Failed):
            if result.notes:
                self._listener.image_noted(result.name, result.notes)
            self._fail(Problem.of(result.error, image=result.name, model=self._spec.name))
            return
        self._positions[result.index] = result.position
        self._kept += 1
        if self._sidecars is not None:
            self._write_sidecar(self._dataset.items[result.index], journal.read(result.position))
        self._listener.kept(result.name)

    def _write_sidecar(self, item: ImageItem, caption: Caption) -> None:
        if self._sidecars is None:
            return
        try:
            self._sidecars.write(item, caption.caption)
        except SidecarError as error:
            self._fail(Problem.of(error, image=item.name, model=self._spec.name))

    def _fail(self, problem: Problem) -> None:
        self.problems.append(problem)
        self._listener.failed(problem)

    def _settings(self, target: _Target) -> CaptionSettings:
        request = self._request
        return CaptionSettings(
            self._spec.decoding.override(request.decoding),
            target.placement.dtype,
            request.prompt,
            request.first_sentence,
            request.reduced_jpeg,
        )

    def _finder(self, journal: Journal, target: _Target) -> Find:
        """Return what finds an image's caption in the journal, if an earlier run made it."""
        settings = self._settings(target)
        # A folder is known by its files' digest, the revision; it may move.
        checkpoint = "" if self._spec.local else self._spec.checkpoint

        def find(image: str, data: bytes) -> Lookup:
            key = caption_key(
                image=image,
                image_sha256=hashlib.sha256(data).hexdigest(),
                checkpoint=checkpoint,
                revision=target.revision,
                settings=settings,
            )
            return Lookup(key, journal.find(key, image))

        return find

    def _run(self, target: _Target) -> CaptionRun:
        done = array("q", (position for position in self._positions if position >= 0))
        captioned = len(self._latencies_s)
        gauge = self._gauge
        return CaptionRun(
            model=self._spec.name,
            checkpoint=self._spec.checkpoint,
            revision=target.revision,
            family=self._spec.family,
            dataset=self._dataset.name,
            placement=target.placement,
            settings=self._settings(target),
            images=len(self._dataset.items),
            captioned=captioned,
            kept=self._kept,
            failed=len({problem.image for problem in self.problems if problem.code == "image"}),
            sidecars_failed=sum(problem.code.startswith("sidecar") for problem in self.problems),
            seconds=self._seconds,
            images_per_s=captioned / self._seconds if captioned else None,
            load_s=self._load_s,
            latencies_s=tuple(self._latencies_s),
            vram_peak_bytes=None if gauge is None else gauge.vram_peak_bytes,
            rss_peak_bytes=None if gauge is None else gauge.rss_peak_bytes,
            batch_size=self._batch_size,
            results_dir=self._results.folder,
            image_ids={
                image: reference.id
                for image, reference in self._dataset.references.items()
                if reference.id is not None
            },
            captions=CaptionList(self._results.journal, done),
        )


class MemoryGauge:
    """Reads memory on demand and remembers the peak of what it read."""

    def __init__(self, device: Device) -> None:
        """Watch one device.

        Without a GPU that NVML can find, only resident memory is read.
        """
        self.vram_peak_bytes: int | None = None
        self.rss_peak_bytes: int | None = None
        index = device.cuda_index
        self._gpu = None
        if index is not None:
            from f1cap.gpu import find_gpu  # a run on the CPU asks no driver

            self._gpu = find_gpu(index)

    def read(self) -> MemoryReading:
        """Return memory now; what is not known is None."""
        rss_bytes = measure.resident_bytes()
        self.rss_peak_bytes = _larger(self.rss_peak_bytes, rss_bytes)
        if self._gpu is None:
            return MemoryReading(rss_bytes)
        used_bytes = self._gpu.process_vram_bytes(os.getpid())
        self.vram_peak_bytes = _larger(self.vram_peak_bytes, used_bytes)
        return MemoryReading(rss_bytes, used_bytes, self._gpu.vram_total_bytes)


def _missing(dataset: Dataset, image: str) -> Problem:
    return Problem(
        "image_missing",
        f"captions.json names {image}, which is not in the folder {dataset.name}.",
        hint="Add the image, or remove its entry.",
        image=image,
    )


def _larger(peak: int | None, reading: int | None) -> int | None:
    if peak is None or reading is None:
        return peak if reading is None else reading
    return max(peak, reading)
