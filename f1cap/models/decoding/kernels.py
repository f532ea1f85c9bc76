"""The two operations that nearly all time goes into: linear layers and attention.

Everywhere but on a CPU they are torch's own. On a CPU two things measured faster
(AVX512-BF16, torch 2.13): weights laid out for oneDNN once instead of at every call, 1.15 times
for many rows and 2 to 3 times for few; and bfloat16 attention as plain products, 1.6 times.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from f1cap.models.device import cpu

if TYPE_CHECKING:
    from torch import Tensor


# activations that oneDNN applies while the product is in a register: name and algorithm
_FUSED = {"gelu": ("gelu", "none"), "tanh-gelu": ("gelu", "tanh"), None: ("none", "")}

# Scores that attention holds at once on a CPU: what still fits a core's share of the cache
_SCORES_BYTES = 8 * 2**20


class Projection:
    """A linear layer of the model, or several over the same input run as one.

    The layer stays the owner of its weights. Packing moves them: the layer's own tensor is
    emptied, so that no second copy stays, and the module can then be used through this class only.
    """

    def __init__(self, *layers: Any, activation: Any = None) -> None:  # noqa: ANN401 - torch modules
        """Wrap layers.

        Args:
            layers: nn.Linear, or GPT-2's Conv1D, whose weight lies the other way round.
            activation: The module applied to the result, if any.
        """
        self._layers = layers
        self._activation = activation
        self._fused = _FUSED[None]
        self._packed: Any = None
        self._bias: Tensor | None = None

    def __call__(self, states: "Tensor") -> "Tensor":
        """Project [..., in] to [..., out of all layers]."""
        if self._packed is not None:
            name, algorithm = self._fused
            found = torch.ops.mkldnn._linear_pointwise(
                states, self._packed, self._bias, name, [], algorithm
            )
            return found if self._activation is None else self._activation(found)
        parts = [functional.linear(states, _matrix(layer), layer.bias) for layer in self._layers]
        found = parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)
        return found if self._activation is None else self._activation(found)

    def pack(self, *, keep: bool = False) -> None:
        """Lay the weights out for this CPU.

        Args:
            keep: Leave the layer its tensor too, as something else reads it (tied embeddings).
        """
        with torch.no_grad():
            weight = torch.cat([_matrix(layer).detach() for layer in self._layers])
            biases = [layer.bias for layer in self._layers]
            self._bias = None if biases[0] is None else torch.cat([b.detach() for b in biases])
            self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())
            if not keep:
                for layer in self._layers:
                    _give_up(layer.weight)
        fused = _FUSED.get(_activation_name(self._activation))
        if fused is not None:
            self._fused, self._activation = fused, None


class _LaidOut(nn.Module):  # type: ignore[misc]  # torch is skipped, so Any
    """Stands where a linear layer stood in a module that transformers runs."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self._layer = layer  # a child, so that it is counted and moved with the model
        self._projection = Projection(layer)
        self._projection.pack()

    def forward(self, states: "Tensor") -> "Tensor":
        return self._projection(states)


