"""Layers that the families share: vision transformer, cross-attention, and the output layer.

transformers runs the vision encoders of BLIP and GIT with eager attention only. The output layer
computes the best logits of half precision again in float32, from the same states and weights:
bfloat16 holds a logit of 10 to within 0.03, so that near ties would fall by chance.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from f1cap.models.decoding import IMAGES_PER_PASS
from f1cap.models.decoding.kernels import Projection, attend, best_tokens, split_heads
from f1cap.models.decoding.kv_cache import Entries, HeadShape

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class VisionLayer:
    """One layer before which states are normalised; all parts are the model's own."""

    norm_attention: Any
    queries_keys_values: Projection
    heads: int
    out: Projection
    norm_feed: Any
    widen: Projection
    narrow: Projection

    def __call__(self, states: "Tensor") -> "Tensor":
        """Map [images, tokens, width] to the same shape."""
        mixed = self.queries_keys_values(self.norm_attention(states))
        queries, keys, values = (split_heads(part, self.heads) for part in mixed.chunk(3, dim=-1))
        states = states + self.out(attend(queries, keys, values))
        return states + self.narrow(self.widen(self.norm_feed(states)))


@dataclass(frozen=True, slots=True)
class VisionEncoder:
    """A whole vision transformer."""

    embed: Callable[["Tensor"], "Tensor"]
    layers: tuple[VisionLayer, ...]
    norm: Any

    def __call__(self, pixels: "Tensor") -> "Tensor":
        """Encode [images, 3, height, width] as [images, tokens, width]."""
        return encode(pixels, self._encode)

    def pack(self) -> None:
        """Lay all weights out for this CPU; see `kernels.Projection`."""
        for layer in self.layers:
            for part in (layer.queries_keys_values, layer.out, layer.widen, layer.narrow):
                part.pack()

    def _encode(self, pixels: "Tensor") -> "Tensor":
        states = self.embed(pixels)
        for layer in self.layers:
            states = layer(states)
        found: Tensor = self.norm(states)
        return found


def encode(pixels: "Tensor", encoder: Callable[["Tensor"], "Tensor"]) -> "Tensor":
    """Run an image encoder over a batch, in portions."""
    return torch.cat([encoder(part) for _, part in portions(pixels)])


def portions(images: "Tensor") -> Iterator[tuple[slice, "Tensor"]]:
    """Divide a batch for an encoder: a few at a time on a CPU, all at once elsewhere.

    Yields:
        Places in the batch, and what is there.
    """
    size = IMAGES_PER_PASS if images.device.type == "cpu" else max(1, len(images))
    for first in range(0, len(images), size):
        rows = slice(first, min(first + size, len(images)))
        yield rows, images[rows]


class CrossLayer:
    """The linear layers of one text layer; a family fills them in and runs them in its order."""

    _heads: int
    _own: Projection  # queries, keys and values of the text
    _own_out: Projection
    _cross_queries: Projection
    _cross_image: Projection  # keys and values of the image
    _cross_out: Projection
    _widen: Projection
    _narrow: Projection

    @property
    def projections(self) -> tuple[Projection, ...]:
        """All linear layers."""
        return (
            self._own,
            self._own_out,
            self._cross_queries,
            self._cross_image,
            self._cross_out,
            self._widen,
            self._narrow,
        )

    def look(self, image: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Project image tokens, [images, tokens, width], to keys and values by head."""
        keys, values = self._cross_image(image).chunk(2, dim=-1)
        return split_heads(keys, self._heads), split_heads(values, self._heads)


def look_once(layers: Sequence[CrossLayer], image: "Tensor", shape: HeadShape) -> Entries:
    """Project images for each layer's cross-attention, once for all beams and steps.

    Args:
        layers: Of the text model.
        image: Image tokens, [images, tokens, width].
        shape: Of the text model's attention.
    """
    images = Entries(shape, len(image), image.shape[1], image)
    for rows, part in portions(image):
        for index, layer in enumerate(layers):
            keys, values = layer.look(part)
            images.keys[index][rows] = keys
            images.values[index][rows] = values
    return images


_BEST = 16  # logits computed again, of each row: more than a search of up to 8 beams chooses from


class Head:
    """Scores states over the vocabulary."""

    def __init__(self, layer: nn.Linear, words: nn.Embedding) -> None:
        """Wrap the layer; its weight may be that of the word embeddings."""
        self._layer = layer
        self._projection = Projection(layer)
        self._is_half = layer.weight.dtype in {torch.bfloat16, torch.float16}
        self._is_tied = layer.weight is words.weight

    def __call__(self, states: "Tensor") -> "Tensor":
        """Turn states, [..., width], into logits, [..., vocabulary]."""
        logits = self._projection(states)
        return self._sharpen(logits.float(), states) if self._is_half else logits

    def pack(self) -> None:
        """Lay the weight out for this CPU, and keep it where its rows are read too."""
        self._projection.pack(keep=self._is_tied or self._is_half)

    def _sharpen(self, logits: "Tensor", states: "Tensor") -> "Tensor":
        """Replace the best logits of each row by what float32 makes of the same numbers."""
        tokens = best_tokens(logits, min(_BEST, logits.shape[-1]))
        rows = self._layer.weight[tokens].float()  # [..., best, width]
        exact = (rows @ states.float().unsqueeze(-1)).squeeze(-1)
        if self._layer.bias is not None:
            exact += self._layer.bias[tokens].float()
        return logits.scatter_(-1, tokens, exact)
