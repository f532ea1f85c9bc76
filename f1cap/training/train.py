"""Train a mini checkpoint from a seed: ``python -m f1cap.training.train git-mini``.

The number of steps is fixed, and every batch follows from the seed and its step alone, so that the
same command gives the same weights on the same kind of machine; a run that was stopped goes on
where it saved itself last.
"""

import argparse
import json
import logging
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean

import torch
from transformers import PreTrainedModel

from f1cap.training.architectures import ARCHITECTURES, WIDTH, Batch, Tokens, set_generation
from f1cap.training.batches import Batches
from f1cap.training.optimizer import Optimizer
from f1cap.training.pictures import SIZE, Pictures, prepare_pictures
from f1cap.training.processors import PROCESSORS, save_processor
from f1cap.training.recipe import DEFAULT_SEED, RECIPES, Recipe
from f1cap.training.vocabulary import make_vocabulary

CHECKPOINTS = Path(__file__).resolve().parents[1] / "bundled" / "checkpoints"
LOG_NAME = "training.jsonl"
_LOG_EVERY = 50  # steps
_SAVE_EVERY = 250

logger = logging.getLogger("f1cap.training")


@dataclass(frozen=True)
class Job:
    """One checkpoint to train: `out` is its folder, `work` holds the log and the saved run."""

    name: str
    recipe: Recipe
    seed: int
    out: Path
    work: Path

    @property
    def stem(self) -> str:
        """What the files in `work` are called."""
        return f"{self.name}-seed{self.seed}-{self.recipe.steps}"

    @property
    def log(self) -> Path:
        """A record for every few steps, as JSON lines."""
        return self.work / f"{self.stem}.log.jsonl"


@dataclass
class Run:
    """A training run as it stands: what is saved, and what goes on from there."""

    model: PreTrainedModel
    head: torch.nn.Linear  # the fact head, used in training only
    optimizer: Optimizer
    step: int = 0
    cpu_s: float = 0.0

    def save(self, path: Path) -> None:
        """Save the whole run, so that a kill at any time leaves one that can be resumed."""
        partial = path.with_suffix(".partial")
        state = {
            "model": self.model.state_dict(),
            "head": self.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "cpu_s": self.cpu_s,
        }
        torch.save(state, partial)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from a saved run."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.cpu_s = state["step"], state["cpu_s"]


@dataclass(frozen=True)
class Figures:
    """What one step measured: both losses, and how often the fact head was right."""

    loss: float
    fact_loss: float
    right: dict[str, float]


def average(steps: Sequence[Figures]) -> Figures:
    """Return the mean of several steps' figures."""
    rights: dict[str, list[float]] = {}
    for figures in steps:
        for fact, part in figures.right.items():
            rights.setdefault(fact, []).append(part)
    return Figures(
        loss=round(fmean(figures.loss for figures in steps), 4),
        fact_loss=round(fmean(figures.fact_loss for figures in steps), 4),
        right={fact: round(fmean(parts), 4) for fact, parts in rights.items()},
    )


def train(job: Job, pictures: Pictures, *, stop_at: int | None = None) -> Path | None:
    """Train one checkpoint; with `stop_at`, stop there as if killed, with the run saved."""
    torch.set_num_threads(1)  # two trainings side by side get more done than one on two cores
    recipe = job.recipe
    fresh = job.work / f"{job.stem}-folder"
    captions = [caption for captions in pictures.captions for caption in captions]
    vocabulary = make_vocabulary(recipe.family, captions, fresh)
    save_processor(recipe.family, fresh)
    mean, std = (PROCESSORS[recipe.family][key] for key in ("image_mean", "image_std"))
    batches = Batches(pictures, recipe, job.seed, vocabulary)
    run = _start(recipe, vocabulary.tokens, pictures, job.seed)
    saved = job.work / f"{job.stem}.pt"
    if saved.exists():
        run.resume(saved)
        logger.info("%s: going on from step %d", job.name, run.step)
    before = time.process_time() - run.cpu_s
    end = min(stop_at or recipe.steps, recipe.steps)
    recent: list[Figures] = []
    while run.step < end:
        recent.append(_take_step(run, recipe, batches.at(run.step, mean, std), pictures))
        run.step += 1
        run.cpu_s = time.process_time() - before
        if run.step % _LOG_EVERY == 0 or run.step == end:
            _write_log(job, run, average(recent))
            recent.clear()
        if run.step % _SAVE_EVERY == 0 or run.step == end:
            run.save(saved)
    if end < recipe.steps:
        return None
    set_generation(run.model, vocabulary.tokens, start=ARCHITECTURES[recipe.family].start_key)
    run.model.eval().half().save_pretrained(fresh)
    job.out.mkdir(parents=True, exist_ok=True)
    for path in fresh.iterdir():
        shutil.copyfile(path, job.out / path.name)
    shutil.copyfile(job.log, job.out / LOG_NAME)
    return job.out


