"""The KV cache of a search, which beams share without copies, and the session that fills it.

The beams of an image share one row of the cache. What is the same for all of them (image tokens,
the prompt) is stored there once; each step appends one position per beam, and an attention mask
says which positions a beam descends from. Reordering beams copies rows of the mask, not of the
cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

import torch

from f1cap.models.decoding.kernels import NEG_INF

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class AttentionShape:
    """The attention of a text model."""

    num_layers: int
    num_heads: int
    head_dim: int


class KeyValues:
    """Keys and values of each layer, [images, heads, positions, head_dim]."""

    def __init__(self, shape: AttentionShape, images: int, positions: int, like: "Tensor") -> None:
        """Allocate memory on the device and in the dtype of `like`."""
        size = (images, shape.num_heads, positions, shape.head_dim)
        self.keys = [like.new_empty(size) for _ in range(shape.num_layers)]
        self.values = [like.new_empty(size) for _ in range(shape.num_layers)]

    @classmethod
    def empty(cls, like: "Tensor") -> Self:
        """Return those of a family without cross-attention."""
        return cls(AttentionShape(0, 0, 0), 0, 0, like)

    def select(self, indices: Sequence[int]) -> None:
        """Drop all images but these; see `search.Session.select`."""
        self.keys = [_select_rows(rows, indices) for rows in self.keys]
        self.values = [_select_rows(rows, indices) for rows in self.values]


class KVCache:
    """Self-attention's keys and values for the beams of a batch of images."""

    def __init__(
        self, shape: AttentionShape, images: int, num_beams: int, capacity: int, like: "Tensor"
    ) -> None:
        """Allocate memory for a search.

        Args:
            shape: The text model's.
            images: In the batch.
            num_beams: Per image.
            capacity: Positions per image: the shared ones, and `num_beams` for each step.
            like: A tensor of the device and dtype that the model runs in.
        """
        self._key_values = KeyValues(shape, images, capacity, like)
        self._num_beams = num_beams
        self._length = 0  # positions in use, those of the current pass included
        self._past_length = 0  # positions that earlier passes wrote
        # [images, 1, beams, positions], added to scores; None where a single beam attends to all
        self._mask: Tensor | None = None
        if num_beams > 1:
            self._mask = like.new_full((images, 1, num_beams, capacity), NEG_INF)
        # of the newest positions each beam attends to its own
        self._newest_mask = like.new_full((num_beams, num_beams), NEG_INF).fill_diagonal_(0)

    def extend_shared(self, count: int) -> None:
        """Begin a pass over positions that all beams share."""
        self._extend(count)
        if self._mask is not None:
            self._mask[..., : self._length] = 0

    def extend_beams(self, beam_idx: "Tensor") -> "Tensor | None":
        """Begin a pass over one new token for each beam.

        Args:
            beam_idx: The beam of the previous pass that each beam continues, [images, beams].

        Returns:
            The attention mask, [images, 1, beams, positions]; None where nothing is masked.
        """
        self._extend(self._num_beams)
        if self._mask is None:
            return None
        past = self._mask[..., : self._past_length]
        self._mask[..., : self._past_length] = torch.take_along_dim(
            past, beam_idx[:, None, :, None], dim=2
        )
        self._mask[..., self._past_length : self._length] = self._newest_mask
        return self._mask[..., : self._length]

    def write(self, layer: int, keys: "Tensor", values: "Tensor", first: int = 0) -> None:
        """Store this pass's keys and values of the images from `first` on.

        Both are [images, heads, count, head_dim].
        """
        rows = slice(first, first + len(keys))
        positions = slice(self._past_length, self._length)
        self._key_values.keys[layer][rows, :, positions] = keys
        self._key_values.values[layer][rows, :, positions] = values

    def read(self, layer: int) -> tuple["Tensor", "Tensor"]:
        """Return all keys and values of a layer, this pass's included."""
        keys, values = self._key_values.keys[layer], self._key_values.values[layer]
        return keys[:, :, : self._length], values[:, :, : self._length]

    def select(self, indices: Sequence[int]) -> None:
        """Drop all images but these; see `search.Session.select`."""
        self._key_values.select(indices)
        if self._mask is not None:
            self._mask = _select_rows(self._mask, indices)

    def _extend(self, count: int) -> None:
        self._past_length = self._length
        self._length += count


