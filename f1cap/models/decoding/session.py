"""A search's session over any of the three text models: start tokens, then a token per beam."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from f1cap.models.decoding.cache import Entries, TextCache, causal_mask

if TYPE_CHECKING:
    from torch import Tensor


class TextModel(Protocol):
    """The text half of a family."""

    def read(
        self,
        tokens: "Tensor",
        positions: slice,
        mask: "Tensor | None",
        cache: TextCache,
        pictures: Entries,
    ) -> "Tensor":
        """Run the layers over new tokens.

        Args:
            tokens: [pictures, count]: start tokens, or one for each beam.
            positions: Their places in the text: `count` of them, or one that all beams share.
            mask: Where they may look, as `kernels.attend` takes it.
            cache: The past; this pass's entries are written to it.
            pictures: What cross-attention looks at, in a family that has it.

        Returns:
            States, [pictures, count, width].
        """
        ...

    def score(self, states: "Tensor") -> "Tensor":
        """Turn states, [..., width], into logits, [..., vocabulary]."""
        ...


class TextSession:
    """Implements `search.Session`."""

    def __init__(
        self,
        model: TextModel,
        start: "Tensor",
        cache: TextCache,
        pictures: Entries,
        prefix: int = 0,
    ) -> None:
        """Begin after the pictures were encoded.

        Args:
            model: The family's text half.
            start: The start tokens of every picture, [pictures, count].
            cache: Empty, or holding image tokens.
            pictures: For cross-attention.
            prefix: Image tokens in the cache.
        """
        self._model = model
        self._start = start
        self._cache = cache
        self._pictures = pictures
        self._prefix = prefix
        self._said = 0  # text positions read

    def start(self) -> "Tensor":
        """Read the start tokens; return logits [pictures, vocabulary]."""
        count = self._start.shape[1]
        self._cache.share(count)
        like = self._cache.read(0)[0]
        mask = causal_mask(count, self._prefix, like)
        return self._model.score(self._read(self._start, count, mask)[:, -1])

    def step(self, tokens: "Tensor", parents: "Tensor") -> "Tensor":
        """Read a token for each beam; return logits [pictures, beams, vocabulary]."""
        mask = self._cache.branch(parents)
        return self._model.score(self._read(tokens, 1, mask))

    def keep(self, pictures: Sequence[int]) -> None:
        """Drop all pictures but these."""
        self._cache.keep(pictures)
        self._pictures.keep(pictures)

    def _read(self, tokens: "Tensor", count: int, mask: "Tensor | None") -> "Tensor":
        positions = slice(self._said, self._said + count)
        self._said += count
        return self._model.read(tokens, positions, mask, self._cache, self._pictures)


def repeat_start(start: Sequence[int], pixels: "Tensor") -> "Tensor":
    """Return the start tokens once for each picture, [pictures, count]."""
    return torch.tensor([list(start)] * len(pixels), device=pixels.device)