def _start(recipe: Recipe, tokens: Tokens, pictures: Pictures, seed: int) -> Run:
    torch.manual_seed(seed)
    model = ARCHITECTURES[recipe.family].build(tokens).train()
    head = torch.nn.Linear(2 * WIDTH, sum(pictures.fact_sizes))
    rates = (recipe.muon_rate, recipe.adam_rate)
    optimizer = Optimizer(model, head, rates=rates, weight_decay=recipe.weight_decay)
    return Run(model, head, optimizer)


def _take_step(run: Run, recipe: Recipe, batch: Batch, pictures: Pictures) -> Figures:
    progress = run.step / recipe.steps
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = ARCHITECTURES[recipe.family].run(run.model, batch)
        seen = torch.cat([output.vision.mean(dim=1), output.vision.amax(dim=1)], dim=-1)
        logits = run.head(seen)
    fact_loss, right = _judge_facts(logits.float(), batch.facts, pictures)
    first, last = recipe.fact_weight
    (output.loss + (first + (last - first) * progress) * fact_loss).backward()
    torch.nn.utils.clip_grad_norm_(run.optimizer.parameters, recipe.clip)
    warm = min(1.0, (run.step + 1) / recipe.warm_up)
    run.optimizer.step(warm * (0.5 + 0.5 * math.cos(math.pi * progress)))
    return Figures(output.loss.item(), fact_loss.item(), right)


def _judge_facts(
    logits: torch.Tensor, facts: torch.Tensor, pictures: Pictures
) -> tuple[torch.Tensor, dict[str, float]]:
    """Return the fact head's loss, summed over the facts, and how often each was right."""
    loss, right = logits.new_zeros(()), {}
    for column, part in enumerate(logits.split(pictures.fact_sizes, dim=-1)):
        wanted = facts[:, column]
        present = wanted >= 0
        if present.any():
            entropy = torch.nn.functional.cross_entropy
            total = entropy(part, wanted, ignore_index=-1, reduction="sum")
            loss = loss + total / len(wanted)
            hits = (part.argmax(-1) == wanted)[present]
            right[pictures.fact_names[column]] = hits.float().mean().item()
    return loss, right


def _write_log(job: Job, run: Run, figures: Figures) -> None:
    record = {"step": run.step, "cpu_minutes": round(run.cpu_s / 60, 2), **asdict(figures)}
    with job.log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    facts = " ".join(f"{fact} {part:.2f}" for fact, part in figures.right.items())
    losses = f"loss {figures.loss:.3f}, facts {figures.fact_loss:.3f} ({facts})"
    minutes = run.cpu_s / 60
    logger.info("%s step %d, %.1f core-minutes: %s", job.name, run.step, minutes, losses)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, draw the pictures, train."""
    parser = argparse.ArgumentParser(prog="python -m f1cap.training.train", description=__doc__)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--out", type=Path, help="folder of the checkpoint")
    parser.add_argument("--work", type=Path, help="folder of pictures, log and saved run")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--core-minutes", type=float, help="train for about as long as this")
    parser.add_argument("--steps", type=int, help="train for exactly so many steps")
    parser.add_argument("--pictures", type=int, help="how many scenes to draw")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    recipe = RECIPES[options.name]
    if options.core_minutes:
        recipe = replace(recipe, steps=round(options.core_minutes * recipe.steps_per_minute))
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    if options.pictures:
        recipe = replace(recipe, pictures=options.pictures)
    work = options.work or Path(tempfile.gettempdir()) / "f1cap-mini"
    out = options.out or CHECKPOINTS / options.name
    pictures = prepare_pictures(recipe.domain, recipe.pictures, work, size=SIZE)
    train(Job(options.name, recipe, options.seed, out, work), pictures)
    logger.info("%s: written to %s", options.name, out)


if __name__ == "__main__":
    main()
