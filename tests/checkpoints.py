"""Tiny checkpoints of the real classes, with random weights: a few hundred KB, no download."""

import json
from pathlib import Path
from typing import Any

import torch

from f1cap.models.registry import BLIP, GIT, VISION_ENCODER_DECODER

FAMILIES = (BLIP.name, GIT.name, VISION_ENCODER_DECODER.name)  # those with a fast decoder

IMAGE_SIZE = 32
WIDTH = 32
POSITIONS = 64
# fmt: off
WORDS = (
    "a", "the", "red", "blue", "green", "car", "cars", "driver", "drivers", "pit", "stop",
    "track", "night", "day", "rain", "tyre", "wheel", "crew", "wall", "flag", "wins", "leads",
    "waits", "turns", "helmet", "podium", "team", "garage", "screen", "data", "wet", "dry",
    "fast", "slow", "on", "in", "at", "by", "with", "of", "and", "two", "three",
)
# fmt: on
_BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_OUTPUT_BIASES = {"output.bias", "text_decoder.cls.predictions.bias"}
_GPT2_END = "<|endoftext|>"


def make_checkpoint(family: str, folder: Path, *, seed: int = 0, bin: bool = False) -> Path:  # noqa: A002 - the word users know
    """Write a checkpoint folder that loads like a real one.

    Args:
        family: One of FAMILIES; decides the class.
        folder: Made if it is not there.
        seed: Of the weights; the same seed gives the same bytes.
        bin: Write pytorch_model.bin, as old checkpoints have, instead of model.safetensors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = {BLIP.name: _blip, GIT.name: _git, VISION_ENCODER_DECODER.name: _swin}[family](
            folder
        )
        with torch.no_grad():
            # far from the small numbers of an untrained model, so that rounding decides no word
            for name, parameter in model.named_parameters():
                if parameter.dim() > 1 and not ("position" in name or "class_emb" in name):
                    # what is seen must outweigh what was said, or all images get one caption
                    parameter.mul_(24.0 if "crossattention" in name else 8.0)
                if name in _OUTPUT_BIASES:
                    # captions are words, as a trained model's are, and some of them end
                    parameter[: len(_BERT_SPECIAL)] = -50.0
                    parameter[_BERT_SPECIAL.index("[SEP]")] = 1.0
                    parameter[len(_BERT_SPECIAL) + len(WORDS) :] = -50.0
    model.save_pretrained(folder)
    if bin:
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        torch.save(state, folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    return folder


def _blip(folder: Path) -> Any:
    from transformers import BlipConfig, BlipForConditionalGeneration

    size = _write_bert(folder)
    _write_preprocessor(folder, "BlipImageProcessor", size={"height": 32, "width": 32})
    return BlipForConditionalGeneration(
        BlipConfig(
            # as in the real one: the start id lies outside the tokenizer, eos is not what ends
            text_config={
                **_text(size + 2),
                "encoder_hidden_size": WIDTH,
                "bos_token_id": size,
                "sep_token_id": 3,
                "eos_token_id": 2,
                "pad_token_id": 0,
            },
            vision_config=_vision(),
            projection_dim=WIDTH,
        )
    )


def _git(folder: Path) -> Any:
    from transformers import GitConfig, GitForCausalLM

    size = _write_bert(folder)
    _write_preprocessor(
        folder,
        "CLIPImageProcessor",
        size={"shortest_edge": 32},
        crop_size={"height": 32, "width": 32},
        do_center_crop=True,
    )
    return GitForCausalLM(
        GitConfig(
            **_text(size),
            vision_config=_vision(),
            bos_token_id=2,
            eos_token_id=3,
            pad_token_id=0,
            tie_word_embeddings=False,
        )
    )


def _swin(folder: Path) -> Any:
    from transformers import (
        GPT2Config,
        SwinConfig,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
    )

    size = _write_gpt2(folder)
    end = size - 1
    _write_preprocessor(folder, "ViTImageProcessor", size={"height": 32, "width": 32}, resample=2)
    encoder = SwinConfig(
        image_size=IMAGE_SIZE,
        patch_size=4,
        embed_dim=WIDTH // 2,
        depths=[1, 1],
        num_heads=[2, 2],
        window_size=4,
    )
    decoder = GPT2Config(
        vocab_size=size,
        n_positions=POSITIONS,
        n_embd=WIDTH,
        n_layer=2,
        n_head=2,
        bos_token_id=end,
        eos_token_id=end,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id = config.pad_token_id = end
    return VisionEncoderDecoderModel(config)


def _text(vocabulary: int) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": POSITIONS,
    }


def _vision() -> dict[str, Any]:
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": IMAGE_SIZE,
        "patch_size": 8,
        "initializer_range": 0.02,
    }


def _write_bert(folder: Path) -> int:
    entries = [*_BERT_SPECIAL, *WORDS]
    (folder / "vocab.txt").write_text("\n".join(entries) + "\n", encoding="utf-8")
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": True,
            "model_max_length": POSITIONS,
            "unk_token": "[UNK]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "cls_token": "[CLS]",
            "mask_token": "[MASK]",
        },
    )
    return len(entries)


def _write_gpt2(folder: Path) -> int:
    # GPT-2 writes a space before a word as this letter
    entries = [*(f"\u0120{word}" for word in WORDS), _GPT2_END]
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    _write_json(folder / "vocab.json", vocabulary)
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "GPT2Tokenizer",
            "bos_token": _GPT2_END,
            "eos_token": _GPT2_END,
            "unk_token": _GPT2_END,
            "pad_token": _GPT2_END,
        },
    )
    return len(entries)


def _write_preprocessor(folder: Path, kind: str, **settings: Any) -> None:
    _write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": kind,
            "do_resize": True,
            "do_rescale": True,
            "do_normalize": True,
            "resample": 3,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.25, 0.25, 0.25],
            **settings,
        },
    )


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
