"""Greedy and beam search of our own, token for token what transformers' `generate` finds.

A family gives the search two things (`TextDecoder`, `Session`): scores for the first token of each
image, and scores for the next token of every live beam. The search says which beams live on
and which images are finished; how the family keeps what it has read is its own affair.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from f1cap.models.decoding.beam_search import BeamSearch, Constraints, Frame
from f1cap.records.models import Decoding

if TYPE_CHECKING:
    from torch import Tensor


class Session(Protocol):
    """A batch of images being captioned: encoded once, with the text read so far."""

    def start(self) -> "Tensor":
        """Read the start tokens; return logits [images, vocabulary] for the first new token."""
        ...

    def step(self, tokens: "Tensor", parents: "Tensor") -> "Tensor":
        """Read one token for each beam; return logits [images, beams, vocabulary] for the next.

        Args:
            tokens: The newest token of each beam, [images, beams].
            parents: The beam of the step before that each beam continues, [images, beams].
        """
        ...

    def keep(self, images: Sequence[int]) -> None:
        """Drop all images but these; `images[i]` is the old place of the one now at place i."""
        ...


class TextDecoder(Protocol):
    """A family's model as the search uses it."""

    def begin(self, pixels: "Tensor", start: Sequence[int], beams: int, steps: int) -> Session:
        """Encode images, [images, 3, height, width], and make room for `steps` new tokens."""
        ...


def search(
    decoder: TextDecoder, pixels: "Tensor", frame: Frame, decoding: Decoding
) -> list[list[int]]:
    """Caption a batch of images.

    Args:
        decoder: The family's model.
        pixels: [images, 3, height, width] on the model's device and in its number format.
        frame: How captions start and end.
        decoding: What to search for; `max_new_tokens` is at least 1.

    Returns:
        For each image its token ids: the start tokens, the new ones, and the end token unless
        the length limit came first.
    """
    if not len(pixels):
        return []
    with torch.inference_mode():
        session = decoder.begin(pixels, frame.start, decoding.num_beams, decoding.max_new_tokens)
        if decoding.num_beams == 1:
            return _search_greedily(session, len(pixels), frame, decoding)
        return _search_beams(session, len(pixels), frame, decoding)


def _search_greedily(
    session: Session, images: int, frame: Frame, decoding: Decoding
) -> list[list[int]]:
    """Take the best token at each step; an image leaves the batch at its end token."""
    found: list[list[int]] = [[] for _ in range(images)]
    places = list(range(images))  # which image is at which place of the batch
    logits = session.start()
    constraints = Constraints(decoding, frame, logits.device)
    tokens = torch.tensor([frame.start] * images, device=logits.device)
    stays = torch.zeros((images, 1), dtype=torch.long, device=logits.device)
    for step in range(decoding.max_new_tokens):
        best = constraints.apply(logits.float(), tokens, step).argmax(dim=-1, keepdim=True)
        tokens = torch.cat([tokens, best], dim=1)
        if step + 1 == decoding.max_new_tokens:
            done = [True] * len(places)
        else:
            done = torch.isin(best[:, 0], constraints.ends).tolist()
        if any(done):
            rows = tokens.tolist()
            kept = compact(done)
            for place, is_done in enumerate(done):
                if is_done:
                    found[places[place]] = rows[place]
            if not kept:
                break
            places = [places[place] for place in kept]
            tokens, best, stays = tokens[kept], best[kept], stays[: len(kept)]
            session.keep(kept)
        logits = session.step(best, stays)[:, 0]
    return found


def _search_beams(
    session: Session, images: int, frame: Frame, decoding: Decoding
) -> list[list[int]]:
    """Keep the best beams of each image; an image leaves when nothing can improve it."""
    found: list[list[int]] = [[] for _ in range(images)]
    places = list(range(images))
    logits = session.start()
    beams = BeamSearch(images, frame, decoding, logits.device)
    beams.advance(logits[:, None])
    for _ in range(decoding.max_new_tokens - 1):
        done = beams.done()
        if any(done):
            kept = compact(done)
            for place, is_done in enumerate(done):
                if is_done:
                    found[places[place]] = beams.best(place)
            if not kept:
                return found
            places = [places[place] for place in kept]
            beams.keep(kept)
            session.keep(kept)
        beams.advance(session.step(beams.tokens, beams.parents))
    for place, image in enumerate(places):
        found[image] = beams.best(place)
    return found


def compact(done: Sequence[bool]) -> list[int]:
    """Return the places that stay, those from the end filling the gaps.

    Few images move that way: what is kept of one image can be many megabytes.
    """
    live = done.count(False)
    late = [place for place in range(live, len(done)) if not done[place]]
    return [late.pop() if done[place] else place for place in range(live)]