def pack_linears(module: Any) -> None:  # noqa: ANN401
    """Lay out all linear layers of a module whose own code goes on running it."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, _LaidOut(child))


def leave_file(model: Any) -> None:  # noqa: ANN401
    """Copy what still lies in the mapped weights file, so that the file leaves memory.

    Packing has copied all but embeddings, norms and biases out of it; each of those keeps the
    whole file mapped, and it would stay resident beside the packed weights (measured: 0.9 GB of
    BLIP-base's 2.7 in float32).
    """
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()


def can_pack(model: Any) -> bool:  # noqa: ANN401
    """Tell whether this torch lays weights out for oneDNN, for a model where it is.

    The operations are those that torch's own compiler uses; they are not documented, so what
    they give is compared with the plain product before they are trusted.
    """
    weight = next(model.parameters())
    if weight.device.type != "cpu" or weight.dtype not in {torch.float32, torch.bfloat16}:
        return False
    if not torch.backends.mkldnn.is_available():
        return False
    probe = nn.Linear(32, 48).to(weight.dtype)
    states = torch.linspace(-1, 1, 3 * 32).view(3, 32).to(weight.dtype)
    with torch.inference_mode():
        plain = probe(states)
        try:
            packed = Projection(probe)
            packed.pack(keep=True)
            return bool(torch.allclose(packed(states), plain, rtol=0.05, atol=0.05))
        except (RuntimeError, AttributeError, TypeError, NotImplementedError):
            return False


def split_heads(states: "Tensor", heads: int) -> "Tensor":
    """Turn [images, positions, heads * width] into a view [images, heads, positions, width]."""
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


def attend(
    queries: "Tensor",
    keys: "Tensor",
    values: "Tensor",
    mask: "Tensor | None" = None,
    scale: float | None = None,
) -> "Tensor":
    """Let each position look at others.

    Args:
        queries: [images, heads, positions, width].
        keys: [images, heads, others, width].
        values: The same.
        mask: Added to the scores, [images or 1, 1, positions, others].
        scale: Of the scores; by default one over the root of the width.

    Returns:
        [images, positions, heads * width].
    """
    if queries.dtype is torch.bfloat16 and queries.device.type == "cpu":
        return _attend_by_products(queries, keys, values, mask, scale)
    found = functional.scaled_dot_product_attention(
        queries, keys, values, attn_mask=mask, scale=scale
    )
    return found.transpose(1, 2).flatten(2)


def _attend_by_products(
    queries: "Tensor",
    keys: "Tensor",
    values: "Tensor",
    mask: "Tensor | None",
    scale: float | None,
) -> "Tensor":
    """Attend a few images at a time, their scores in one piece of memory from first to last.

    Scores of a whole batch, anew for each product, are tens of megabytes that the system hands
    out and takes back page by page: that made it 1.5 to 2 times slower at 577 positions.
    """
    images, heads, positions, width = queries.shape
    others = keys.shape[2]
    each = heads * positions * others * queries.element_size()
    group = min(images, max(1, _SCORES_BYTES // each))
    scores = queries.new_empty(group, heads, positions, others)
    found = queries.new_empty(images, positions, heads, width)
    for first in range(0, images, group):
        rows = slice(first, first + group)
        part = scores[: len(queries[rows])]
        flat = part.flatten(0, 1)
        torch.baddbmm(
            queries.new_empty(1, 1, 1),  # not read: beta is 0
            queries[rows].flatten(0, 1),
            keys[rows].flatten(0, 1).transpose(1, 2),
            beta=0,
            alpha=width**-0.5 if scale is None else scale,
            out=flat,
        )
        if mask is not None:
            part.add_(mask if len(mask) == 1 else mask[rows])
        torch.softmax(flat, dim=-1, out=flat)
        mixed = torch.bmm(flat, values[rows].flatten(0, 1))
        found[rows] = mixed.unflatten(0, (-1, heads)).transpose(1, 2)
    return found.flatten(2)


def _give_up(parameter: "Tensor") -> None:
    """Empty a parameter, and have the pages of a mapped file leave memory one by one.

    Otherwise all of them stay until the last tensor in the file is gone, beside the packed weights:
    BLIP-base's peak in float32 was 2.4 GB while loading and 2.0 GB while captioning.
    """
    if parameter.is_contiguous():
        cpu.forget_pages(parameter.data_ptr(), parameter.numel() * parameter.element_size())
    parameter.data = parameter.data.new_empty(0)


def _matrix(layer: Any) -> "Tensor":  # noqa: ANN401
    """Return a layer's weight as [out, in]."""
    weight: Tensor = layer.weight
    return weight if isinstance(layer, nn.Linear) else weight.t()


def _activation_name(activation: Any) -> str | None:  # noqa: ANN401
    """Name an activation of transformers or torch; text that `_FUSED` lacks if it is another."""
    if activation is None:
        return None
    kind = type(activation).__name__
    if kind == "GELUActivation":
        return "gelu"
    return "tanh-gelu" if kind in {"NewGELUActivation", "GELUTanh"} else kind


_BLOCK = 64  # tokens whose maximum is taken before any are sorted


def best_tokens(scores: "Tensor", count: int) -> "Tensor":
    """Find the tokens with the best scores, best first; equal ones in no particular order.

    The best tokens lie in the blocks with the best maxima, so only those are sorted: torch's topk
    over a vocabulary takes longer than the softmax before it, block maxima a tenth of that.

    Args:
        scores: [..., vocabulary].
        count: How many; no more than there are.

    Returns:
        [..., count].
    """
    vocabulary = scores.shape[-1]
    whole = vocabulary // _BLOCK
    if whole < count:
        return torch.topk(scores, count)[1]
    peaks = scores[..., : whole * _BLOCK].unflatten(-1, (whole, _BLOCK)).amax(dim=-1)
    if whole * _BLOCK < vocabulary:
        rest = scores[..., whole * _BLOCK :].amax(dim=-1, keepdim=True)
        peaks = torch.cat([peaks, rest], dim=-1)
    blocks = torch.topk(peaks, count)[1]
    inside = torch.arange(_BLOCK, device=scores.device)
    tokens = (blocks[..., None] * _BLOCK + inside).flatten(-2)
    found = scores.gather(-1, tokens.clamp(max=vocabulary - 1))
    found = found.masked_fill(tokens >= vocabulary, float("-inf"))  # past the last block's end
    return tokens.gather(-1, torch.topk(found, count)[1])
