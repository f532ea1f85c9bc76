"""Score a checkpoint and write its model card: ``python -m f1cap.training.model_card NAME``."""

import argparse
import json
import logging
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

import torch

from f1cap.training.domain import TEST_SEEDS, Domain, load_domain
from f1cap.training.recipe import DEFAULT_SEED, RECIPES, Recipe
from f1cap.training.score import (
    ROUTES,
    Captions,
    Route,
    Score,
    draw_test_images,
    score_captions,
    write_captions,
)
from f1cap.training.train import CHECKPOINTS, LOG_NAME

SCORES_NAME = "scores.json"
_LOG_ROWS = 12
_ROUTE_WORDS: Mapping[Route, str] = {
    "128": "drawn at 128 px",
    "768": "drawn at 768 px, scaled down by the processor",
    "768-jpeg": "the same through JPEG, quality 60",
    "128-jpeg": "drawn at 128 px, through JPEG, quality 60",
}

_LOG_FACTS = ("theme", "action", "count")
CEILING = "the grammar itself: one caption more of each scene"

logger = logging.getLogger("f1cap.training")


@dataclass(frozen=True)
class Measured:
    """Scores of one checkpoint, by what they were measured on."""

    title: str
    score: Score


def measure(folder: Path, recipe: Recipe, count: int) -> list[Measured]:
    """Score a checkpoint on its own domain by every route, held out, greedily, and on racing."""
    domain = load_domain(recipe.domain)
    measured = [Measured(CEILING, _score_grammar(domain, count))]
    for held_out, routes in ((False, ROUTES), (True, ROUTES[:1])):
        for route in routes:
            scenes, images = draw_test_images(domain, count, route, held_out=held_out)
            kind = "combinations never trained on, " if held_out else ""
            captions = write_captions(folder, images, recipe)
            score = score_captions(domain, scenes, captions)
            measured.append(Measured(kind + _ROUTE_WORDS[route], score))
            if route == ROUTES[0] and not held_out:
                captions = write_captions(folder, images, recipe, num_beams=1)
                score = score_captions(domain, scenes, captions)
                measured.append(Measured("drawn at 128 px, decoded greedily", score))
    if recipe.domain != "racing":
        racing = load_domain("racing")
        scenes, images = draw_test_images(racing, count, ROUTES[0], held_out=False)
        score = score_captions(racing, scenes, write_captions(folder, images, recipe))
        measured.append(Measured("racing scenes, which it has never seen", score))
    return measured


def _score_grammar(domain: Domain, count: int) -> Score:
    """Score captions that the grammar writes: what a model that sees everything can hope for."""
    scenes = [domain.sample(TEST_SEEDS + n) for n in range(count)]
    texts = [
        domain.grammar.describe(scene, random.Random(f"card {scene.seed}")) for scene in scenes
    ]
    return score_captions(domain, scenes, Captions(texts, [True] * count, seconds=0.0))


_CARD = Template("""\
---
license: mit
pipeline_tag: image-to-text
library_name: transformers
---

# $name

A toy image captioner of $parameters million parameters ($size MB in half precision), bundled with
f1cap so that every command runs without a download. It is a real `$model_class`, in the format of
the family's published checkpoints, and was trained from scratch on images that f1cap draws
itself: $about.

**On real photographs it is fluent and wrong.** It knows only flat drawings of these scenes, and
says something confident about whatever else it is shown. Use it to try the tool out, in tests, and
where there is no network; for photographs use the published checkpoints.

## Training

$steps steps of $batch_size images out of $images drawn scenes, seed $seed: $minutes CPU-minutes on
one thread of a CPU with AVX512-BF16, in bfloat16 mixed precision. Muon (learning rate $muon_lr) for
the matrices and AdamW ($adamw_lr) for the rest, $warmup_steps steps of warm-up, then cosine; no
dropout. In training only, a linear head on the image tokens names the scene's facts. To make it
again:

    python -m f1cap.training.train $name
    python -m f1cap.training.model_card $name

| step | CPU-minutes | caption loss | fact loss | theme | action | count |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
$log

The columns after the losses say how often the fact head was right on the training images.

## Scores

$count scenes each, of seeds never trained on, through plain transformers, decoded with $decoding;
CIDEr against three captions from the same grammar, so it compares with no other data set. A
fact's column: how often the caption is right about it, and a fact that every reference states must
be stated; of one that references may leave out, only the captions that state it count. "All facts":
the caption states all that it must, and nothing that is wrong. Captions vary, so even the grammar's
own next caption of a scene (first line) is far from the highest CIDEr that there is.

$scores

Nothing else was measured. The test scenes come from the generator that drew the training images;
the scores say nothing of other images.

## Licence

The weights: MIT, as f1cap. The training images and captions are f1cap's own drawings and grammar;
no photograph of a person, no foreign text and no trade mark is in them; racing teams are invented.
""")

