"""How much memory a model takes: one formula, so that a GPU can be judged before a download.

It follows f1cap's own search (`models/decoding`), which every catalogue model runs by:

    peak = weights + layout + images + max(encoder, cache + max(reading, search)) + overhead

- weights: parameters x bytes of the number format; exact.
- layout: on a CPU, weights are laid out for its matrix products, in place of the originals;
  only embeddings that serve as the output layer too are needed both ways.
- images: a batch of prepared images, 3 x side x side each.
- encoder: what one layer of the image encoder holds at once, at the place where it holds most:
  the states before and after attention, queries, keys and values, the norm's result and the wide
  middle of the feed-forward part. On a GPU for the whole batch, on a CPU for a few images.
- cache: keys and values. Of an image once for all its beams, whether the text model looks at it
  across or reads it as a prefix; of the text, one entry per beam and step.
- reading: what one text layer holds while it takes image tokens in: as an encoder's layer where
  they are a prefix, else their projection. For as many images as the encoder.
- search: logits, their logarithms and the sums that are ranked, for all beams of all images.
- overhead: on a GPU, the CUDA context with its libraries, and what the allocator rounds up.
"""

import bisect
import json
import math
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

from f1cap.records.architectures import Architecture, Footprint, TextShape, VisionShape
from f1cap.records.models import DType, ModelSpec

BYTES = {DType.FLOAT32: 4, DType.FLOAT16: 2, DType.BFLOAT16: 2}

# A CUDA context with cuBLAS and its workspace: 250 to 500 MiB by GPU and release.
CONTEXT_BYTES = 350 * 2**20
# The allocator takes memory in blocks of 2 to 20 MiB and leaves gaps between them.
_ALLOCATOR_SHARE = 0.1
_FLOAT32 = 4
# What the search encodes in one pass on a CPU (`decoding.vision`, which torch is needed for).
IMAGES_PER_PASS = 4


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
        dtype: The number format it runs in; not `auto`.
        num_beams: Of the search.
        batch_size: Images at once.
        max_new_tokens: The longest caption.
        on_gpu: On an NVIDIA GPU; else on a CPU.
    """
    number = BYTES[dtype]
    text = architecture.text
    together = batch_size if on_gpu else min(batch_size, IMAGES_PER_PASS)
    footprint = Footprint(
        weights=parameters * number,
        layout=0 if on_gpu or not text.tied else text.vocabulary * text.width * number,
        images=batch_size * 3 * architecture.vision.pixels**2 * number,
        encoder=together * _encoder(architecture, number),
        cache=batch_size * _cache(architecture, number, num_beams, max_new_tokens),
        reading=together * _reading(architecture, number),
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
    """Return how many images at once fit into a GPU's memory; 0 if not even one does.

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


def _encoder(architecture: Architecture, number: int) -> int:
    vision = architecture.vision
    return vision.tokens * _layer(vision.width, vision.feed) * number


def _reading(architecture: Architecture, number: int) -> int:
    text, tokens = architecture.text, architecture.vision.tokens_out
    # two layers' worth of keys and values: as they are made, and split
    wide = _layer(text.width, text.feed) if text.prefix else 4 * text.width
    return tokens * wide * number


def _layer(width: int, feed: int) -> int:
    """Return how many numbers a layer holds per position, at most."""
    # states before and after attention, the norm's result, queries + keys + values, what
    # attention found; then the wide middle, twice: before and after its activation
    return 7 * width + 2 * feed


def _cache(architecture: Architecture, number: int, beams: int, steps: int) -> int:
    text, vision = architecture.text, architecture.vision
    positions = vision.tokens_out + 1 + beams * (steps - 1)
    return 2 * text.layers * positions * text.width * number


def _search(architecture: Architecture, number: int) -> int:
    # logits in the model's format; in float32: themselves, their logarithms, the sums
    return architecture.text.vocabulary * (number + 3 * _FLOAT32)


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
