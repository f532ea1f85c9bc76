"""How much memory a model takes: one formula, so that a card can be judged before a download.

It follows f1cap's own search (`models/decoding`), which every catalogue model runs by:

    peak = weights + layout + pictures + max(encoder, cache + max(reading, search)) + overhead

- weights: parameters x bytes of the number format; exact.
- layout: on a processor, weights are laid out for its matrix products, in place of the originals;
  only embeddings that serve as the output layer too are needed both ways.
- pictures: a batch of prepared pictures, 3 x side x side each.
- encoder: what one layer of the image encoder holds at once, at the place where it holds most:
  the states before and after attention, queries, keys and values, the norm's result and the wide
  middle of the feed-forward part. On a card for the whole batch, on a processor for a few pictures.
- cache: keys and values. Of a picture once for all its beams, whether the text model looks at it
  across or reads it as a prefix; of the text, one entry per beam and step.
- reading: what one text layer holds while it takes image tokens in: as an encoder's layer where
  they are a prefix, else their projection. For as many pictures as the encoder.
- search: logits, their logarithms and the sums that are ranked, for all beams of all pictures.
- overhead: on a card, the CUDA context with its libraries, and what the allocator rounds up.
"""

import bisect
from dataclasses import replace

from f1cap.records.architectures import Architecture, Footprint
from f1cap.records.models import DType

BYTES = {DType.FLOAT32: 4, DType.FLOAT16: 2, DType.BFLOAT16: 2}

# A CUDA context with cuBLAS and its workspace: 250 to 500 MiB by card and release.
CONTEXT_BYTES = 350 * 2**20
# The allocator takes memory in blocks of 2 to 20 MiB and leaves gaps between them.
_ALLOCATOR_SHARE = 0.1
_FLOAT32 = 4
# What the search encodes in one pass on a processor (`decoding.vision`, which torch is needed for).
PICTURES_PER_PASS = 4


def predict(  # noqa: PLR0913 - each is an option of the command line
    architecture: Architecture,
    *,
    parameters: int,
    dtype: DType,
    num_beams: int,
    batch_size: int,
    max_new_tokens: int = 50,
    on_card: bool = True,
) -> Footprint:
    """Return the memory that a model takes while it captions.

    Args:
        architecture: The model's shape.
        parameters: Its weights, tied ones counted once.
        dtype: The number format it runs in; not `auto`.
        num_beams: Of the search.
        batch_size: Pictures at once.
        max_new_tokens: The longest caption.
        on_card: On an NVIDIA card; else on a processor.
    """
    number = BYTES[dtype]
    text = architecture.text
    together = batch_size if on_card else min(batch_size, PICTURES_PER_PASS)
    footprint = Footprint(
        weights=parameters * number,
        layout=0 if on_card or not text.tied else text.vocabulary * text.width * number,
        pictures=batch_size * 3 * architecture.vision.pixels**2 * number,
        encoder=together * _encoder(architecture, number),
        cache=batch_size * _cache(architecture, number, num_beams, max_new_tokens),
        reading=together * _reading(architecture, number),
        search=batch_size * num_beams * _search(architecture, number),
        overhead=0,
    )
    if not on_card:
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
    """Return how many pictures at once fit into a card's memory; 0 if not even one does.

    Args:
        architecture: The model's shape.
        capacity_bytes: The card's memory.
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
