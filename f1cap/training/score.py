"""Score a checkpoint on unseen scenes: ``python -m f1cap.training.score FOLDER``."""

import argparse
import json
import logging
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from pycocoevalcap.cider.cider import Cider
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

from f1cap.training.architectures import MAX_NEW_TOKENS
from f1cap.training.domain import TEST_SEEDS, Domain, load_domain
from f1cap.training.images import compress_jpeg
from f1cap.training.recipe import RECIPES, Recipe
from f1cap.training.scene import Scene

Route = Literal["128", "768", "768-jpeg", "128-jpeg"]
ROUTES: tuple[Route, ...] = ("128", "768", "768-jpeg", "128-jpeg")
_JPEG_QUALITY = 60
_BATCH = 25

logger = logging.getLogger("f1cap.training")


@dataclass(frozen=True)
class Score:
    """How well a checkpoint did on a number of scenes.

    Attributes:
        scenes: How many there were.
        facts: For each fact, the part of the captions that state it right, among those of scenes
            that have it. A fact that every reference states must be stated; one that some leave
            out may be left out.
        stated: For each fact, the part of the captions that state it at all.
        all_facts: The part of the captions that state all that must be stated, and nothing wrong.
        ended: The part of the captions that ended by their end token.
        cider: CIDEr against three references, on lower-case words.
        words: Mean words per caption.
        seconds: Seconds per caption, decoded in batches.
    """

    scenes: int
    facts: Mapping[str, float]
    stated: Mapping[str, float]
    all_facts: float
    ended: float
    cider: float
    words: float
    seconds: float


@dataclass(frozen=True)
class Captions:
    """What a checkpoint wrote: the captions and whether each ended by itself."""

    texts: list[str]
    ended: list[bool]
    seconds: float


def write_captions(
    folder: Path, images: Sequence[Image.Image], recipe: Recipe, *, num_beams: int | None = None
) -> Captions:
    """Caption images with plain transformers, decoded as the catalog of f1cap decodes."""
    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForImageTextToText.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True
    ).eval()
    text_config = getattr(model.config, "text_config", model.config)
    eos = getattr(text_config, "sep_token_id", None) or model.generation_config.eos_token_id
    texts: list[str] = []
    ended: list[bool] = []
    started = time.perf_counter()
    for first in range(0, len(images), _BATCH):
        batch = list(images[first : first + _BATCH])
        pixel_values = processor(images=batch, return_tensors="pt").pixel_values
        with torch.inference_mode():
            ids = model.generate(
                pixel_values=pixel_values,
                num_beams=num_beams or recipe.num_beams,
                no_repeat_ngram_size=recipe.no_repeat_ngram_size,
                max_new_tokens=MAX_NEW_TOKENS,
            )
        texts += [
            " ".join(text.split()) for text in tokenizer.batch_decode(ids, skip_special_tokens=True)
        ]
        ended += (ids[:, 1:] == eos).any(dim=1).tolist()
    return Captions(texts, ended, (time.perf_counter() - started) / len(images))


def draw_test_images(
    domain: Domain, count: int, route: Route, *, held_out: bool
) -> tuple[list[Scene], list[Image.Image]]:
    """Draw the first test scenes as they reach a user's model by one of the routes."""
    scenes = [domain.sample(TEST_SEEDS + n, held_out=held_out) for n in range(count)]
    size = int(route.split("-")[0])
    images = [domain.render(scene, size).convert("RGB") for scene in scenes]
    if route.endswith("jpeg"):
        images = [compress_jpeg(image, _JPEG_QUALITY) for image in images]
    return scenes, images


def score_captions(domain: Domain, scenes: Sequence[Scene], captions: Captions) -> Score:
    """Compare captions with their scenes' facts and references."""
    read = [domain.grammar.read_facts(text) for text in captions.texts]
    references = [list(domain.grammar.references(scene, n=3)) for scene in scenes]
    required = _required_facts(domain, scenes, references)
    facts, stated = {}, {}
    for fact in domain.facts:
        having = [n for n, scene in enumerate(scenes) if fact in scene.facts]
        said = [n for n in having if fact in read[n]]
        judged = having if fact in required else said
        if having:
            stated[fact] = len(said) / len(having)
        if judged:
            right = [read[n].get(fact) == scenes[n].facts[fact] for n in judged]
            facts[fact] = float(np.mean(right))
    all_right = [
        (required & scene.facts.keys()) <= found.keys()
        and all(scene.facts.get(fact) == value for fact, value in found.items())
        for scene, found in zip(scenes, read, strict=True)
    ]
    return Score(
        scenes=len(scenes),
        facts=facts,
        stated=stated,
        all_facts=float(np.mean(all_right)),
        ended=float(np.mean(captions.ended)),
        cider=compute_cider(references, captions.texts),
        words=float(np.mean([len(text.split()) for text in captions.texts])),
        seconds=captions.seconds,
    )


def _required_facts(
    domain: Domain, scenes: Sequence[Scene], references: Sequence[Sequence[str]]
) -> set[str]:
    """Return the facts that every reference of every scene that has them states."""
    left_out = {
        fact
        for scene, texts in zip(scenes, references, strict=True)
        for text in texts
        for fact in scene.facts.keys() - domain.grammar.read_facts(text).keys()
    }
    return set(domain.facts) - left_out


def compute_cider(references: Sequence[Sequence[str]], texts: Sequence[str]) -> float:
    """Return the corpus CIDEr-D of captions, on lower-case words without punctuation."""
    wanted = {n: [_split(text) for text in group] for n, group in enumerate(references)}
    written = {n: [_split(text)] for n, text in enumerate(texts)}
    return float(Cider().compute_score(wanted, written)[0])


def _split(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Score one folder by each route and print the scores as JSON."""
    parser = argparse.ArgumentParser(prog="python -m f1cap.training.score", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", choices=sorted(RECIPES), help="default: the folder's name")
    parser.add_argument("--domain", help="default: the domain that it was trained on")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--route", choices=ROUTES, action="append")
    parser.add_argument("--held-out", action="store_true", help="combinations never trained on")
    parser.add_argument("--num-beams", type=int)
    parser.add_argument("--show", type=int, default=0, help="how many captions to log")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # more threads wait for each other: the models are tiny
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    recipe = RECIPES[options.name or options.folder.name]
    domain = load_domain(options.domain or recipe.domain)
    scores = {}
    for route in options.route or ["128"]:
        scenes, images = draw_test_images(domain, options.scenes, route, held_out=options.held_out)
        captions = write_captions(options.folder, images, recipe, num_beams=options.num_beams)
        scores[route] = asdict(score_captions(domain, scenes, captions))
        for scene, text in list(zip(scenes, captions.texts, strict=True))[: options.show]:
            logger.info("%s\n    %s", dict(scene.facts), text)
    sys.stdout.write(json.dumps(scores, indent=2) + "\n")


if __name__ == "__main__":
    main()
