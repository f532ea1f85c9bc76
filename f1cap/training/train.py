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
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from transformers import PreTrainedModel

from f1cap.training.architectures import ARCHITECTURES, HIDDEN_SIZE, Batch, Tokens, set_generation
from f1cap.training.images import TrainingSet, prepare_training_set
from f1cap.training.preprocessing import (
    IMAGE_PROCESSORS,
    Batches,
    make_tokenizer,
    save_image_processor,
)
from f1cap.training.recipe import DEFAULT_SEED, RECIPES, Recipe

CHECKPOINTS = Path(__file__).resolve().parents[1] / "bundled" / "checkpoints"
LOG_NAME = "training.jsonl"
_LOG_EVERY = 50  # steps
_SAVE_EVERY = 250
_NOT_BY_MUON = ("embed", "wte", "wpe", "relative_position", "predictions.decoder")
_GIT_LM_HEAD = "output.weight"  # the whole name: the layers have matrices that end so

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


class Optimizer:
    """Muon for the matrices inside the layers, AdamW for all else, on one schedule.

    Muon makes every update orthogonal: a step takes longer than one of AdamW, yet at the same CPU
    time the losses are lower. torch has it from 2.9 on.

    Attributes:
        parameters: Everything that is trained, for clipping.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        head: torch.nn.Module,
        *,
        learning_rates: tuple[float, float],
        weight_decay: float,
    ) -> None:
        """Share out the parameters; `learning_rates` are the peaks of Muon's and of AdamW's."""
        inside = dict(_inner_matrices(model.named_parameters()))
        outside = [p for name, p in model.named_parameters() if name not in inside]
        outside += head.parameters()
        self.parameters = [*inside.values(), *outside]
        self._learning_rates = learning_rates
        muon = torch.optim.Muon(
            list(inside.values()), weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
        )
        adam = torch.optim.AdamW(outside, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
        self._both = (muon, adam)

    def step(self, scale: float) -> None:
        """Update at `scale`, 0 to 1, of the peak learning rates, and zero the gradients."""
        for optimizer, peak in zip(self._both, self._learning_rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = scale * peak
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both."""
        return {"muon": self._both[0].state_dict(), "adam": self._both[1].state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of both."""
        self._both[0].load_state_dict(state["muon"])
        self._both[1].load_state_dict(state["adam"])


def _inner_matrices(
    named: Iterable[tuple[str, torch.nn.Parameter]],
) -> Iterable[tuple[str, torch.nn.Parameter]]:
    """Yield the matrices between embeddings and output, which Muon is made for."""
    for name, parameter in named:
        outside = name == _GIT_LM_HEAD or any(part in name for part in _NOT_BY_MUON)
        if parameter.ndim == 2 and not outside:
            yield name, parameter


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
class Metrics:
    """What one step measured: both losses, and how often the fact head was right."""

    loss: float
    fact_loss: float
    accuracy: dict[str, float]


def average(steps: Sequence[Metrics]) -> Metrics:
    """Return the mean of several steps' metrics."""
    accuracies: dict[str, list[float]] = {}
    for metrics in steps:
        for fact, part in metrics.accuracy.items():
            accuracies.setdefault(fact, []).append(part)
    return Metrics(
        loss=round(fmean(metrics.loss for metrics in steps), 4),
        fact_loss=round(fmean(metrics.fact_loss for metrics in steps), 4),
        accuracy={fact: round(fmean(parts), 4) for fact, parts in accuracies.items()},
    )


def train(job: Job, data: TrainingSet, *, stop_at: int | None = None) -> Path | None:
    """Train one checkpoint; with `stop_at`, stop there as if killed, with the run saved."""
    torch.set_num_threads(1)  # two trainings side by side get more done than one on two cores
    recipe = job.recipe
    fresh = job.work / f"{job.stem}-folder"
    captions = [caption for captions in data.captions for caption in captions]
    tokenizer = make_tokenizer(recipe.family, captions, fresh)
    save_image_processor(recipe.family, fresh)
    mean, std = (IMAGE_PROCESSORS[recipe.family][key] for key in ("image_mean", "image_std"))
    batches = Batches(data, recipe, job.seed, tokenizer)
    run = _start(recipe, tokenizer.tokens, data, job.seed)
    saved = job.work / f"{job.stem}.pt"
    if saved.exists():
        run.resume(saved)
        logger.info("%s: going on from step %d", job.name, run.step)
    before = time.process_time() - run.cpu_s
    end = min(stop_at or recipe.steps, recipe.steps)
    recent: list[Metrics] = []
    while run.step < end:
        recent.append(_take_step(run, recipe, batches.at(run.step, mean, std), data))
        run.step += 1
        run.cpu_s = time.process_time() - before
        if run.step % _LOG_EVERY == 0 or run.step == end:
            _write_log(job, run, average(recent))
            recent.clear()
        if run.step % _SAVE_EVERY == 0 or run.step == end:
            run.save(saved)
    if end < recipe.steps:
        return None
    set_generation(run.model, tokenizer.tokens, start=ARCHITECTURES[recipe.family].start_key)
    run.model.eval().half().save_pretrained(fresh)
    job.out.mkdir(parents=True, exist_ok=True)
    for path in fresh.iterdir():
        shutil.copyfile(path, job.out / path.name)
    shutil.copyfile(job.log, job.out / LOG_NAME)
    return job.out


def _start(recipe: Recipe, tokens: Tokens, data: TrainingSet, seed: int) -> Run:
    torch.manual_seed(seed)
    model = ARCHITECTURES[recipe.family].build(tokens).train()
    head = torch.nn.Linear(2 * HIDDEN_SIZE, sum(data.fact_sizes))
    learning_rates = (recipe.muon_lr, recipe.adamw_lr)
    optimizer = Optimizer(
        model, head, learning_rates=learning_rates, weight_decay=recipe.weight_decay
    )
    return Run(model, head, optimizer)


def _take_step(run: Run, recipe: Recipe, batch: Batch, data: TrainingSet) -> Metrics:
    progress = run.step / recipe.steps
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = ARCHITECTURES[recipe.family].run(run.model, batch)
        pooled = torch.cat(
            [output.image_states.mean(dim=1), output.image_states.amax(dim=1)], dim=-1
        )
        logits = run.head(pooled)
    fact_loss, accuracy = _fact_loss(logits.float(), batch.facts, data)
    first, last = recipe.fact_weight
    (output.loss + (first + (last - first) * progress) * fact_loss).backward()
    torch.nn.utils.clip_grad_norm_(run.optimizer.parameters, recipe.max_grad_norm)
    warm = min(1.0, (run.step + 1) / recipe.warmup_steps)
    run.optimizer.step(warm * (0.5 + 0.5 * math.cos(math.pi * progress)))
    return Metrics(output.loss.item(), fact_loss.item(), accuracy)


def _fact_loss(
    logits: torch.Tensor, facts: torch.Tensor, data: TrainingSet
) -> tuple[torch.Tensor, dict[str, float]]:
    """Return the fact head's loss, summed over the facts, and its accuracy on each."""
    loss, accuracy = logits.new_zeros(()), {}
    for column, part in enumerate(logits.split(data.fact_sizes, dim=-1)):
        wanted = facts[:, column]
        present = wanted >= 0
        if present.any():
            entropy = torch.nn.functional.cross_entropy
            total = entropy(part, wanted, ignore_index=-1, reduction="sum")
            loss = loss + total / len(wanted)
            hits = (part.argmax(-1) == wanted)[present]
            accuracy[data.fact_names[column]] = hits.float().mean().item()
    return loss, accuracy


def _write_log(job: Job, run: Run, metrics: Metrics) -> None:
    record = {"step": run.step, "cpu_minutes": round(run.cpu_s / 60, 2), **asdict(metrics)}
    with job.log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    facts = " ".join(f"{fact} {part:.2f}" for fact, part in metrics.accuracy.items())
    losses = f"loss {metrics.loss:.3f}, facts {metrics.fact_loss:.3f} ({facts})"
    minutes = run.cpu_s / 60
    logger.info("%s step %d, %.1f CPU-minutes: %s", job.name, run.step, minutes, losses)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, draw the images, train."""
    parser = argparse.ArgumentParser(prog="python -m f1cap.training.train", description=__doc__)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--out", type=Path, help="folder of the checkpoint")
    parser.add_argument("--work", type=Path, help="folder of images, log and saved run")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--cpu-minutes", type=float, help="train for about as long as this")
    parser.add_argument("--steps", type=int, help="train for exactly so many steps")
    parser.add_argument("--images", type=int, help="how many scenes to draw")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    recipe = RECIPES[options.name]
    if options.cpu_minutes:
        recipe = replace(recipe, steps=round(options.cpu_minutes * recipe.steps_per_minute))
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    if options.images:
        recipe = replace(recipe, images=options.images)
    work = options.work or Path(tempfile.gettempdir()) / "f1cap-training"
    out = options.out or CHECKPOINTS / options.name
    data = prepare_training_set(recipe.domain, recipe.images, work)
    train(Job(options.name, recipe, options.seed, out, work), data)
    logger.info("%s: written to %s", options.name, out)


if __name__ == "__main__":
    main()
