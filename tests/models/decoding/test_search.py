"""Our search finds what transformers' `generate` finds, token for token."""

import random
from dataclasses import replace
from typing import Any

import pytest
import torch

from f1cap.models.decoding import kernels
from f1cap.models.decoding.search import choose_engine, compact, search
from f1cap.records.models import Decoding, Engine
from tests.models.tiny import DECODERS, END, START, build, draw, reference

KINDS = sorted(DECODERS)
PROMPT, EOS = [START], [END]
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "one token": {"max_new_tokens": 1},
    "two tokens": {"max_new_tokens": 2},
    "shortest": {"min_new_tokens": 9},
    "no unigram twice": {"no_repeat_ngram_size": 1},
    "no bigram twice": {"no_repeat_ngram_size": 2, "min_new_tokens": 8},
    "no trigram twice": {"no_repeat_ngram_size": 3, "min_new_tokens": 12},
    "repetition": {"repetition_penalty": 1.7},
    "rewarded repetition": {"repetition_penalty": 0.7, "min_new_tokens": 6},
    "long": {"length_penalty": 2.0},
    "short": {"length_penalty": -1.0},
    "unscaled": {"length_penalty": 0.0},
    "early": {"early_stopping": True},
    "never": {"early_stopping": "never"},
    "never, long": {"early_stopping": "never", "length_penalty": 2.0},
    "never, short": {"early_stopping": "never", "length_penalty": -0.5},
}


