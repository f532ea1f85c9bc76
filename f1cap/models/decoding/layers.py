"""Layers that the families share: vision transformer, cross-attention, and LM head.

transformers runs the vision encoders of BLIP and GIT with eager attention only. The LM head
computes the best logits of half precision again in float32, from the same states and weights:
bfloat16 rounds a logit of 10 to within 0.03, so that near ties would be decided by rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from f1cap.models.decoding.kernels import Projection, attend, split_heads, topk_tokens
from f1cap.models.decoding.kv_cache import AttentionShape, KeyValues
from f1cap.models.device.cpu import IMAGES_PER_PASS

if TYPE_CHECKING:
    from torch import Tensor


_EXACT_LOGITS = 16  # of each row in float32: more than a search with up to 8 beams chooses from


@dataclass(frozen=True, slots=True)
class VisionLayer:
    """One pre-norm transformer layer; all parts are the model's own."""

    self_attn_norm: Any
    qkv: Projection
    num_heads: int
    self_attn_out: Projection
    mlp_norm: Any
    fc1: Projection
    fc2: Projection

    def __call__(self, states: "Tensor") -> "Tensor":
        """Map [images, tokens, hidden size] to the same shape."""
        qkv = self.qkv(self.self_attn_norm(states))
        queries, keys, values = (split_heads(part, self.num_heads) for part in qkv.chunk(3, dim=-1))
        states = states + self.self_attn_out(attend(queries, keys, values))
        return states + self.fc2(self.fc1(self.mlp_norm(states)))


@dataclass(frozen=True, slots=True)
class VisionEncoder:
    """A whole vision transformer."""

    embed: Callable[["Tensor"], "Tensor"]
    layers: tuple[VisionLayer, ...]
    norm: Any

    def __call__(self, pixels: "Tensor") -> "Tensor":
        """Encode [images, 3, height, width] as [images, tokens, hidden size]."""
        return encode_in_chunks(pixels, self._encode)

    def prepack(self) -> None:
        """Prepack all weights for this CPU; see `kernels.Projection.prepack`."""
        for layer in self.layers:
            for projection in (layer.qkv, layer.self_attn_out, layer.fc1, layer.fc2):
                projection.prepack()

    def _encode(self, pixels: "Tensor") -> "Tensor":
        states = self.embed(pixels)
        for layer in self.layers:
            states = layer(states)
        normed: Tensor = self.norm(states)
        return normed


def encode_in_chunks(pixels: "Tensor", encoder: Callable[["Tensor"], "Tensor"]) -> "Tensor":
    """Run an image encoder over a batch, chunk by chunk."""
    return torch.cat([encoder(chunk) for _, chunk in chunks(pixels)])


def chunks(images: "Tensor") -> Iterator[tuple[slice, "Tensor"]]:
    """Divide a batch for an encoder: a few images at a time on a CPU, all at once elsewhere.

    Yields:
        The rows of the batch, and the images there.
    """
    size = IMAGES_PER_PASS if images.device.type == "cpu" else max(1, len(images))
    for first in range(0, len(images), size):
        rows = slice(first, min(first + size, len(images)))
        yield rows, images[rows]


class CrossAttentionLayer:
    """The projections of one text layer; a family fills them in and runs them in its order."""

    _num_heads: int
    _self_attn_qkv: Projection
    _self_attn_out: Projection
    _cross_attn_q: Projection
    _cross_attn_kv: Projection
    _cross_attn_out: Projection
    _fc1: Projection
    _fc2: Projection

    @property
    def projections(self) -> tuple[Projection, ...]:
        """All linear layers."""
        return (
            self._self_attn_qkv,
            self._self_attn_out,
            self._cross_attn_q,
            self._cross_attn_kv,
            self._cross_attn_out,
            self._fc1,
            self._fc2,
        )

    def project_image(self, image_states: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Project image tokens, [images, tokens, hidden size], to keys and values by head."""
        keys, values = self._cross_attn_kv(image_states).chunk(2, dim=-1)
        return split_heads(keys, self._num_heads), split_heads(values, self._num_heads)


def precompute_cross_kv(
    layers: Sequence[CrossAttentionLayer], image_states: "Tensor", shape: AttentionShape
) -> KeyValues:
    """Project images for each layer's cross-attention, once for all beams and steps.

    Args:
        layers: Of the text model.
        image_states: Image tokens, [images, tokens, hidden size].
        shape: Of the text model's attention.
    """
    cross_kv = KeyValues(shape, len(image_states), image_states.shape[1], image_states)
    for rows, chunk in chunks(image_states):
        for index, layer in enumerate(layers):
            keys, values = layer.project_image(chunk)
            cross_kv.keys[index][rows] = keys
            cross_kv.values[index][rows] = values
    return cross_kv


class LMHead:
    """Turns hidden states into logits over the vocabulary."""

    def __init__(self, layer: nn.Linear, token_embedding: nn.Embedding) -> None:
        """Wrap the layer; its weight may be tied to the token embedding's."""
        self._layer = layer
        self._projection = Projection(layer)
        self._is_half = layer.weight.dtype in {torch.bfloat16, torch.float16}
        self._is_tied = layer.weight is token_embedding.weight

    def __call__(self, states: "Tensor") -> "Tensor":
        """Turn states, [..., hidden size], into logits, [..., vocab_size]."""
        logits = self._projection(states)
        return self._recompute_best(logits.float(), states) if self._is_half else logits

    def prepack(self) -> None:
        """Prepack the weight for this CPU, and keep it where its rows are read too."""
        self._projection.prepack(keep_weight=self._is_tied or self._is_half)

    def _recompute_best(self, logits: "Tensor", states: "Tensor") -> "Tensor":
        """Replace the best logits of each row by their float32 values."""
        tokens = topk_tokens(logits, min(_EXACT_LOGITS, logits.shape[-1]))
        rows = self._layer.weight[tokens].float()  # [..., best, hidden size]
        exact = (rows @ states.float().unsqueeze(-1)).squeeze(-1)
        if self._layer.bias is not None:
            exact += self._layer.bias[tokens].float()
        return logits.scatter_(-1, tokens, exact)
