"""Which engine a model gets, and what choosing ours does to its weights."""

import pytest
import torch

from f1cap.errors import UnsupportedModelError
from f1cap.models.decoding import kernels
from f1cap.models.decoding.search import choose_engine, search
from f1cap.records.models import Decoding, Engine
from tests.models.tiny import DECODERS, END, START, build, draw, reference

KINDS = sorted(DECODERS)
PROMPT, EOS = [START], [END]


def test_which_engine() -> None:
    git = build("git", seed=0)
    assert choose_engine(DECODERS["git"], git, Engine.TRANSFORMERS, name="x") is None
    elsewhere = build("git", seed=0).to("meta")  # a device that ours was not tested on
    assert choose_engine(DECODERS["git"], elsewhere, Engine.AUTO, name="x") is None
    assert choose_engine(DECODERS["git"], elsewhere, Engine.FAST, name="x") is not None
    video = build("git", seed=0, num_image_with_embedding=2)
    assert choose_engine(DECODERS["git"], video, Engine.AUTO, name="x") is None
    with pytest.raises(UnsupportedModelError, match="my-git is a variant"):
        choose_engine(DECODERS["git"], video, Engine.FAST, name="my-git")
    blind = build("swin", seed=0)
    blind.decoder.config.add_cross_attention = False
    assert choose_engine(DECODERS["swin"], blind, Engine.AUTO, name="x") is None


@pytest.mark.parametrize("kind", KINDS)
def test_prepacking_moves_weights(kind: str) -> None:
    model = build(kind, seed=1)
    if not kernels.can_prepack(model):
        pytest.skip("this torch cannot prepack")
    before = sum(parameter.numel() for parameter in model.parameters())
    decoder = choose_engine(DECODERS[kind], model, Engine.AUTO, name=kind)
    assert decoder is not None
    assert (
        sum(parameter.numel() for parameter in model.parameters()) < 0.6 * before
    )  # the rest: embeddings, norms


def test_a_torch_that_cannot_prepack_runs_plain_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = build("git", seed=1)
    monkeypatch.setattr(kernels.Projection, "prepack", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # a bug of ours is no reason to be slow in silence
        kernels.can_prepack(model)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not kernels.can_prepack(model)
    decoder = choose_engine(DECODERS["git"], model, Engine.FAST, name="git")
    assert decoder is not None
    assert search(decoder, draw(2, 0), PROMPT, EOS, Decoding(2, 5)) == reference(
        model, draw(2, 0), PROMPT, EOS, Decoding(2, 5)
    )
