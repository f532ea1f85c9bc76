"""The operations that nearly all time goes into: linear layers, attention, and top-k.

On a GPU they are torch's own. On a CPU three things are faster than torch's defaults: weights
prepacked for oneDNN once instead of reordered at every call, bfloat16 attention as plain matrix
products over a few images at a time, and a top-k that sorts only the blocks with the best maxima.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from f1cap.models.device import cpu

if TYPE_CHECKING:
    from torch import Tensor


NEG_INF = float("-inf")  # a masked attention score, a banned token

# activations that oneDNN fuses into the product: name and algorithm
_FUSED_ACTIVATIONS = {"gelu": ("gelu", "none"), "tanh-gelu": ("gelu", "tanh"), None: ("none", "")}
# attention scores that a CPU holds at once: what still fits a core's share of the cache
MAX_SCORES_BYTES = 8 * 2**20
_BLOCK_SIZE = 64  # logits whose maximum is taken before any are sorted


class Projection:
    """A linear layer of the model, or several over the same input run as one.

    The layer stays the owner of its weights. Prepacking moves them: the layer's own tensor is
    emptied, so that no second copy stays, and the layer can then be used through this class only.
    """

    def __init__(self, *layers: Any, activation: Any = None) -> None:  # noqa: ANN401 - torch modules
        """Wrap layers.

        Args:
            layers: nn.Linear, or GPT-2's Conv1D, whose weight is transposed.
            activation: The module applied to the result, if any.
        """
        self._layers = layers
        self._activation = activation
        self._fused_activation = _FUSED_ACTIVATIONS[None]
        self._prepacked_weight: Any = None
        self._bias: Tensor | None = None

    def __call__(self, states: "Tensor") -> "Tensor":
        """Project [..., in_features] to [..., out_features of all layers]."""
        if self._prepacked_weight is not None:
            name, algorithm = self._fused_activation
            output = torch.ops.mkldnn._linear_pointwise(
                states, self._prepacked_weight, self._bias, name, [], algorithm
            )
            return output if self._activation is None else self._activation(output)
        outputs = [functional.linear(states, _weight(layer), layer.bias) for layer in self._layers]
        output = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
        return output if self._activation is None else self._activation(output)

    def prepack(self, *, keep_weight: bool = False) -> None:
        """Reorder the weight into oneDNN's layout for this CPU.

        Args:
            keep_weight: Leave the layer its tensor too, as something else reads it (tied
                embeddings).
        """
        with torch.no_grad():
            weight = torch.cat([_weight(layer).detach() for layer in self._layers])
            biases = [layer.bias for layer in self._layers]
            self._bias = None if biases[0] is None else torch.cat([b.detach() for b in biases])
            self._prepacked_weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())
            if not keep_weight:
                for layer in self._layers:
                    _release_storage(layer.weight)
        fused = _FUSED_ACTIVATIONS.get(_activation_name(self._activation))
        if fused is not None:
            self._fused_activation, self._activation = fused, None


def can_prepack(model: Any) -> bool:  # noqa: ANN401
    """Tell whether this torch can prepack the weights of a model for oneDNN.

    The operations are those that torch's own compiler uses; they are not documented, so what
    they give is compared with the plain product before they are trusted.
    """
    weight = next(model.parameters())
    if weight.device.type != "cpu" or weight.dtype not in {torch.float32, torch.bfloat16}:
        return False
    if not torch.backends.mkldnn.is_available():
        return False
    layer = nn.Linear(32, 48).to(weight.dtype)
    states = torch.linspace(-1, 1, 3 * 32).view(3, 32).to(weight.dtype)
    with torch.inference_mode():
        expected = layer(states)
        try:
            projection = Projection(layer)
            projection.prepack(keep_weight=True)
            return bool(torch.allclose(projection(states), expected, rtol=0.05, atol=0.05))
        except (RuntimeError, AttributeError, TypeError, NotImplementedError):
            return False


def prepack_linears(module: Any) -> None:  # noqa: ANN401
    """Prepack all linear layers of a module whose forward pass stays transformers'."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, _PrepackedLinear(child))


