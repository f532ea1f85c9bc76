"""The tokenisers of the mini checkpoints, made from the captions that they are to write."""

import json
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import ByteLevelBPETokenizer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import BertTokenizer, GPT2Tokenizer, PreTrainedTokenizerBase

from f1cap.training.architectures import POSITIONS, Tokens

_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_END_OF_TEXT = "<|endoftext|>"
_BPE_SIZE = 800  # 256 bytes and enough merges to make every word of the captions one token


@dataclass(frozen=True)
class Vocabulary:
    """A tokeniser and its special tokens."""

    tokenizer: PreTrainedTokenizerBase
    tokens: Tokens

    def encode(self, captions: Sequence[str]) -> list[list[int]]:
        """Return each caption's token ids from start token to end token."""
        rows = self.tokenizer(list(captions), add_special_tokens=False)["input_ids"]
        return [[self.tokens.start, *words, self.tokens.end] for words in rows]


def make_vocabulary(family: str, captions: Iterable[str], folder: Path) -> Vocabulary:
    """Make a family's tokeniser from captions, and save it in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if family == "swin":
        return _make_bytes(captions, folder)
    return _make_words(captions, folder, outside_start=family == "blip")


def _make_words(captions: Iterable[str], folder: Path, *, outside_start: bool) -> Vocabulary:
    """Make a WordPiece tokeniser of the captions' whole words and of single characters.

    Like the real checkpoint, BLIP starts from an id just outside the tokeniser
    (`outside_start`), which decodes to nothing; GIT starts from [CLS].
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
        vocab={entry: number for number, entry in enumerate(entries)},
        do_lower_case=True,
        model_max_length=POSITIONS,
    )
    tokenizer.save_pretrained(folder)
    pad, start, end = (entries.index(entry) for entry in ("[PAD]", "[CLS]", "[SEP]"))
    if outside_start:
        start = len(entries)
    size = max(len(entries), start + 1)
    return Vocabulary(tokenizer, Tokens(size=size, start=start, end=end, pad=pad))


def _make_bytes(captions: Iterable[str], folder: Path) -> Vocabulary:
    """Train a byte-level BPE tokeniser, as GPT-2 has; one token starts, ends and pads."""
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
        vocab=vocab, merges=merges, pad_token=_END_OF_TEXT, model_max_length=POSITIONS
    )
    tokenizer.save_pretrained(folder)
    end = vocab[_END_OF_TEXT]
    return Vocabulary(tokenizer, Tokens(size=len(vocab), start=end, end=end, pad=end))
