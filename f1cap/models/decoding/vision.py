"""The vision transformers of BLIP and GIT, which transformers runs with eager attention only."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from f1cap.models.decoding.kernels import Projection, attend, split_heads

if TYPE_CHECKING:
    from torch import Tensor

# Pictures per pass on a processor. One keeps a layer's states in its cache, several wait less
# often for the slower thread; 4 measured a sixth faster than 1 on two busy cores, 8 little more.
_PICTURES_PER_PASS = 4


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
        """Map [pictures, tokens, width] to the same shape."""
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
        """Encode [pictures, 3, height, width] as [pictures, tokens, width]."""
        return encode(pixels, self._encode)

    def pack(self) -> None:
        """Lay all weights out for this processor; see `kernels.Projection`."""
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


def portions(pictures: "Tensor") -> Iterator[tuple[slice, "Tensor"]]:
    """Divide a batch for an encoder: a few at a time on a processor, all at once elsewhere.

    Yields:
        Places in the batch, and what is there.
    """
    size = _PICTURES_PER_PASS if pictures.device.type == "cpu" else max(1, len(pictures))
    for first in range(0, len(pictures), size):
        rows = slice(first, min(first + size, len(pictures)))
        yield rows, pictures[rows]
