"""Training batches: the same for the same seed and step, so that a resumed run repeats nothing."""

import numpy as np
import torch
from numpy.typing import NDArray

from f1cap.training.architectures import IGNORED, Batch
from f1cap.training.images import TrainingSet
from f1cap.training.processing import CaptionTokenizer
from f1cap.training.recipe import Recipe

PROMPTS = ("a photo of", "a photograph of", "a photography of", "a picture of", "an image of")
_PROMPTED = 0.1  # the part of the rows that stand behind a prompt


class Batches:
    """Makes the batch of any step."""

    def __init__(
        self, data: TrainingSet, recipe: Recipe, seed: int, tokenizer: CaptionTokenizer
    ) -> None:
        """Encode all captions once."""
        self._data = data
        self._recipe = recipe
        self._seed = seed
        self._pad = tokenizer.tokens.pad
        rows = iter(tokenizer.encode([c for captions in data.captions for c in captions]))
        self._ids = [[next(rows) for _ in captions] for captions in data.captions]
        self._prompts = [row[1:-1] for row in tokenizer.encode(PROMPTS)]
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.zeros(0, dtype=np.int64))

    def at(self, step: int, mean: list[float], std: list[float]) -> Batch:
        """Return the batch of a step, its pixels normalised by `mean` and `std`."""
        rng = np.random.default_rng([self._seed, step])
        rows = self._rows(step)
        pixels = self._augment(self._data.images[rows], rng)
        pixels.sub_(torch.tensor(mean).view(1, 3, 1, 1)).div_(torch.tensor(std).view(1, 3, 1, 1))
        ids, labels = self._texts(rows, rng)
        return Batch(pixels, ids, labels, torch.from_numpy(self._data.facts[rows]))

    def _rows(self, step: int) -> NDArray[np.int64]:
        """Return the images of a step: every image once, then all again in another order."""
        count, batch_size = len(self._ids), self._recipe.batch_size
        per_epoch = max(1, count // batch_size)
        epoch, index = divmod(step, per_epoch)
        if self._order[0] != epoch:
            order = np.random.default_rng([self._seed, 7, epoch]).permutation(count)
            self._order = (epoch, order)
        return np.sort(self._order[1][index * batch_size : (index + 1) * batch_size])

    def _augment(self, images: NDArray[np.uint8], rng: np.random.Generator) -> torch.Tensor:
        """Shift each image a little and change its brightness; 0 to 1, channels first."""
        reach = self._recipe.max_shift
        padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
        size = images.shape[1]
        shifts = rng.integers(0, 2 * reach + 1, size=(len(images), 2))
        cropped = np.stack(
            [padded[row, y : y + size, x : x + size] for row, (y, x) in enumerate(shifts.tolist())]
        )
        pixels = torch.from_numpy(cropped).permute(0, 3, 1, 2).contiguous().float()
        change = self._recipe.brightness
        gain = torch.from_numpy(rng.uniform(1 - change, 1 + change, len(images)) / 255).float()
        return pixels.mul_(gain.view(-1, 1, 1, 1)).clamp_(max=1)

    def _texts(
        self, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Choose a caption for each row; pad, and mark what the loss skips."""
        texts = []
        for row in rows.tolist():
            captions = self._ids[row]
            text = captions[int(rng.integers(len(captions)))]
            skipped = 1  # the start token
            if self._recipe.prompts and rng.random() < _PROMPTED:
                prompt = self._prompts[int(rng.integers(len(self._prompts)))]
                text = [text[0], *prompt, *text[1:]]
                skipped += len(prompt)
            texts.append((text, skipped))
        longest = max(len(text) for text, _ in texts)
        ids = torch.full((len(texts), longest), self._pad)
        labels = torch.full((len(texts), longest), IGNORED)
        for index, (text, skipped) in enumerate(texts):
            ids[index, : len(text)] = torch.tensor(text)
            labels[index, skipped : len(text)] = torch.tensor(text[skipped:])
        return ids, labels
