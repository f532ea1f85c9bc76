"""How captions and images become tensors: tokenizers, image processors, and training batches.

A tokenizer is made from the captions that the checkpoint is to write; an image processor has the
settings of the published checkpoints, but for the size; a batch follows from the seed and its step
alone, so that a resumed run repeats nothing.
"""

import json
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import ByteLevelBPETokenizer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import BertTokenizer, GPT2Tokenizer, PreTrainedTokenizerBase

from f1cap.training.architectures import IGNORED, IMAGE_SIZE, MAX_POSITIONS, Batch, Tokens
from f1cap.training.images import TrainingSet
from f1cap.training.recipe import Recipe

_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_END_OF_TEXT = "<|endoftext|>"
_BPE_SIZE = 800  # 256 bytes and enough merges to make every word of the captions one token
PROMPTS = ("a photo of", "a photograph of", "a photography of", "a picture of", "an image of")
_PROMPTED = 0.1  # the part of the rows that stand behind a prompt

_CLIP_MEAN, _CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
_IMAGENET_MEAN, _IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
_SQUARE = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
_SHARED = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "do_resize": True}

IMAGE_PROCESSORS: dict[str, dict[str, Any]] = {
    "blip": {
        "image_processor_type": "BlipImageProcessor",
        "do_convert_rgb": True,
        "size": _SQUARE,
        "resample": 3,  # bicubic
        "image_mean": _CLIP_MEAN,
        "image_std": _CLIP_STD,
        **_SHARED,
    },
    "git": {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_center_crop": True,
        "crop_size": _SQUARE,
        "size": {"shortest_edge": IMAGE_SIZE},
        "resample": 3,
        "image_mean": _CLIP_MEAN,
        "image_std": _CLIP_STD,
        **_SHARED,
    },
    "swin": {
        "image_processor_type": "ViTImageProcessor",
        "size": _SQUARE,
        "resample": 2,  # bilinear
        "image_mean": _IMAGENET_MEAN,
        "image_std": _IMAGENET_STD,
        **_SHARED,
    },
}


@dataclass(frozen=True)
class CaptionTokenizer:
    """A tokenizer and its special tokens."""

    tokenizer: PreTrainedTokenizerBase
    tokens: Tokens

    def encode(self, captions: Sequence[str]) -> list[list[int]]:
        """Return each caption's token ids from start token to end token."""
        rows = self.tokenizer(list(captions), add_special_tokens=False)["input_ids"]
        return [[self.tokens.bos, *row, self.tokens.eos] for row in rows]


def make_tokenizer(family: str, captions: Iterable[str], folder: Path) -> CaptionTokenizer:
    """Make a family's tokenizer from captions, and save it in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if family == "swin":
        return _make_byte_level_bpe(captions, folder)
    return _make_word_pieces(captions, folder, bos_outside=family == "blip")


def _make_word_pieces(
    captions: Iterable[str], folder: Path, *, bos_outside: bool
) -> CaptionTokenizer:
    """Make a WordPiece tokenizer of the captions' whole words and of single characters.

    Like the real checkpoint, BLIP starts from an id just outside the tokenizer
    (`bos_outside`), which decodes to nothing; GIT starts from [CLS].
    """
    split, fold = BertPreTokenizer(), BertNormalizer(lowercase=True)
    words = {
        word
        for caption in set(captions)
        for word, _ in split.pre_tokenize_str(fold.normalize_str(caption))
    }
    letters = string.ascii_lowercase + string.digits
    pieces = [*letters, *string.punctuation, *(f"##{letter}" for letter in letters)]
    entries = [*_SPECIAL, *pieces, *sorted(words.difference(pieces))]
    path = folder / "vocab.txt"
    path.write_text("\n".join(entries) + "\n", encoding="utf-8")
    tokenizer = BertTokenizer(
        vocab={entry: index for index, entry in enumerate(entries)},
        do_lower_case=True,
        model_max_length=MAX_POSITIONS,
    )
    tokenizer.save_pretrained(folder)
    pad, bos, eos = (entries.index(entry) for entry in ("[PAD]", "[CLS]", "[SEP]"))
    if bos_outside:
        bos = len(entries)
    vocab_size = max(len(entries), bos + 1)
    return CaptionTokenizer(tokenizer, Tokens(vocab_size, bos, eos, pad))


def _make_byte_level_bpe(captions: Iterable[str], folder: Path) -> CaptionTokenizer:
    """Train a byte-level BPE tokenizer, as GPT-2 has; one token starts, ends and pads."""
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        sorted(captions),
        vocab_size=_BPE_SIZE,
        min_frequency=2,
        special_tokens=[_END_OF_TEXT],
        show_progress=False,
    )
    trained.save_model(str(folder))
    vocab = json.loads((folder / "vocab.json").read_text("utf-8"))
    merges = [
        tuple(line.split(" "))
        for line in (folder / "merges.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#version")
    ]
    tokenizer = GPT2Tokenizer(
        vocab=vocab, merges=merges, pad_token=_END_OF_TEXT, model_max_length=MAX_POSITIONS
    )
    tokenizer.save_pretrained(folder)
    eos = vocab[_END_OF_TEXT]
    return CaptionTokenizer(tokenizer, Tokens(len(vocab), bos=eos, eos=eos, pad=eos))


def save_image_processor(family: str, folder: Path) -> None:
    """Write a family's image processor settings into a checkpoint's folder."""
    text = json.dumps(IMAGE_PROCESSORS[family], indent=2)
    (folder / "preprocessor_config.json").write_text(text + "\n", encoding="utf-8")


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
