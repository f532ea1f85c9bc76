"""Random models of a few thousand weights, and the captions that transformers finds with them."""

from collections.abc import Sequence
from typing import Any

import torch
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
    ViTConfig,
)

from f1cap.models.decoding.search import FastDecoder
from f1cap.models.families.blip import BlipDecoder
from f1cap.models.families.git import GitDecoder
from f1cap.models.families.vision_gpt2 import VisionGpt2Decoder
from f1cap.records.models import Decoding

VOCABULARY = 97
START, END, PAD = 95, 3, 0
SIZE = 32
_TEXT = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}
_VISION = {
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": SIZE,
    "patch_size": 16,
}
_GPT2 = {"vocab_size": VOCABULARY, "n_positions": 64, "n_embd": 32, "n_layer": 2, "n_head": 4}
DECODERS: dict[str, type[FastDecoder]] = {
    "blip": BlipDecoder,
    "git": GitDecoder,
    "swin": VisionGpt2Decoder,
    "vit": VisionGpt2Decoder,
}


def build(kind: str, seed: int, **changes: Any) -> Any:
    """Make a model whose weights are large enough for ties not to decide.

    Args:
        kind: blip, git, swin, or vit: the third family with another encoder, of another width.
        seed: Of the weights.
        changes: To the config of the text model.
    """
    if kind == "blip":
        text = {**_TEXT, "encoder_hidden_size": 24, "sep_token_id": END, "eos_token_id": 2}
        text |= {"bos_token_id": START, "pad_token_id": PAD, **changes}
        model: Any = BlipForConditionalGeneration(
            BlipConfig(text_config=text, vision_config=_VISION, projection_dim=16)
        )
    elif kind == "git":
        ids = {"bos_token_id": START, "eos_token_id": END, "pad_token_id": PAD}
        config = {**_TEXT, **ids, "tie_word_embeddings": False, **changes}
        model = GitForCausalLM(GitConfig(vision_config=_VISION, **config))
    else:
        model = _encoder_and_gpt2(kind, changes)
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=source) * 0.25)
            elif not name.endswith("weight"):  # not the norms
                parameter.copy_(torch.randn(parameter.shape, generator=source) * 0.1)
    return model.eval()


def draw(count: int, seed: int) -> Any:
    """Return random pixels, [count, 3, SIZE, SIZE]."""
    return torch.randn(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def reference(
    model: Any,
    pixels: Any,
    prompt_ids: Sequence[int],
    eos_token_ids: Sequence[int],
    decoding: Decoding,
) -> list[list[int]]:
    """Return what `generate` finds, in the form of `search.search`."""
    options: dict[str, Any] = {
        "do_sample": False,
        "num_beams": decoding.num_beams,
        "max_new_tokens": decoding.max_new_tokens,
        "min_new_tokens": decoding.min_new_tokens,
        "no_repeat_ngram_size": decoding.no_repeat_ngram_size,
        "repetition_penalty": decoding.repetition_penalty,
    }
    if not decoding.min_new_tokens:  # zero is no limit, but warns where a length is set
        del options["min_new_tokens"]
    if decoding.num_beams > 1:
        options["length_penalty"] = decoding.length_penalty
        options["early_stopping"] = decoding.early_stopping
    rows = torch.tensor([list(prompt_ids)] * len(pixels), device=pixels.device)
    if isinstance(model, BlipForConditionalGeneration):  # it drops the last id
        ends = torch.full_like(rows[:, :1], eos_token_ids[0])
        options["input_ids"] = torch.cat([rows, ends], dim=1)
    else:
        options["eos_token_id"] = list(eos_token_ids)
        name = "input_ids" if isinstance(model, GitForCausalLM) else "decoder_input_ids"
        options[name] = rows
    found = model.generate(pixel_values=pixels, **options).tolist()
    return [trim(row, len(prompt_ids), eos_token_ids) for row in found]


def trim(row: list[int], prompt_length: int, eos_token_ids: Sequence[int]) -> list[int]:
    """Cut what `generate` fills a row with after its end token."""
    for index in range(prompt_length, len(row)):
        if row[index] in eos_token_ids:
            return row[: index + 1]
    return row


def _encoder_and_gpt2(kind: str, changes: dict[str, Any]) -> Any:
    if kind == "swin":
        encoder: Any = SwinConfig(
            image_size=SIZE,
            patch_size=4,
            embed_dim=16,
            depths=[1, 2],
            num_heads=[2, 2],
            window_size=2,
        )
    else:
        encoder = ViTConfig(**_VISION)
    ids = {"bos_token_id": START, "eos_token_id": END, "pad_token_id": END}
    decoder = GPT2Config(**{**_GPT2, **ids, **changes})
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    model = VisionEncoderDecoderModel(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=START, eos_token_id=END, pad_token_id=END
    )
    return model