@pytest.fixture(scope="module", params=["blip", "git", "swin"])
def pair(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """A model and our decoder over it, sharing its weights."""
    model = build(request.param, seed=11)
    return model, DECODERS[request.param].wrap(model)


@pytest.mark.parametrize("beams", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_each_option_with_each_number_of_beams(
    pair: tuple[Any, Any], beams: int, options: dict[str, Any]
) -> None:
    model, decoder = pair
    decoding = replace(Decoding(num_beams=beams, max_new_tokens=14), **options)
    pixels = draw(2, seed=beams)
    assert search(decoder, pixels, PROMPT, EOS, decoding) == reference(
        model, pixels, PROMPT, EOS, decoding
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_any_options_batch_and_prompt(kind: str, seed: int) -> None:
    model = build(kind, seed)
    prepacked = build(kind, seed)
    decoders = [DECODERS[kind].wrap(model)]
    if kernels.can_prepack(prepacked):
        fast: Any = DECODERS[kind].wrap(prepacked)
        fast.prepack()
        decoders.append(fast)
    source = random.Random(f"{kind} {seed}")
    for case in range(8):
        decoding = Decoding(
            num_beams=source.randint(1, 5),
            max_new_tokens=source.choice([3, 12, 20]),
            min_new_tokens=source.choice([0, 0, 3]),
            no_repeat_ngram_size=source.choice([0, 0, 1, 2, 3]),
            repetition_penalty=source.choice([1.0, 1.0, 1.5]),
            length_penalty=source.choice([1.0, 0.0, -1.0, 2.0]),
            early_stopping=source.choice([True, False, "never"]),
        )
        prompt = [START, *(source.randrange(4, 90) for _ in range(source.choice([0, 0, 1, 4])))]
        pixels = draw(source.choice([1, 2, 5, 9]), seed=100 * seed + case)
        expected = reference(model, pixels, prompt, EOS, decoding)
        for decoder in decoders:
            assert decoder is not None
            assert search(decoder, pixels, prompt, EOS, decoding) == expected, (decoding, prompt)


@pytest.mark.parametrize("kind", ["git", "swin"])
@pytest.mark.parametrize("beams", [1, 3])
def test_several_tokens_may_end_a_caption(kind: str, beams: int) -> None:
    model = build(kind, seed=5)
    ends = [END, 17, 60]
    decoding = Decoding(num_beams=beams, max_new_tokens=14, min_new_tokens=2)
    pixels = draw(6, seed=2)
    found = search(wrapped(kind, model), pixels, PROMPT, ends, decoding)
    assert found == reference(model, pixels, PROMPT, ends, decoding)
    assert len({row[-1] for row in found}) > 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beams", [1, 4])
def test_images_leave_the_batch_at_different_steps(kind: str, beams: int) -> None:
    model = build(kind, seed=7)
    decoding = Decoding(num_beams=beams, max_new_tokens=20)
    pixels = draw(24, seed=3)
    decoder = wrapped(kind, model)
    found = search(decoder, pixels, PROMPT, EOS, decoding)
    assert found == reference(model, pixels, PROMPT, EOS, decoding)
    assert len({len(row) for row in found}) > 1
    assert found == [search(decoder, one[None], PROMPT, EOS, decoding)[0] for one in pixels]


@pytest.mark.parametrize(
    "changes",
    [
        {"scale_attn_by_inverse_layer_idx": True},
        {"scale_attn_weights": False},
        {"reorder_and_upcast_attn": True},
        {"activation_function": "relu"},
        {"activation_function": "gelu"},
        {"n_inner": 20},
    ],
    ids=str,
)
def test_variants_of_gpt2(changes: dict[str, Any]) -> None:
    same_captions("swin", changes)


@pytest.mark.parametrize("kind", ["blip", "git"])
@pytest.mark.parametrize(
    "changes", [{"hidden_act": "relu"}, {"tie_word_embeddings": True}], ids=str
)
def test_variants_of_bert(kind: str, changes: dict[str, Any]) -> None:
    same_captions(kind, changes)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_runs_and_mostly_agrees(kind: str) -> None:
    decoding = Decoding(num_beams=3, max_new_tokens=8)
    pixels = draw(8, seed=1)
    expected = search(wrapped(kind, build(kind, seed=4)), pixels, PROMPT, EOS, decoding)
    half = build(kind, seed=4).to(torch.bfloat16)
    found = search(wrapped(kind, half), pixels.to(torch.bfloat16), PROMPT, EOS, decoding)
    same = sum(a == b for a, b in zip(expected, found, strict=True))
    assert same >= 4


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")
@pytest.mark.parametrize("kind", KINDS)
def test_on_a_gpu(kind: str) -> None:
    model = build(kind, seed=9).to("cuda")
    for beams in (1, 4):
        decoding = Decoding(num_beams=beams, max_new_tokens=12, no_repeat_ngram_size=2)
        pixels = draw(6, seed=8).to("cuda")
        found = search(wrapped(kind, model), pixels, PROMPT, EOS, decoding)
        assert found == reference(model, pixels, PROMPT, EOS, decoding)


def test_no_images_no_captions() -> None:
    assert search(wrapped("git", build("git", 0)), draw(0, 0), PROMPT, EOS, Decoding()) == []


def test_images_that_stay_move_as_little_as_can_be() -> None:
    assert compact([False, False]) == [0, 1]
    assert compact([True, False, False]) == [2, 1]
    assert compact([True, True, False, True, False]) == [4, 2]
    assert compact([True]) == []
    source = random.Random(1)
    for _ in range(100):
        done = [source.random() < 0.4 for _ in range(source.randint(1, 12))]
        kept = compact(done)
        assert sorted(kept) == [index for index, over in enumerate(done) if not over]
        assert all(old == new or old >= len(kept) for new, old in enumerate(kept))


def wrapped(kind: str, model: Any) -> Any:
    decoder = DECODERS[kind].wrap(model)
    assert decoder is not None
    return decoder


def same_captions(kind: str, changes: dict[str, Any]) -> None:
    decoding = Decoding(num_beams=3, max_new_tokens=12, min_new_tokens=3)
    pixels = draw(4, seed=6)
    model = build(kind, seed=3, **changes)
    expected = reference(model, pixels, PROMPT, EOS, decoding)
    assert search(wrapped(kind, model), pixels, PROMPT, EOS, decoding) == expected
    if kernels.can_prepack(model):
        decoder = choose_engine(DECODERS[kind], model, Engine.FAST, name=kind)
        assert decoder is not None
        assert search(decoder, pixels, PROMPT, EOS, decoding) == expected
