"""How much memory a model takes: one formula, so that a GPU can be judged before a download.

It follows f1cap's own search (`models/decoding`), which every catalogue model runs by:

    peak = weights + prepack + images + max(encoder, cache + max(prefill, search)) + overhead

- weights: parameters x bytes of the dtype; exact.
- prepack: on a CPU, weights are packed for its matrix products, in place of the originals;
  only embeddings that serve as the output layer too are needed both ways.
- images: a batch of prepared images, 3 x side x side each.
- encoder: what one layer of the image encoder holds at once, the layer that holds most:
  the states before and after attention, queries, keys and values, the norm's result and the wide
  middle of the feed-forward part. On a GPU for the whole batch, on a CPU for a few images.
- cache: keys and values. Of an image once for all its beams, whether the text model reads it by
  cross-attention or as a prefix; of the text, one entry per beam and step.
- prefill: what one text layer holds while it takes image tokens in: as an encoder's layer where
  they are a prefix, else their projection. For as many images as the encoder.
- search: logits, their logarithms and the sums that are ranked, for all beams of all images.
- overhead: on a GPU, the CUDA context with its libraries, and what the allocator rounds up.

Shapes are read from a config.json by the `…_shape` functions, which a family names in the registry.
"""

import bisect
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from f1cap.models import registry
from f1cap.models.device.cpu import IMAGES_PER_PASS
from f1cap.models.device.machine import CONTEXT_BYTES
from f1cap.records.fits import Architecture, Footprint, TextShape, VisionShape
from f1cap.records.models import DType, ModelSpec

BYTES = {DType.FLOAT32: 4, DType.FLOAT16: 2, DType.BFLOAT16: 2}

# The allocator takes memory in blocks of 2 to 20 MiB and leaves gaps between them.
_ALLOCATOR_SHARE = 0.1
_FLOAT32 = 4

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


def predict(  # noqa: PLR0913 - each is an option of the command line
    architecture: Architecture,
    *,
    parameters: int,
    dtype: DType,
    num_beams: int,
    batch_size: int,
    max_new_tokens: int = 50,
    on_gpu: bool = True,
) -> Footprint:
    """Return the memory that a model takes while it captions.

    Args:
        architecture: The model's shape.
        parameters: Its weights, tied ones counted once.
        dtype: The one it runs in; not `auto`.
        num_beams: Of the search.
        batch_size: Images per batch.
        max_new_tokens: The longest caption.
        on_gpu: On an NVIDIA GPU; else on a CPU.
    """
    number = BYTES[dtype]
    text = architecture.text
    together = batch_size if on_gpu else min(batch_size, IMAGES_PER_PASS)
    footprint = Footprint(
        weights=parameters * number,
        prepack=0 if on_gpu or not text.tied else text.vocab_size * text.width * number,
        images=batch_size * 3 * architecture.vision.pixels**2 * number,
        encoder=together * _encoder(architecture, number),
        cache=batch_size * _cache(architecture, number, num_beams, max_new_tokens),
        prefill=together * _prefill(architecture, number),
        search=batch_size * num_beams * _search(architecture, number),
        overhead=0,
    )
    if not on_gpu:
        return footprint
    overhead = CONTEXT_BYTES + round(_ALLOCATOR_SHARE * footprint.working)
    return replace(footprint, overhead=overhead)


def largest_batch(  # noqa: PLR0913 - as above
    architecture: Architecture,
    capacity_bytes: int,
    *,
    parameters: int,
    dtype: DType,
    num_beams: int,
    max_new_tokens: int,
    limit: int,
) -> int:
    """Return the largest batch size that fits into a GPU's memory; 0 if not even one image does.

    Args:
        architecture: The model's shape.
        capacity_bytes: The GPU's memory.
        parameters: As for `predict`.
        dtype: As for `predict`.
        num_beams: As for `predict`.
        max_new_tokens: As for `predict`.
        limit: More are not looked for.
    """

    def total_bytes(batch_size: int) -> int:
        return predict(
            architecture,
            parameters=parameters,
            dtype=dtype,
            num_beams=num_beams,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
        ).total

    return bisect.bisect_right(range(1, limit + 1), capacity_bytes, key=total_bytes)


def architecture_of(spec: ModelSpec) -> Architecture | None:
    """Return a model's shape: the catalogue's, else what its folder says.

    Returns:
        None for a checkpoint that is not on this machine, whose shape is not known, or of a
        family that names no shape reader.
    """
    known = ARCHITECTURES.get(spec.name)
    if known is not None or not spec.local:
        return known
    try:
        config = json.loads((Path(spec.checkpoint) / "config.json").read_text(encoding="utf-8"))
        return registry.find(spec.family).read_shape(config)
    except (OSError, ImportError, ValueError, LookupError, TypeError, AttributeError):
        return None


def parameters_of(spec: ModelSpec) -> int | None:
    """Return the number of a model's weights: the catalogue's, else what its files hold."""
    if spec.parameters is not None or not spec.local:
        return spec.parameters
    return _count_parameters(Path(spec.checkpoint) / "model.safetensors")


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


def _encoder(architecture: Architecture, number: int) -> int:
    vision = architecture.vision
    return vision.tokens * _layer(vision.width, vision.mlp_width) * number


def _prefill(architecture: Architecture, number: int) -> int:
    text, tokens = architecture.text, architecture.vision.tokens_out
    # two layers' worth of keys and values: as they are made, and split
    wide = _layer(text.width, text.mlp_width) if text.prefix else 4 * text.width
    return tokens * wide * number


def _layer(width: int, mlp_width: int) -> int:
    """Return how many numbers a layer holds per position, at most."""
    # states before and after attention, the norm's result, queries + keys + values, what
    # attention found; then the wide middle, twice: before and after its activation
    return 7 * width + 2 * mlp_width


def _cache(architecture: Architecture, number: int, beams: int, steps: int) -> int:
    text, vision = architecture.text, architecture.vision
    positions = vision.tokens_out + 1 + beams * (steps - 1)
    return 2 * text.layers * positions * text.width * number


def _search(architecture: Architecture, number: int) -> int:
    # logits in the model's dtype; in float32: themselves, their logarithms, the sums
    return architecture.text.vocab_size * (number + 3 * _FLOAT32)


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
