"""One model over a dataset: fetch, load, caption, keep, free."""

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from f1cap import corpus
from f1cap.errors import ImageError
from f1cap.models.base import Captioner
from f1cap.models.device.cpu import image_workers, usable_cores
from f1cap.models.loading import open_captioner
from f1cap.records.captions import Caption, CaptionRun, CaptionSettings, Generation
from f1cap.records.images import Dataset, Problem
from f1cap.records.models import Decoding, DType, Engine, ModelSpec
from f1cap.services.caption.batches import Batcher, Prepared, prefetch
from f1cap.services.caption.cleaning import clean_caption, first_sentence, has_line_breaks
from f1cap.services.caption.listener import CaptionListener
from f1cap.services.caption.memory import MemoryGauge
from f1cap.services.caption.output import SidecarError, Sidecars, run_record
from f1cap.store import CaptionList, Journal, ResultsFolder, caption_key, dataset_folder


@dataclass(frozen=True, slots=True)
class CaptionRequest:
    """What the user asked for; None means the model's or f1cap's own choice."""

    paths: tuple[Path, ...]
    models: tuple[str, ...]
    # images
    recursive: bool = True
    limit: int | None = None
    reduced_jpeg: bool = False
    # decoding
    num_beams: int | None = None
    max_new_tokens: int | None = None
    prompt: str | None = None
    first_sentence: bool = False
    # where it runs
    device: str = "auto"
    dtype: DType = DType.AUTO
    batch_size: int | None = None
    engine: Engine = Engine.AUTO
    offline: bool = False
    # what is kept
    output_dir: Path | None = None
    resume: bool = True
    sidecar: str | None = None
    overwrite_sidecars: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """An image whose caption an earlier run made, and where the journal has it."""

    place: int
    position: int


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
        # positions in the journal, by the image's place in the dataset; -1 has no caption
        self._positions = array("q", [-1]) * len(dataset.images)
        self._latencies_s: list[float] = []
        self._kept = 0
        self._batch_size = 0

    def execute(self) -> CaptionRun:
        """Fetch, load, caption, free."""
        self._listener.model_started(self._spec, len(self._dataset.images))
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
        self, captioner: Captioner, settings: CaptionSettings, journal: Journal, gauge: MemoryGauge
    ) -> None:
        # A folder is known by its files' digest, the revision; it may move.
        checkpoint = "" if captioner.spec.local else captioner.spec.checkpoint

        def key_of(image: str, image_sha256: str) -> str:
            return caption_key(
                image=image,
                image_sha256=image_sha256,
                checkpoint=checkpoint,
                revision=captioner.revision,
                settings=settings,
            )

        batcher = Batcher(captioner, settings.decoding, settings.prompt, self._request.batch_size)
        images = self._prepare(captioner, journal, key_of, ahead=2 * batcher.size)
        for prepared, generation, generate_s in batcher.run(images, self._listener.note):
            self._batch_size = batcher.size
            caption = _caption(prepared, generation, generate_s, settings)
            self._positions[prepared.place] = journal.append(prepared.key, caption)
            self._latencies_s.append(caption.latency_s)
            self._write_sidecar(caption)
            self._listener.captioned(caption, gauge.read())

    def _prepare(
        self,
        captioner: Captioner,
        journal: Journal,
        key_of: Callable[[str, str], str],
        ahead: int,
    ) -> Iterator[Prepared]:
        """Yield the images that need a caption, made ready by threads ahead of the model."""
        side = captioner.input_side if self._request.reduced_jpeg else None

        def prepare(place: int) -> Prepared | _Kept | Problem:
            image = self._dataset.images[place]
            started = time.perf_counter()
            try:
                digest, data = corpus.read_image(self._dataset.path(image), image)
                key = key_of(image, digest)
                if (position := journal.find(key)) is not None:
                    return _Kept(place, position)
                decoded = corpus.decode_image(data, image, for_side=side)
                pixels = captioner.preprocess(decoded)
            except ImageError as error:
                return Problem.of(error, image=image, model=self._spec.name)
            return Prepared(place, image, key, pixels, time.perf_counter() - started)

        places = range(len(self._dataset.images))
        workers = image_workers(captioner.placement.device, usable_cores(), captioner.threads)
        for found in prefetch(prepare, places, workers=workers, ahead=ahead):
            if isinstance(found, Prepared):
                yield found
            elif isinstance(found, Problem):
                self._fail(found)
            else:
                self._keep(found, journal)

    def _keep(self, kept: _Kept, journal: Journal) -> None:
        self._positions[kept.place] = kept.position
        self._kept += 1
        if self._sidecars is not None:
            self._write_sidecar(journal.read(kept.position))
        self._listener.kept(self._dataset.images[kept.place])

    def _write_sidecar(self, caption: Caption) -> None:
        if self._sidecars is None:
            return
        try:
            self._sidecars.write(caption.image, caption.caption)
        except SidecarError as error:
            self._fail(Problem.of(error, image=caption.image, model=self._spec.name))

    def _fail(self, problem: Problem) -> None:
        self.problems.append(problem)
        self._listener.failed(problem)

    def _settings(self, captioner: Captioner) -> CaptionSettings:
        request = self._request
        decoding: Decoding = captioner.spec.decoding
        if request.num_beams is not None:
            decoding = replace(decoding, num_beams=request.num_beams)
        if request.max_new_tokens is not None:
            decoding = replace(decoding, max_new_tokens=request.max_new_tokens)
        return CaptionSettings(
            decoding,
            captioner.placement.dtype,
            request.prompt,
            request.first_sentence,
            request.reduced_jpeg,
        )

    def _run(
        self,
        captioner: Captioner,
        settings: CaptionSettings,
        gauge: MemoryGauge,
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
            images=len(self._dataset.images),
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


def _caption(
    prepared: Prepared, generation: Generation, generate_s: float, settings: CaptionSettings
) -> Caption:
    text = clean_caption(generation.text)
    return Caption(
        image=prepared.image,
        caption=first_sentence(text) if settings.first_sentence else text,
        tokens=generation.tokens,
        truncated=generation.truncated,
        line_breaks=has_line_breaks(generation.text),
        latency_s=prepared.prepare_s + generate_s,
    )
