"""Top-k, attention in chunks, and weights that prepacking moves."""

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from f1cap.models.decoding import kernels
from f1cap.models.decoding.kernels import Projection, topk_tokens


@pytest.mark.parametrize("vocab_size", [1, 40, 97, 640, 4096, 30522, 50257])
def test_the_best_tokens_are_those_of_a_sort(vocab_size: int) -> None:
    logits = torch.randn(2, 3, vocab_size, generator=torch.Generator().manual_seed(vocab_size))
    count = min(16, vocab_size)
    found = topk_tokens(logits, count).sort()[0]
    assert torch.equal(found, logits.topk(count)[1].sort()[0])


def test_the_last_block_hides_no_others() -> None:
    logits = torch.zeros(1, 50257)
    logits[0, -1] = 9.0  # GPT-2's end token fills no block
    logits[0, :15] = 5.0
    assert sorted(topk_tokens(logits, 16)[0].tolist()) == [*range(15), 50256]


def test_attention_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(5)
    queries, keys, values = (torch.randn(5, 4, 7, 8).bfloat16() for _ in range(3))
    mask = torch.full((5, 1, 7, 7), float("-inf"), dtype=torch.bfloat16).triu(1)
    mask[3] = 0.0  # each image its own
    expected = scaled_dot_product_attention(
        queries.float(), keys.float(), values.float(), attn_mask=mask.float()
    )
    found = []
    for size in (1, 2 * 4 * 7 * 7 * 2, 2**20):  # one image at a time, two, all
        monkeypatch.setattr(kernels, "MAX_SCORES_BYTES", size)
        found.append(kernels.attend(queries, keys, values, mask))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    close = found[0].float() - expected.transpose(1, 2).flatten(2)
    assert close.abs().max() < 0.05


def test_memory_that_is_no_file_keeps_its_content() -> None:
    layer = nn.Linear(1024, 64)
    shared = nn.Parameter(layer.weight.data)  # as two layers of an old .bin may share a storage
    expected = shared.detach().clone()
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this torch cannot prepack")
    Projection(layer).prepack()
    assert layer.weight.numel() == 0
    assert torch.equal(shared, expected)