class TextModel(Protocol):
    """The text half of a family."""

    def forward(
        self,
        tokens: "Tensor",
        positions: slice,
        mask: "Tensor | None",
        cache: KVCache,
        cross_kv: KeyValues,
    ) -> "Tensor":
        """Run the layers over new tokens.

        Args:
            tokens: [images, count]: the prompt, or one token for each beam.
            positions: Their position ids: `count` of them, or one that all beams share.
            mask: The attention mask, as `kernels.attend` takes it.
            cache: This pass's keys and values are written to it.
            cross_kv: The images' keys and values, in a family with cross-attention.

        Returns:
            Hidden states, [images, count, hidden size].
        """
        ...

    def compute_logits(self, states: "Tensor") -> "Tensor":
        """Turn hidden states, [..., hidden size], into logits, [..., vocab_size]."""
        ...


class TextSession:
    """Implements `search.Session`."""

    def __init__(
        self,
        model: TextModel,
        prompt: "Tensor",
        cache: KVCache,
        cross_kv: KeyValues,
        prefix_length: int = 0,
    ) -> None:
        """Begin after the images were encoded.

        Args:
            model: The family's text half.
            prompt: The prompt ids of every image, [images, count].
            cache: Empty, or holding image tokens.
            cross_kv: The images' keys and values for cross-attention.
            prefix_length: Image tokens in the cache.
        """
        self._model = model
        self._prompt = prompt
        self._cache = cache
        self._cross_kv = cross_kv
        self._prefix_length = prefix_length
        self._position_offset = 0  # position id of the next token

    def prefill(self) -> "Tensor":
        """Run the prompt; return logits [images, vocab_size]."""
        count = self._prompt.shape[1]
        self._cache.extend_shared(count)
        like = self._cache.read(0)[0]
        mask = causal_mask(count, self._prefix_length, like)
        return self._model.compute_logits(self._forward(self._prompt, count, mask)[:, -1])

    def step(self, tokens: "Tensor", beam_idx: "Tensor") -> "Tensor":
        """Run one token for each beam; return logits [images, beams, vocab_size]."""
        mask = self._cache.extend_beams(beam_idx)
        return self._model.compute_logits(self._forward(tokens, 1, mask))

    def select(self, indices: Sequence[int]) -> None:
        """Drop all images but these."""
        self._cache.select(indices)
        self._cross_kv.select(indices)

    def _forward(self, tokens: "Tensor", count: int, mask: "Tensor | None") -> "Tensor":
        positions = slice(self._position_offset, self._position_offset + count)
        self._position_offset += count
        return self._model.forward(tokens, positions, mask, self._cache, self._cross_kv)


def repeat_prompt(prompt_ids: Sequence[int], pixels: "Tensor") -> "Tensor":
    """Return the prompt once for each image, [images, count]."""
    return torch.tensor([list(prompt_ids)] * len(pixels), device=pixels.device)


def causal_mask(query_length: int, past_length: int, like: "Tensor") -> "Tensor | None":
    """Let each of the newest positions attend to the past, the ones before it, and itself.

    Returns:
        [1, 1, query_length, past_length + query_length]; None for one position, which attends
        to everything.
    """
    if query_length == 1:
        return None
    size = (1, 1, query_length, past_length + query_length)
    return like.new_full(size, NEG_INF).triu_(past_length + 1)


def _select_rows(rows: "Tensor", indices: Sequence[int]) -> "Tensor":
    """Move rows to their new indices and return a view of them; the others are not copied."""
    for new, old in enumerate(indices):
        if new != old:
            rows[new] = rows[old]
    return rows[: len(indices)]
