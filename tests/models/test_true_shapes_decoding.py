"""On random weights of the true shapes: the captions are those of transformers' `generate`."""

from typing import Any

import pytest
import torch
from torch.nn.functional import interpolate
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    GenerationConfig,
    GitConfig,
    GitForCausalLM,
    GPT2Config,
    SwinConfig,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
)

from f1cap.models.decoding.engine import choose_engine
from f1cap.models.decoding.frame import Frame
from f1cap.models.decoding.search import search
from f1cap.records.models import Decoding, Engine
from tests.models.tiny import DECODERS, reference

_PICTURES = 50
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
def test_fifty_pictures(kind: str, decoding: Decoding) -> None:
    model, side, frame = _build(kind)
    decoder = choose_engine(DECODERS[kind], _build(kind)[0], Engine.FAST, name=kind)
    assert decoder is not None
    coarse = torch.randn(_PICTURES, 3, 6, 6, generator=torch.Generator().manual_seed(11))
    pictures = interpolate(coarse, size=(side, side), mode="bilinear")
    captions: set[tuple[int, ...]] = set()
    for pixels in pictures.split(_BATCHES):
        expected = reference(model, pixels, frame, decoding)
        assert search(decoder, pixels, frame, decoding) == expected
        captions.update(map(tuple, expected))
    # a random BLIP says the same of all these pictures; what differs is covered by the minis
    assert kind == "blip" or len(captions) > _PICTURES / 5


def _build(kind: str) -> tuple[Any, int, Frame]:
    """Make a model, and return it with the side of its pictures and the ids around captions."""
    torch.manual_seed(0)
    if kind == "blip":
        text = {"vocab_size": 30524, "num_attention_heads": 12, "bos_token_id": 30522}
        model: Any = BlipForConditionalGeneration(
            BlipConfig(text_config=text, vision_config={"image_size": 384})
        )
        side, frame = 384, Frame((30522,), (102,))
        head = model.text_decoder.cls.predictions.decoder
    elif kind == "git":
        model = GitForCausalLM(GitConfig())
        side, frame = 224, Frame((101,), (102,))
        head = model.output
    else:
        config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(
            SwinConfig(), GPT2Config(n_layer=6)
        )
        model = VisionEncoderDecoderModel(config)
        model.generation_config = GenerationConfig(
            decoder_start_token_id=50256, eos_token_id=50256, pad_token_id=50256
        )
        side, frame = 224, Frame((50256,), (50256,))
        head = model.decoder.lm_head
    with torch.no_grad():  # so that the best token stands clear of the rest
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2.0)
        head.weight.mul_(4.0)
    return model.eval(), side, frame
