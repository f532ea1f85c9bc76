"""A model's shape out of its config.json, for the memory estimate. Imports no torch.

A family's row in the registry names one of the readers; the parts serve a family of one's own.
"""

from collections.abc import Mapping
from typing import Any

from f1cap.records.fits import Architecture, TextShape, VisionShape

_GIT_TEXT = TextShape(
    layers=6, width=768, mlp_width=3072, vocab_size=30522, tied=False, prefix=True
)
_BLIP_TEXT = TextShape(
    layers=12, width=768, mlp_width=3072, vocab_size=30524, tied=True, prefix=False
)
_VIT_BASE_224 = VisionShape(pixels=224, tokens=197, width=768, mlp_width=3072, tokens_out=197)
_GIT_BASE = Architecture(_VIT_BASE_224, _GIT_TEXT)

# Known before a checkpoint is downloaded; each equals what its family's reader makes of its
# config.json.
ARCHITECTURES: dict[str, Architecture] = {
    "blip-base": Architecture(
        VisionShape(pixels=384, tokens=577, width=768, mlp_width=3072, tokens_out=577), _BLIP_TEXT
    ),
    "git-base": _GIT_BASE,
    "swin-tiny": Architecture(
        VisionShape(pixels=224, tokens=3136, width=96, mlp_width=384, tokens_out=49),
        TextShape(layers=6, width=768, mlp_width=3072, vocab_size=50257, tied=True, prefix=False),
    ),
    "blip-large": Architecture(
        VisionShape(pixels=384, tokens=577, width=1024, mlp_width=4096, tokens_out=577), _BLIP_TEXT
    ),
    "git-base-coco": _GIT_BASE,
    "git-large-coco": Architecture(
        VisionShape(pixels=224, tokens=257, width=1024, mlp_width=4096, tokens_out=257), _GIT_TEXT
    ),
    "vit-gpt2": Architecture(
        _VIT_BASE_224,
        TextShape(layers=12, width=768, mlp_width=3072, vocab_size=50257, tied=True, prefix=False),
    ),
}


def blip_shape(config: Mapping[str, Any]) -> Architecture:
    """Read a BLIP: a vision transformer, and a BERT that reads it by cross-attention."""
    text = bert_shape(config["text_config"], prefix=False, tied=True)
    return Architecture(vit_shape(config["vision_config"]), text)


def git_shape(config: Mapping[str, Any]) -> Architecture:
    """Read a GIT: a vision transformer, and a BERT that has the image as a prefix."""
    tied = bool(config.get("tie_word_embeddings", False))
    return Architecture(
        vit_shape(config["vision_config"]), bert_shape(config, prefix=True, tied=tied)
    )


def encoder_gpt2_shape(config: Mapping[str, Any]) -> Architecture:
    """Read a vision-encoder-decoder: any image encoder, and a GPT-2 with cross-attention."""
    encoder = config["encoder"]
    vision = swin_shape(encoder) if encoder["model_type"] == "swin" else vit_shape(encoder)
    return Architecture(vision, gpt2_shape(config["decoder"]))


def vit_shape(vision: Mapping[str, Any]) -> VisionShape:
    """Read a vision transformer with a class token."""
    tokens = (vision["image_size"] // vision["patch_size"]) ** 2 + 1
    return VisionShape(
        pixels=vision["image_size"],
        tokens=tokens,
        width=vision["hidden_size"],
        mlp_width=vision["intermediate_size"],
        tokens_out=tokens,
    )


def swin_shape(vision: Mapping[str, Any]) -> VisionShape:
    """Read a Swin: each stage but the last halves the sides."""
    side = vision["image_size"] // vision["patch_size"]
    halvings = len(vision["depths"]) - 1
    width = vision["embed_dim"]
    return VisionShape(
        pixels=vision["image_size"],
        tokens=side**2,
        width=width,
        mlp_width=round(width * vision.get("mlp_ratio", 4.0)),
        tokens_out=(side >> halvings) ** 2,
    )


def bert_shape(text: Mapping[str, Any], *, prefix: bool, tied: bool) -> TextShape:
    """Read a BERT decoder."""
    return TextShape(
        layers=text["num_hidden_layers"],
        width=text["hidden_size"],
        mlp_width=text["intermediate_size"],
        vocab_size=text["vocab_size"],
        tied=tied,
        prefix=prefix,
    )


def gpt2_shape(text: Mapping[str, Any]) -> TextShape:
    """Read a GPT-2 with cross-attention."""
    width = text["n_embd"]
    return TextShape(
        layers=text["n_layer"],
        width=width,
        mlp_width=text.get("n_inner") or 4 * width,
        vocab_size=text["vocab_size"],
        tied=bool(text.get("tie_word_embeddings", True)),
        prefix=False,
    )
