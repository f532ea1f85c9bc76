"""The attention mask of a prompt."""

import torch

from f1cap.models.decoding.kv_cache import causal_mask


def test_prompt_tokens_attend_to_the_past() -> None:
    assert causal_mask(1, 5, torch.zeros(1)) is None
    mask = causal_mask(3, 2, torch.zeros(1, dtype=torch.bfloat16))
    assert mask is not None
    masked = [[key > query + 2 for key in range(5)] for query in range(3)]
    assert torch.isinf(mask)[0, 0].tolist() == masked
    assert mask.dtype == torch.bfloat16
