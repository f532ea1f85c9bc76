"""The training images and captions: made once, by two processes, and kept on disk."""

import hashlib
import io
import json
import multiprocessing
import os
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from f1cap.training.domain import Domain, load_domain

SIZE = 128  # pixels
CAPTIONS_PER_IMAGE = 5
_CHUNK = 250
_PROBES = 8  # scenes whose pixels and captions tell one version of a domain from another


@dataclass(frozen=True)
class TrainingSet:
    """Drawn scenes with what is said of them.

    Attributes:
        images: uint8, [image, row, column, RGB]; read from disk as it is needed.
        captions: Several captions of each image.
        facts: int64, [image, fact]: the index of the fact's value, -1 where it has none.
        fact_names: The names of the facts, in the order of the columns.
        fact_sizes: How many values each fact has.
    """

    images: NDArray[np.uint8]
    captions: list[list[str]]
    facts: NDArray[np.int64]
    fact_names: list[str]
    fact_sizes: list[int]


def prepare_training_set(
    domain_name: str, count: int, folder: Path, *, size: int = SIZE, processes: int = 2
) -> TrainingSet:
    """Draw the scenes of seeds 0 to `count`, or take them from `folder` if they lie there."""
    domain = load_domain(domain_name)
    stem = folder / f"{domain_name}-{size}-{count}-{fingerprint(domain)}"
    images_path, captions_path = stem.with_suffix(".u8"), stem.with_suffix(".jsonl")
    shape = (count, size, size, 3)
    if not captions_path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".u8")
        os.close(handle)
        partial = Path(name)
        np.memmap(partial, dtype=np.uint8, mode="w+", shape=shape).flush()
        jobs = [
            (domain_name, str(partial), shape, start, min(start + _CHUNK, count))
            for start in range(0, count, _CHUNK)
        ]
        lines = [line for chunk in _run_jobs(jobs, processes) for line in chunk]
        partial.replace(images_path)
        # Written last: its presence says that the images are whole.
        lines_path = partial.with_suffix(".jsonl")
        lines_path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        lines_path.replace(captions_path)
    records = [json.loads(line) for line in captions_path.read_text("utf-8").splitlines()]
    return TrainingSet(
        images=np.memmap(images_path, dtype=np.uint8, mode="r", shape=shape),
        captions=[record["captions"] for record in records],
        facts=_index_facts(domain, [record["facts"] for record in records]),
        fact_names=list(domain.facts),
        fact_sizes=[len(values) for values in domain.facts.values()],
    )


def fingerprint(domain: Domain) -> str:
    """Return a short digest of how a domain samples, draws and describes."""
    digest = hashlib.sha256()
    for seed in range(_PROBES):
        scene = domain.sample(seed)
        digest.update(domain.render(scene, SIZE).tobytes())
        digest.update(json.dumps([_write_captions(domain, seed), *scene.facts.items()]).encode())
    return digest.hexdigest()[:12]


def draw_image(domain: Domain, seed: int, size: int) -> Image.Image:
    """Draw one training image as a user's image may reach the model.

    Most are drawn at the model's size, some larger and scaled down as image processors do it,
    and some pass through JPEG.
    """
    rng = random.Random(f"route {seed}")
    scale = rng.choices((1, 2, 3), weights=(10, 4, 1))[0]
    image = domain.render(domain.sample(seed), scale * size).convert("RGB")
    if rng.random() < 0.3:
        image = compress_jpeg(image, rng.randint(40, 95))
    if scale > 1:
        resample = rng.choice((Image.Resampling.BICUBIC, Image.Resampling.BILINEAR))
        image = image.resize((size, size), resample)
    return image


def compress_jpeg(image: Image.Image, quality: int) -> Image.Image:
    """Return an image as it comes back from a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


_Job = tuple[str, str, tuple[int, int, int, int], int, int]  # domain, file, shape, start, end


def _run_jobs(jobs: list[_Job], processes: int) -> list[list[str]]:
    if processes == 1:
        return [_draw_chunk(job) for job in jobs]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return pool.map(_draw_chunk, jobs)


def _draw_chunk(job: _Job) -> list[str]:
    domain_name, path, shape, start, end = job
    domain = load_domain(domain_name)
    images = np.memmap(path, dtype=np.uint8, mode="r+", shape=shape)
    lines = []
    for seed in range(start, end):
        images[seed] = np.asarray(draw_image(domain, seed, shape[1]))
        record = {
            "captions": _write_captions(domain, seed),
            "facts": dict(domain.sample(seed).facts),
        }
        lines.append(json.dumps(record))
    images.flush()
    return lines


def _write_captions(domain: Domain, seed: int) -> list[str]:
    scene = domain.sample(seed)
    rng = random.Random(f"phrasings {seed}")
    return [domain.grammar.describe(scene, rng) for _ in range(CAPTIONS_PER_IMAGE)]


def _index_facts(domain: Domain, scenes: list[dict[str, str]]) -> NDArray[np.int64]:
    table = np.full((len(scenes), len(domain.facts)), -1, dtype=np.int64)
    for column, (name, values) in enumerate(domain.facts.items()):
        indices = {value: index for index, value in enumerate(values)}
        for row, facts in enumerate(scenes):
            table[row, column] = indices.get(facts.get(name, ""), -1)
    return table
