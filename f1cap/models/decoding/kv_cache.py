"""The KV cache of a search, laid out so that beams need no copying, and the session that fills it.

The beams of an image share one row of memory. What is the same for all of them (image tokens, the
prompt) lies there once; each step adds one entry per beam, and a mask says which entries a beam
descends from. Following a parent then copies a row of the mask, not of the cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

import torch

if TYPE_CHECKING:
    from torch import Tensor


_UNSEEN = float("-inf")


@dataclass(frozen=True, slots=True)
class HeadShape:
    """The attention of a text model: its layers, heads, and the width of a head."""

    layers: int
    heads: int
    width: int


class Entries:
    """Keys and values of one kind, [images, heads, positions, width] for each layer."""

    def __init__(self, shape: HeadShape, images: int, positions: int, like: "Tensor") -> None:
        """Reserve memory on the device and in the number format of `like`."""
        size = (images, shape.heads, positions, shape.width)
        self.keys = [like.new_empty(size) for _ in range(shape.layers)]
        self.values = [like.new_empty(size) for _ in range(shape.layers)]

    @classmethod
    def none(cls, like: "Tensor") -> Self:
        """Return entries for a family that has no use for them."""
        return cls(HeadShape(0, 0, 0), 0, 0, like)

    def keep(self, images: Sequence[int]) -> None:
        """Drop all images but these; see `Session.keep`."""
        self.keys = [keep_rows(rows, images) for rows in self.keys]
        self.values = [keep_rows(rows, images) for rows in self.values]


class TextCache:
    """Self-attention's past for the beams of a batch of images."""

    def __init__(
        self, shape: HeadShape, images: int, beams: int, room: int, like: "Tensor"
    ) -> None:
        """Reserve memory for a search.

        Args:
            shape: The text model's.
            images: In the batch.
            beams: Per image.
            room: Positions per image: the shared ones, and `beams` for each step.
            like: A tensor of the device and number format that the model runs in.
        """
        self._entries = Entries(shape, images, room, like)
        self._beams = beams
        self._length = 0  # positions in use
        self._fresh = 0  # the first of those that the layers are to write in this pass
        # [images, 1, beams, positions]: 0 where a beam may look; a single beam looks everywhere
        self._mask: Tensor | None = None
        if beams > 1:
            self._mask = like.new_full((images, 1, beams, room), _UNSEEN)
        self._own = like.new_full((beams, beams), _UNSEEN).fill_diagonal_(0)  # each its own

    def share(self, count: int) -> None:
        """Open a pass over positions that all beams have in common."""
        self._open(count)
        if self._mask is not None:
            self._mask[..., : self._length] = 0

    def branch(self, parents: "Tensor") -> "Tensor | None":
        """Open a pass over one new token for each beam.

        Args:
            parents: The beam of the pass before that each beam continues, [images, beams].

        Returns:
            Where each beam may look, [images, 1, beams, positions]; None for everywhere.
        """
        self._open(self._beams)
        if self._mask is None:
            return None
        past = self._mask[..., : self._fresh]
        self._mask[..., : self._fresh] = torch.take_along_dim(
            past, parents[:, None, :, None], dim=2
        )
        self._mask[..., self._fresh : self._length] = self._own
        return self._mask[..., : self._length]

    def write(self, layer: int, keys: "Tensor", values: "Tensor", first: int = 0) -> None:
        """Store this pass's entries of images from `first` on.

        Both are [images, heads, count, width].
        """
        rows, span = slice(first, first + len(keys)), slice(self._fresh, self._length)
        self._entries.keys[layer][rows, :, span] = keys
        self._entries.values[layer][rows, :, span] = values

    def read(self, layer: int) -> tuple["Tensor", "Tensor"]:
        """Return all keys and values of a layer, this pass's included."""
        keys, values = self._entries.keys[layer], self._entries.values[layer]
        return keys[:, :, : self._length], values[:, :, : self._length]

    def keep(self, images: Sequence[int]) -> None:
        """Drop all images but these; see `Session.keep`."""
        self._entries.keep(images)
        if self._mask is not None:
            self._mask = keep_rows(self._mask, images)

    def _open(self, count: int) -> None:
        self._fresh = self._length
        self._length += count


def causal_mask(count: int, before: int, like: "Tensor") -> "Tensor | None":
    """Let each of the last `count` positions see what comes before it and itself.

    Returns:
        [1, 1, count, before + count]; None for one position, which sees everything.
    """
    if count == 1:
        return None
    return like.new_full((1, 1, count, before + count), _UNSEEN).triu_(before + 1)


def keep_rows(rows: "Tensor", kept: Sequence[int]) -> "Tensor":
    """Move rows to their new places and return a view of those kept; the others are not copied."""
    for place, row in enumerate(kept):
        if place != row:
            rows[place] = rows[row]
    return rows[: len(kept)]


class TextModel(Protocol):
    """The text half of a family."""

    def read(
        self,
        tokens: "Tensor",
        positions: slice,
        mask: "Tensor | None",
        cache: TextCache,
        images: Entries,
    ) -> "Tensor":
        """Run the layers over new tokens.

        Args:
            tokens: [images, count]: start tokens, or one for each beam.
            positions: Their places in the text: `count` of them, or one that all beams share.
            mask: Where they may look, as `kernels.attend` takes it.
            cache: The past; this pass's entries are written to it.
            images: What cross-attention looks at, in a family that has it.

        Returns:
            States, [images, count, width].
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
        images: Entries,
        prefix: int = 0,
    ) -> None:
        """Begin after the images were encoded.

        Args:
            model: The family's text half.
            start: The start tokens of every image, [images, count].
            cache: Empty, or holding image tokens.
            images: For cross-attention.
            prefix: Image tokens in the cache.
        """
        self._model = model
        self._start = start
        self._cache = cache
        self._images = images
        self._prefix = prefix
        self._said = 0  # text positions read

    def start(self) -> "Tensor":
        """Read the start tokens; return logits [images, vocabulary]."""
        count = self._start.shape[1]
        self._cache.share(count)
        like = self._cache.read(0)[0]
        mask = causal_mask(count, self._prefix, like)
        return self._model.score(self._read(self._start, count, mask)[:, -1])

    def step(self, tokens: "Tensor", parents: "Tensor") -> "Tensor":
        """Read a token for each beam; return logits [images, beams, vocabulary]."""
        mask = self._cache.branch(parents)
        return self._model.score(self._read(tokens, 1, mask))

    def keep(self, images: Sequence[int]) -> None:
        """Drop all images but these."""
        self._cache.keep(images)
        self._images.keep(images)

    def _read(self, tokens: "Tensor", count: int, mask: "Tensor | None") -> "Tensor":
        positions = slice(self._said, self._said + count)
        self._said += count
        return self._model.read(tokens, positions, mask, self._cache, self._images)


def repeat_start(start: Sequence[int], pixels: "Tensor") -> "Tensor":
    """Return the start tokens once for each image, [images, count]."""
    return torch.tensor([list(start)] * len(pixels), device=pixels.device)
