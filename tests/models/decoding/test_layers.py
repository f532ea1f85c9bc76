"""Logits of a model in half precision: the best of them are float32's."""

from typing import Any

import pytest
import torch
from torch import nn

from f1cap.models.decoding.layers import LMHead


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("prepack", [False, True])
def test_near_ties_fall_as_in_float32(*, bias: bool, prepack: bool) -> None:
    head, layer = _head(bias=bias)
    states = torch.randn(5, 4, 32, generator=torch.Generator().manual_seed(7)).bfloat16()
    weight, added = layer.weight.float(), None if layer.bias is None else layer.bias.float()
    expected = nn.functional.linear(states.float(), weight, added).topk(10)
    if prepack:
        head.prepack()
    with torch.inference_mode():
        found = head(states).topk(10)
    assert torch.equal(found[1], expected[1])
    torch.testing.assert_close(found[0], expected[0], rtol=1e-5, atol=1e-5)


def test_rounded_logits_would_fall_otherwise() -> None:
    _, layer = _head(bias=True)
    states = torch.randn(200, 32, generator=torch.Generator().manual_seed(7)).bfloat16()
    exact = nn.functional.linear(states.float(), layer.weight.float(), layer.bias.float())
    assert not torch.equal(layer(states).float().topk(10)[1], exact.topk(10)[1])


def test_float32_is_left_as_it_is() -> None:
    head, layer = _head(bias=True, dtype=torch.float32)
    states = torch.randn(3, 32)
    with torch.inference_mode():
        assert torch.equal(head(states), layer(states))


def _head(*, bias: bool, dtype: torch.dtype = torch.bfloat16) -> tuple[LMHead, Any]:
    torch.manual_seed(3)
    layer = nn.Linear(32, 3000, bias=bias).to(dtype)
    layer.weight.data *= 30  # logits of about 10, as a trained model's
    return LMHead(layer, nn.Embedding(2, 2)), layer
