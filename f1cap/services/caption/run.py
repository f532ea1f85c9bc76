"""Caption a dataset with one model after another: fetch, load, caption, save, free."""

import hashlib
import os
import time
from array import array

from f1cap import corpus, measure
from f1cap.errors import F1capError, UsageError
from f1cap.gpu import find_gpu
from f1cap.models import catalog, naming
from f1cap.models.base import Captioner
from f1cap.models.loading import open_captioner
from f1cap.records.captions import Caption, CaptionOutcome, CaptionRun, CaptionSettings
from f1cap.records.images import Dataset, ImageItem, Problem
from f1cap.records.models import Device, ModelSpec
from f1cap.records.readings import MemoryReading
from f1cap.services.caption.batches import CaptionLoop
from f1cap.services.caption.output import SidecarError, Sidecars, run_record
from f1cap.services.caption.prepare import Failed, Find, Kept, Lookup
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
    for spec in specs:
        if request.prompt is not None:
            catalog.require_prompt(spec)
    if request.sidecar is not None and len(specs) > 1:
        raise UsageError("--sidecar works with one model only: its files carry no model name.")
    dataset = corpus.open_dataset(
        request.paths,
        recursive=request.recursive,
        include_hidden=request.include_hidden,
        limit=request.limit,
    )
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
        self._latencies_s: list[float] = []
        self._kept = 0
        self._batch_size = 0

    def execute(self) -> CaptionRun:
        """Fetch, load, caption, free."""
        self._listener.model_started(self._spec, len(self._dataset.items))
        with self._results.writing(self._dataset):
            if not self._request.resume and (aside := self._results.set_aside_journal()):
                self._listener.note(f"The earlier journal was moved to {aside}")
            started = time.perf_counter()
            captioner = open_captioner(
                self._spec,
                device=self._request.device,
                dtype=self._request.dtype,
                engine=self._request.engine,
                offline=self._request.offline,
                on_download=self._listener.downloading,
            )
            try:
                load_s = time.perf_counter() - started
                self._listener.model_loaded(captioner.placement, load_s)
                return self._caption_all(captioner, load_s)
            finally:
                captioner.close()

    def _caption_all(self, captioner: Captioner, load_s: float) -> CaptionRun:
        settings = self._settings(captioner)
        gauge = MemoryGauge(captioner.placement.device)
        journal = Journal(self._results.journal)
        started = time.perf_counter()

        def finish(status: str) -> CaptionRun:
            run = self._run(captioner, settings, gauge, load_s, time.perf_counter() - started)
            self._results.write_captions((c.image, c.caption) for c in run.captions)
            earlier = self._results.read_run()
            self._results.write_run(run_record(run, status, self._dataset, self.problems, earlier))
            return run

        try:
            self._loop(captioner, settings, journal, gauge)
        except KeyboardInterrupt:
            self._listener.interrupted(finish("interrupted"))
            raise
        finally:
            journal.close()
        run = finish("complete")
        self._listener.model_finished(run)
        return run

    def _loop(
        self,
        captioner: Captioner,
        settings: CaptionSettings,
        journal: Journal,
        gauge: "MemoryGauge",
    ) -> None:
        items = self._dataset.items
        loop = CaptionLoop(captioner, settings, batch_size=self._request.batch_size)
        find = _finder(journal, captioner, settings)
        for result in loop.run(items, find=find, on_note=self._listener.note):
            if not isinstance(result, Kept) and result.notes:
                self._listener.image_noted(items[result.index].name, result.notes)
            if isinstance(result, Failed):
                self._fail(Problem.of(result.error, image=result.name, model=self._spec.name))
            elif isinstance(result, Kept):
                self._positions[result.index] = result.position
                self._kept += 1
                if self._sidecars is not None:
                    self._write_sidecar(items[result.index], journal.read(result.position))
                self._listener.kept(result.name)
            else:
                self._batch_size = loop.batch_size
                self._positions[result.index] = journal.append(result.key, result.caption)
                self._latencies_s.append(result.caption.latency_s)
                self._write_sidecar(items[result.index], result.caption)
                self._listener.captioned(result.caption, gauge.read())

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

    def _settings(self, captioner: Captioner) -> CaptionSettings:
        request = self._request
        return CaptionSettings(
            captioner.spec.decoding.override(
                num_beams=request.num_beams, max_new_tokens=request.max_new_tokens
            ),
            captioner.placement.dtype,
            request.prompt,
            request.first_sentence,
            request.reduced_jpeg,
        )

    def _run(
        self,
        captioner: Captioner,
        settings: CaptionSettings,
        gauge: "MemoryGauge",
        load_s: float,
        seconds: float,
    ) -> CaptionRun:
        done = array("q", (position for position in self._positions if position >= 0))
        captioned = len(self._latencies_s)
        return CaptionRun(
            model=self._spec.name,
            checkpoint=captioner.spec.checkpoint,
            revision=captioner.revision,
            family=captioner.spec.family,
            dataset=self._dataset.name,
            placement=captioner.placement,
            settings=settings,
            images=len(self._dataset.items),
            captioned=captioned,
            kept=self._kept,
            failed=len({problem.image for problem in self.problems if problem.code == "image"}),
            sidecars_failed=sum(problem.code.startswith("sidecar") for problem in self.problems),
            seconds=seconds,
            images_per_s=captioned / seconds if captioned else None,
            load_s=load_s,
            latencies_s=tuple(self._latencies_s),
            vram_peak_bytes=gauge.vram_peak_bytes,
            rss_peak_bytes=gauge.rss_peak_bytes,
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
        self._gpu = None if index is None else find_gpu(index)

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


def _finder(journal: Journal, captioner: Captioner, settings: CaptionSettings) -> Find:
    """Return what finds an image's caption in the journal, if an earlier run made it."""
    # A folder is known by its files' digest, the revision; it may move.
    checkpoint = "" if captioner.spec.local else captioner.spec.checkpoint

    def find(image: str, data: bytes) -> Lookup:
        key = caption_key(
            image=image,
            image_sha256=hashlib.sha256(data).hexdigest(),
            checkpoint=checkpoint,
            revision=captioner.revision,
            settings=settings,
        )
        return Lookup(key, journal.find(key))

    return find


def _larger(peak: int | None, reading: int | None) -> int | None:
    if peak is None or reading is None:
        return peak if reading is None else reading
    return max(peak, reading)
