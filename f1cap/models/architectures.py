"""The shapes of the catalogue's models, as data, and those of any other checkpoint, as it says."""

import json
import math
import struct
from pathlib import Path
from typing import Any

from f1cap.records.architectures import Architecture, TextShape, VisionShape
from f1cap.records.models import ModelSpec

_GIT_TEXT = TextShape(layers=6, width=768, feed=3072, vocabulary=30522, tied=False, prefix=True)
_BLIP_TEXT = TextShape(layers=12, width=768, feed=3072, vocabulary=30524, tied=True, prefix=False)
_VIT_BASE_224 = VisionShape(
    pixels=224, tokens=197, width=768, feed=3072, heads=12, tokens_out=197, width_out=768
)
_GIT_BASE = Architecture(_VIT_BASE_224, _GIT_TEXT)

# Known before a checkpoint is downloaded; each equals what `describe` makes of its config.json.
ARCHITECTURES: dict[str, Architecture] = {
    "blip-base": Architecture(
        VisionShape(
            pixels=384, tokens=577, width=768, feed=3072, heads=12, tokens_out=577, width_out=768
        ),
        _BLIP_TEXT,
    ),
    "git-base": _GIT_BASE,
    "swin-tiny": Architecture(
        VisionShape(
            pixels=224,
            tokens=3136,
            width=96,
            feed=384,
            heads=3,
            window=49,
            tokens_out=49,
            width_out=768,
        ),
        TextShape(layers=6, width=768, feed=3072, vocabulary=50257, tied=True, prefix=False),
    ),
    "blip-large": Architecture(
        VisionShape(
            pixels=384, tokens=577, width=1024, feed=4096, heads=16, tokens_out=577, width_out=1024
        ),
        _BLIP_TEXT,
    ),
    "git-base-coco": _GIT_BASE,
    "git-large-coco": Architecture(
        VisionShape(
            pixels=224, tokens=257, width=1024, feed=4096, heads=16, tokens_out=257, width_out=1024
        ),
        _GIT_TEXT,
    ),
    "vit-gpt2": Architecture(
        _VIT_BASE_224,
        TextShape(layers=12, width=768, feed=3072, vocabulary=50257, tied=True, prefix=False),
    ),
}


def architecture_of(spec: ModelSpec) -> Architecture | None:
    """Return a model's shape: the catalogue's, else what its folder says.

    Returns:
        None for a checkpoint that is not on this machine, or is of a shape that we do not know.
    """
    known = ARCHITECTURES.get(spec.name)
    if known is not None or not spec.local:
        return known
    try:
        config = json.loads((Path(spec.checkpoint) / "config.json").read_text(encoding="utf-8"))
        return describe(config)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def parameters_of(spec: ModelSpec) -> int | None:
    """Return the number of a model's weights: the catalogue's, else what its files hold."""
    if spec.parameters is not None or not spec.local:
        return spec.parameters
    return _count_parameters(Path(spec.checkpoint) / "model.safetensors")


def describe(config: dict[str, Any]) -> Architecture:
    """Read the shape out of a config.json of the three families.

    Raises:
        KeyError: It lacks a number, or is of another family.
    """
    kind = config["model_type"]
    if kind == "blip":
        vision, text = config["vision_config"], config["text_config"]
        return Architecture(_vit(vision, class_token=True), _bert(text, prefix=False, tied=True))
    if kind == "git":
        tied = bool(config.get("tie_word_embeddings", False))
        vision = config["vision_config"]
        return Architecture(_vit(vision, class_token=True), _bert(config, prefix=True, tied=tied))
    encoder, decoder = config["encoder"], config["decoder"]
    image = _swin(encoder) if encoder["model_type"] == "swin" else _vit(encoder, class_token=True)
    width = decoder["n_embd"]
    return Architecture(
        image,
        TextShape(
            layers=decoder["n_layer"],
            width=width,
            feed=decoder.get("n_inner") or 4 * width,
            vocabulary=decoder["vocab_size"],
            tied=bool(decoder.get("tie_word_embeddings", True)),
            prefix=False,
        ),
    )


def _vit(vision: dict[str, Any], *, class_token: bool) -> VisionShape:
    tokens = (vision["image_size"] // vision["patch_size"]) ** 2 + class_token
    width = vision["hidden_size"]
    return VisionShape(
        pixels=vision["image_size"],
        tokens=tokens,
        width=width,
        feed=vision["intermediate_size"],
        heads=vision["num_attention_heads"],
        tokens_out=tokens,
        width_out=width,
    )


def _swin(vision: dict[str, Any]) -> VisionShape:
    side = vision["image_size"] // vision["patch_size"]
    halvings = len(vision["depths"]) - 1
    width = vision["embed_dim"]
    return VisionShape(
        pixels=vision["image_size"],
        tokens=side**2,
        width=width,
        feed=round(width * vision.get("mlp_ratio", 4.0)),
        heads=vision["num_heads"][0],
        tokens_out=(side >> halvings) ** 2,
        width_out=width << halvings,
        window=min(vision["window_size"], side) ** 2,
    )


def _bert(text: dict[str, Any], *, prefix: bool, tied: bool) -> TextShape:
    return TextShape(
        layers=text["num_hidden_layers"],
        width=text["hidden_size"],
        feed=text["intermediate_size"],
        vocabulary=text["vocab_size"],
        tied=tied,
        prefix=prefix,
    )


def _count_parameters(path: Path) -> int | None:
    """Count the weights that a safetensors file declares in its header."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, path.stat().st_size)))
        shapes = [entry["shape"] for name, entry in header.items() if name != "__metadata__"]
        return sum(int(math.prod(shape)) for shape in shapes)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None
