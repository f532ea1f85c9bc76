"""On random weights of the true shapes: the captions are those of transformers' `generate`."""

from typing import Any

import pytest
import torch
from torch.nn.functional import interpolate
from transformers import (
    AutoModelForImageTextToText,
    BlipConfig,
    GenerationConfig,
    GitConfig,
    GPT2Config,
    SwinConfig,
    VisionEncoderDecoderConfig,
)

from f1cap.models.decoding.search import choose_engine, search
from f1cap.records.models import Decoding, Engine
from tests.models.tiny import DECODERS, reference

_IMAGES = 50
_BATCHES = (1, 3, 8, 13, 25)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "decoding"),
    [
        ("blip", Decoding(num_beams=1, max_new_tokens=12)),
        ("blip", Decoding(num_beams=5, max_new_tokens=12)),
        ("git", Decoding(num_beams=1, max_new_tokens=12)),
        ("git", Decoding(num_beams=4, max_new_tokens=12)),
        ("swin", Decoding(num_beams=1, max_new_tokens=20, no_repeat_ngram_size=2)),
        ("swin", Decoding(num_beams=5, max_new_tokens=20, no_repeat_ngram_size=2)),
    ],
)
def test_fifty_images(kind: str, decoding: Decoding) -> None:
    model, side, prompt_ids, eos_token_ids = _build(kind)
    decoder = choose_engine(DECODERS[kind], _build(kind)[0], Engine.FAST, name=kind)
    assert decoder is not None
    coarse = torch.randn(_IMAGES, 3, 6, 6, generator=torch.Generator().manual_seed(11))
    images = interpolate(coarse, size=(side, side), mode="bilinear")
    captions: set[tuple[int, ...]] = set()
    for pixels in images.split(_BATCHES):
        expected = reference(model, pixels, prompt_ids, eos_token_ids, decoding)
        assert search(decoder, pixels, prompt_ids, eos_token_ids, decoding) == expected
        captions.update(map(tuple, expected))
    assert len(captions) > _IMAGES / 5


def _build(kind: str) -> tuple[Any, int, list[int], list[int]]:
    """Make a model, and return it with the side of its images, the prompt and the end tokens."""
    config, side, prompt_ids, eos_token_ids, head = {
        "blip": (
            BlipConfig(
                text_config={"vocab_size": 30524, "num_attention_heads": 12, "bos_token_id": 30522},
                # as the checkpoint has it; the class's own 1e-10 would leave the model blind
                vision_config={"image_size": 384, "initializer_range": 0.02},
            ),
            384,
            [30522],
            [102],
            "text_decoder.cls.predictions.decoder",
        ),
        "git": (GitConfig(), 224, [101], [102], "output"),
        "swin": (
            VisionEncoderDecoderConfig.from_encoder_decoder_configs(
                SwinConfig(), GPT2Config(n_layer=6)
            ),
            224,
            [50256],
            [50256],
            "decoder.lm_head",
        ),
    }[kind]
    torch.manual_seed(0)
    model: Any = AutoModelForImageTextToText.from_config(config)
    if kind == "swin":
        model.generation_config = GenerationConfig(
            decoder_start_token_id=50256, eos_token_id=50256, pad_token_id=50256
        )
    with torch.no_grad():  # so that the best token stands clear of the rest
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2.0)
        model.get_submodule(head).weight.mul_(4.0)
    return model.eval(), side, prompt_ids, eos_token_ids