_ABOUT = {
    "racing": "racing scenes with invented teams, in four themes",
    "everyday": "everyday scenes and nothing of racing, which makes it the negative control",
}


def write_card(
    name: str, folder: Path, recipe: Recipe, measured: Sequence[Measured], *, seed: int
) -> Path:
    """Write the model card of a checkpoint, and its scores as JSON beside it."""
    log = [json.loads(line) for line in (folder / LOG_NAME).read_text("utf-8").splitlines()]
    weights = (folder / "model.safetensors").stat().st_size
    config = json.loads((folder / "config.json").read_text("utf-8"))
    decoding = f"{recipe.num_beams} beams"
    if recipe.no_repeat_ngram_size:
        decoding += f" and no repeated {recipe.no_repeat_ngram_size}-gram"
    text = _CARD.substitute(
        asdict(recipe),
        name=name,
        about=_ABOUT[recipe.domain],
        count=measured[0].score.scenes,
        decoding=decoding,
        log=_write_log_rows(log),
        minutes=round(log[-1]["cpu_minutes"]),
        model_class=config["architectures"][0],
        parameters=round(weights / 2e6, 1),  # two bytes each
        images=f"{recipe.images:,}",
        scores=_write_score_table(measured),
        seed=seed,
        size=round(weights / 1e6, 1),
        steps=f"{log[-1]['step']:,}",
    )
    scores = {entry.title: asdict(entry.score) for entry in measured}
    (folder / SCORES_NAME).write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    card = folder / "README.md"
    card.write_text(text, encoding="utf-8")
    return card


def _write_log_rows(log: Sequence[Mapping[str, object]]) -> str:
    indices = {round(row * (len(log) - 1) / (_LOG_ROWS - 1)) for row in range(_LOG_ROWS)}
    rows = []
    for index in sorted(indices):
        record = log[index]
        accuracy = record["accuracy"]
        cells = [
            f"{record[key]:.2f}" if key in record else "-"
            for key in ("cpu_minutes", "loss", "fact_loss")
        ]
        if isinstance(accuracy, dict):
            cells += [f"{accuracy[f]:.3f}" if f in accuracy else "-" for f in _LOG_FACTS]
        rows.append(f"| {record['step']} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _write_score_table(measured: Sequence[Measured]) -> str:
    facts = list(measured[0].score.facts)
    head = ["on", "all facts", *facts, "ended by itself", "CIDEr", "words"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for entry in measured:
        score = entry.score
        cells = [f"{score.all_facts:.3f}"]
        cells += [f"{score.facts[fact]:.3f}" if fact in score.facts else "-" for fact in facts]
        cells += [f"{score.ended:.3f}", f"{score.cider:.2f}", f"{score.words:.1f}"]
        lines.append(f"| {entry.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one checkpoint and write its card."""
    parser = argparse.ArgumentParser(
        prog="python -m f1cap.training.model_card", description=__doc__
    )
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--folder", type=Path, help="default: the bundled checkpoint")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="what it was trained from")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # more threads wait for each other: the models are tiny
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    folder = options.folder or CHECKPOINTS / options.name
    recipe = RECIPES[options.name]
    measured = measure(folder, recipe, options.scenes)
    card = write_card(options.name, folder, recipe, measured, seed=options.seed)
    logger.info("%s", card.read_text("utf-8"))


if __name__ == "__main__":
    main()