class _PrepackedLinear(nn.Module):  # type: ignore[misc]  # torch is skipped, so Any
    """Replaces a linear layer in a module that transformers runs."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self._layer = layer  # a child, so that it is counted and moved with the model
        self._projection = Projection(layer)
        self._projection.prepack()

    def forward(self, states: "Tensor") -> "Tensor":
        return self._projection(states)


def detach_from_mmap(model: Any) -> None:  # noqa: ANN401
    """Copy the parameters that still are views of the memory-mapped weights file.

    Prepacking has copied all but embeddings, norms and biases; each of those keeps the whole file
    mapped, and it would stay resident beside the prepacked weights.
    """
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()


def split_heads(states: "Tensor", num_heads: int) -> "Tensor":
    """Turn [images, length, num_heads * head_dim] into a view [images, heads, length, head_dim]."""
    return states.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def attend(
    queries: "Tensor",
    keys: "Tensor",
    values: "Tensor",
    mask: "Tensor | None" = None,
    scale: float | None = None,
) -> "Tensor":
    """Compute scaled dot-product attention.

    Args:
        queries: [images, heads, query length, head_dim].
        keys: [images, heads, key length, head_dim].
        values: The same.
        mask: Added to the scores, [images or 1, 1, query length, key length].
        scale: Of the scores; by default one over the root of head_dim.

    Returns:
        [images, query length, heads * head_dim].
    """
    if queries.dtype is torch.bfloat16 and queries.device.type == "cpu":
        return _attend_in_chunks(queries, keys, values, mask, scale)
    context = functional.scaled_dot_product_attention(
        queries, keys, values, attn_mask=mask, scale=scale
    )
    return context.transpose(1, 2).flatten(2)


def topk_tokens(scores: "Tensor", k: int) -> "Tensor":
    """Find the k tokens with the best scores, best first; equal ones in no particular order.

    The best tokens lie in the blocks with the best maxima, so only those blocks are sorted: torch's
    topk over a whole vocabulary takes longer than the softmax before it.

    Args:
        scores: [..., vocab_size].
        k: At most vocab_size.

    Returns:
        [..., k].
    """
    vocab_size = scores.shape[-1]
    full_blocks = vocab_size // _BLOCK_SIZE
    if full_blocks < k:
        return torch.topk(scores, k)[1]
    maxima = scores[..., : full_blocks * _BLOCK_SIZE].unflatten(-1, (full_blocks, _BLOCK_SIZE))
    maxima = maxima.amax(dim=-1)
    if full_blocks * _BLOCK_SIZE < vocab_size:
        rest = scores[..., full_blocks * _BLOCK_SIZE :].amax(dim=-1, keepdim=True)
        maxima = torch.cat([maxima, rest], dim=-1)
    blocks = torch.topk(maxima, k)[1]
    offsets = torch.arange(_BLOCK_SIZE, device=scores.device)
    tokens = (blocks[..., None] * _BLOCK_SIZE + offsets).flatten(-2)
    found = scores.gather(-1, tokens.clamp(max=vocab_size - 1))
    found = found.masked_fill(tokens >= vocab_size, NEG_INF)  # past the last block's end
    return tokens.gather(-1, torch.topk(found, k)[1])


def _attend_in_chunks(
    queries: "Tensor",
    keys: "Tensor",
    values: "Tensor",
    mask: "Tensor | None",
    scale: float | None,
) -> "Tensor":
    """Attend a few images at a time, with one buffer for the scores of every chunk.

    Scores of a whole batch are tens of megabytes: allocated for each product, the system
    hands them out and takes them back page by page, which costs as much as the products.
    """
    images, heads, query_length, head_dim = queries.shape
    key_length = keys.shape[2]
    image_bytes = heads * query_length * key_length * queries.element_size()
    chunk_size = min(images, max(1, MAX_SCORES_BYTES // image_bytes))
    buffer = queries.new_empty(chunk_size, heads, query_length, key_length)
    context = queries.new_empty(images, query_length, heads, head_dim)
    for first in range(0, images, chunk_size):
        rows = slice(first, first + chunk_size)
        scores = buffer[: len(queries[rows])]
        flat_scores = scores.flatten(0, 1)
        torch.baddbmm(
            queries.new_empty(1, 1, 1),  # not read: beta is 0
            queries[rows].flatten(0, 1),
            keys[rows].flatten(0, 1).transpose(1, 2),
            beta=0,
            alpha=head_dim**-0.5 if scale is None else scale,
            out=flat_scores,
        )
        if mask is not None:
            scores.add_(mask if len(mask) == 1 else mask[rows])
        torch.softmax(flat_scores, dim=-1, out=flat_scores)
        product = torch.bmm(flat_scores, values[rows].flatten(0, 1))
        context[rows] = product.unflatten(0, (-1, heads)).transpose(1, 2)
    return context.flatten(2)


def _release_storage(parameter: "Tensor") -> None:
    """Empty a parameter, and drop its pages of a memory-mapped file.

    Otherwise all of them stay resident until the last tensor in the file is gone, beside the
    prepacked weights.
    """
    if parameter.is_contiguous():
        cpu.madvise_dontneed(parameter.data_ptr(), parameter.numel() * parameter.element_size())
    parameter.data = parameter.data.new_empty(0)


def _weight(layer: Any) -> "Tensor":  # noqa: ANN401
    """Return a layer's weight as [out_features, in_features]."""
    weight: Tensor = layer.weight
    return weight if isinstance(layer, nn.Linear) else weight.t()


def _activation_name(activation: Any) -> str | None:  # noqa: ANN401
    """Name an activation as `_FUSED_ACTIVATIONS` does, or by its class where it cannot be fused."""
    if activation is None:
        return None
    kind = type(activation).__name__
    if kind == "GELUActivation":
        return "gelu"
    return "tanh-gelu" if kind in {"NewGELUActivation", "GELUTanh"} else kind
