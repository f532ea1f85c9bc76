"""A tiny checkpoint of Florence-2 with random weights."""

import json
from pathlib import Path
from typing import Any

import torch

from tests.checkpoints import WORDS

_SIDE = 32
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_IMAGE_TOKEN = "<image>"  # noqa: S105 - a token of text


def make_florence2(folder: Path) -> Path:
    """Write a checkpoint folder that loads like a real one; the same bytes each time."""
    from transformers import Florence2Config, Florence2ForConditionalGeneration

    folder.mkdir(parents=True, exist_ok=True)
    size = _write_tokenizer(folder)
    stage = {"depths": [1, 1, 1, 1], "embed_dim": [16] * 4, "num_heads": [2] * 4}
    config = Florence2Config(
        vision_config={**stage, "num_groups": [2] * 4, "projection_dim": 32, "window_size": 4},
        text_config={
            "model_type": "bart",
            "vocab_size": size,
            "d_model": 32,
            "encoder_layers": 1,
            "decoder_layers": 2,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "max_position_embeddings": 64,
        },
        image_token_id=size - 1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = Florence2ForConditionalGeneration(config)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.dim() > 1:
                    # what is seen must outweigh what was said, or all images get one caption
                    parameter.mul_(24.0 if "encoder_attn" in name else 8.0)
                elif name.endswith("image_proj_norm.weight"):
                    parameter.mul_(8.0)
    model.save_pretrained(folder)
    _write_json(
        folder / "generation_config.json",
        {
            "bos_token_id": 0,
            "decoder_start_token_id": 2,
            "eos_token_id": 2,
            "forced_bos_token_id": 0,
            "pad_token_id": 1,
        },
    )
    _write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "CLIPImageProcessor",
            "do_center_crop": False,
            "image_seq_length": _image_tokens(),
            "size": {"height": _SIDE, "width": _SIDE},
        },
    )
    return folder


def _image_tokens() -> int:
    """Return the places of the last stage, each side an eighth of a quarter, and their mean."""
    return (_SIDE // 32) ** 2 + 1


def _write_tokenizer(folder: Path) -> int:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    entries = [*_SPECIAL, *(f"\u0120{word}" for word in WORDS), _IMAGE_TOKEN]
    tokenizer = Tokenizer(
        models.BPE(
            {entry: number for number, entry in enumerate(entries)}, [], unk_token=_SPECIAL[3]
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(text, special=True, normalized=False) for text in (*_SPECIAL, _IMAGE_TOKEN)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "extra_special_tokens": {"image_token": _IMAGE_TOKEN},
        },
    )
    return len(entries)


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
