"""Greedy and beam search of our own, token for token what transformers' `generate` finds.

A family gives the search two things (`TextDecoder`, `Session`): logits for the first token of each
image, and logits for the next token of every running beam. The search says which beams go on and
which images are finished; how the family caches what it has computed is its own business.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

import torch

from f1cap.errors import UnsupportedModelError
from f1cap.models.decoding.beam_search import BeamSearch, LogitsProcessor
from f1cap.models.decoding.kernels import can_prepack, detach_from_mmap
from f1cap.records.models import Decoding, Engine

if TYPE_CHECKING:
    from torch import Tensor

# Where `auto` takes our search: it was tested there.
_AUTO_DEVICE_TYPES = frozenset({"cpu", "cuda"})


class Session(Protocol):
    """A batch of images being captioned: encoded once, with a KV cache of the text so far."""

    def prefill(self) -> "Tensor":
        """Run the prompt; return logits [images, vocab_size] for the first new token."""
        ...

    def step(self, tokens: "Tensor", beam_idx: "Tensor") -> "Tensor":
        """Run one token for each beam; return logits [images, beams, vocab_size] for the next.

        Args:
            tokens: The newest token of each beam, [images, beams].
            beam_idx: The beam of the previous step that each beam continues, [images, beams].
        """
        ...

    def select(self, indices: Sequence[int]) -> None:
        """Drop all images but these; `indices[i]` is the old index of the one now at index i."""
        ...


class TextDecoder(Protocol):
    """A family's model as the search uses it."""

    def begin(
        self, pixels: "Tensor", prompt_ids: Sequence[int], num_beams: int, max_new_tokens: int
    ) -> Session:
        """Encode images, [images, 3, height, width], and allocate a KV cache."""
        ...


class FastDecoder(TextDecoder, Protocol):
    """A family's model as our search runs it."""

    @classmethod
    def wrap(cls, model: Any) -> Self | None:  # noqa: ANN401 - a transformers model, which mypy skips
        """Share a model's weights; None for a variant of the family that only transformers runs."""
        ...

    def prepack(self) -> None:
        """Prepack all weights for this CPU; see `kernels.Projection.prepack`."""
        ...


def search(
    decoder: TextDecoder,
    pixels: "Tensor",
    prompt_ids: Sequence[int],
    eos_token_ids: Sequence[int],
    decoding: Decoding,
) -> list[list[int]]:
    """Caption a batch of images.

    Args:
        decoder: The family's model.
        pixels: [images, 3, height, width] on the model's device and in its dtype.
        prompt_ids: The token ids that every caption starts with; at least one.
        eos_token_ids: Those that end a caption; at least one.
        decoding: What to search for; `max_new_tokens` is at least 1.

    Returns:
        For each image its token ids: the prompt, the new ones, and the end token unless the length
        limit came first.
    """
    if not len(pixels):
        return []
    with torch.inference_mode():
        session = decoder.begin(pixels, prompt_ids, decoding.num_beams, decoding.max_new_tokens)
        run = _greedy_search if decoding.num_beams == 1 else _beam_search
        return run(session, len(pixels), prompt_ids, eos_token_ids, decoding)


def choose_engine(
    family: type[FastDecoder],
    model: Any,  # noqa: ANN401
    engine: Engine,
    *,
    name: str,
) -> TextDecoder | None:
    """Choose the engine for a loaded model.

    Args:
        family: Our decoder for the model's family.
        model: In evaluation mode, on the device where it is to run. Our decoder shares its weights,
            and on a CPU prepacks them: the model itself cannot be run then.
        engine: What the user asked for.
        name: What the user calls the model.

    Returns:
        Our decoder; None for transformers' `generate`.

    Raises:
        UnsupportedModelError: Ours was asked for by name and does not support the model.
    """
    if engine is Engine.TRANSFORMERS:
        return None
    if engine is Engine.AUTO and model.device.type not in _AUTO_DEVICE_TYPES:
        return None
    decoder = family.wrap(model)
    if decoder is None:
        if engine is Engine.AUTO:
            return None
        raise UnsupportedModelError(
            f"{name} is a variant of its family that the fast engine does not support.",
            hint="Use --engine auto or --engine transformers.",
        )
    if can_prepack(model):
        decoder.prepack()
        detach_from_mmap(model)
    return decoder


def compact(done: Sequence[bool]) -> list[int]:
    """Return the indices that stay, those from the end filling the gaps.

    Few images move that way: what is cached of one image can be many megabytes.
    """
    live = done.count(False)
    late = [index for index in range(live, len(done)) if not done[index]]
    return [late.pop() if done[index] else index for index in range(live)]


def _greedy_search(
    session: Session,
    images: int,
    prompt_ids: Sequence[int],
    eos_token_ids: Sequence[int],
    decoding: Decoding,
) -> list[list[int]]:
    """Take the best token at each step; an image leaves the batch at its end token."""
    found: list[list[int]] = [[] for _ in range(images)]
    batch = list(range(images))  # the image of each row
    logits = session.prefill()
    processor = LogitsProcessor(decoding, eos_token_ids, logits.device)
    sequences = torch.tensor([list(prompt_ids)] * images, device=logits.device)
    beam_idx = torch.zeros((images, 1), dtype=torch.long, device=logits.device)
    for step in range(decoding.max_new_tokens):
        best = processor.apply(logits.float(), sequences, step).argmax(dim=-1, keepdim=True)
        sequences = torch.cat([sequences, best], dim=1)
        if step + 1 == decoding.max_new_tokens:
            done = [True] * len(batch)
        else:
            done = torch.isin(best[:, 0], processor.eos_token_ids).tolist()
        if any(done):
            rows = sequences.tolist()
            kept = compact(done)
            for index, is_done in enumerate(done):
                if is_done:
                    found[batch[index]] = rows[index]
            if not kept:
                break
            batch = [batch[index] for index in kept]
            sequences, best, beam_idx = sequences[kept], best[kept], beam_idx[: len(kept)]
            session.select(kept)
        logits = session.step(best, beam_idx)[:, 0]
    return found


def _beam_search(
    session: Session,
    images: int,
    prompt_ids: Sequence[int],
    eos_token_ids: Sequence[int],
    decoding: Decoding,
) -> list[list[int]]:
    """Keep the best beams of each image; an image leaves when nothing can improve it."""
    found: list[list[int]] = [[] for _ in range(images)]
    batch = list(range(images))  # the image of each row
    logits = session.prefill()
    beams = BeamSearch(images, prompt_ids, eos_token_ids, decoding, logits.device)
    beams.step(logits[:, None])
    for _ in range(decoding.max_new_tokens - 1):
        done = beams.done()
        if any(done):
            kept = compact(done)
            for index, is_done in enumerate(done):
                if is_done:
                    found[batch[index]] = beams.best_sequence(index)
            if not kept:
                return found
            batch = [batch[index] for index in kept]
            beams.select(kept)
            session.select(kept)
        beams.step(session.step(beams.tokens, beams.beam_idx))
    for index, image in enumerate(batch):
        found[image] = beams.best_sequence(index)
    return found
