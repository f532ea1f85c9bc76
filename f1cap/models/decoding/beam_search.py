"""Beam search over a batch: which beams live on, which captions are finished, what may come next.

Scores follow transformers' `generate` to the last rounding: the same float32 operations in the
same order, so that near ties fall the same way. Images do not see each other, so one that is
finished may leave the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from f1cap.models.decoding.kernels import best_tokens
from f1cap.records.models import Decoding

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Frame:
    """The token ids that every caption of a batch starts with, and those that end one."""

    start: tuple[int, ...]
    ends: tuple[int, ...]


_NEVER = float("-inf")


class Constraints:
    """Repetition penalty, repeated n-grams and a shortest length, in the order `generate` has."""

    def __init__(self, decoding: Decoding, frame: Frame, device: "torch.device") -> None:
        self.ends = torch.tensor(frame.ends, device=device)
        self._penalty = decoding.repetition_penalty
        self._ngram = decoding.no_repeat_ngram_size
        self._shortest = decoding.min_new_tokens

    def apply(self, scores: "Tensor", tokens: "Tensor", step: int) -> "Tensor":
        """Change scores in place.

        Args:
            scores: [rows, vocabulary], float32.
            tokens: What each row has said, start tokens included, [rows, length].
            step: New tokens so far.

        Returns:
            The same tensor.
        """
        if self._penalty != 1.0:
            _penalize(scores, tokens, self._penalty)
        if 0 < self._ngram <= tokens.shape[1]:
            _ban_repeats(scores, tokens, self._ngram)
        if step < self._shortest:
            scores[:, self.ends] = _NEVER
        return scores


def _penalize(scores: "Tensor", tokens: "Tensor", penalty: float) -> None:
    """Make tokens that were said less likely, whichever sign their score has."""
    said = scores.gather(1, tokens)
    scores.scatter_(1, tokens, torch.where(said < 0, said * penalty, said / penalty))


def _ban_repeats(scores: "Tensor", tokens: "Tensor", size: int) -> None:
    """Ban each token that would complete an n-gram which the row holds already."""
    length = tokens.shape[1]
    ngrams = tokens.unfold(1, size, 1)  # rows, windows, size
    suffix = tokens[:, None, length - size + 1 :]
    repeats = (ngrams[:, :, :-1] == suffix).all(dim=-1)
    # a minimum with +inf changes nothing, so windows that do not match need no place of their own
    limits = torch.where(repeats, _NEVER, -_NEVER)
    scores.scatter_reduce_(1, ngrams[:, :, -1], limits, reduce="amin")


_HOPELESS = -1e9  # added to a score that may not win; finite, as in `generate`, so ranks stay


class BeamSearch:
    """The beams of the images of a batch, [images, beams, …].

    Attributes:
        tokens: The newest token of each live beam, [images, beams].
        parents: The beam of the step before that each live beam continues, [images, beams].
    """

    def __init__(
        self, images: int, frame: Frame, decoding: Decoding, device: "torch.device"
    ) -> None:
        beams = decoding.num_beams
        self._decoding = decoding
        self._constraints = Constraints(decoding, frame, device)
        self._beams = beams
        # more candidates than beams, so that enough live on if the best ones all end here
        self._candidates = max(2, 1 + len(frame.ends)) * beams
        self._started = len(frame.start)
        self._step = 0
        shape = (images, beams, self._started + decoding.max_new_tokens)
        self._running = torch.zeros(shape, dtype=torch.long, device=device)
        self._running[:, :, : self._started] = torch.tensor(frame.start, device=device)
        # all beams start equal: only the first counts in the first step
        self._scores = torch.zeros((images, beams), device=device)
        self._scores[:, 1:] = _HOPELESS
        self._finished = self._running.clone()
        self._finished_scores = torch.full((images, beams), _HOPELESS, device=device)
        self._finished_lengths = torch.zeros((images, beams), dtype=torch.long, device=device)
        self._is_finished = torch.zeros((images, beams), dtype=torch.bool, device=device)
        self._may_be_finished = torch.arange(self._candidates, device=device) < beams
        self.tokens = self._running[:, :, self._started - 1]
        self.parents = torch.zeros((images, beams), dtype=torch.long, device=device)

    def advance(self, logits: "Tensor") -> None:
        """Choose the beams that live on.

        Args:
            logits: For the next token, [images, beams, vocabulary]; in the first step
                [images, 1, vocabulary], as all beams are one.
        """
        length = self._started + self._step
        scores, parents, tokens = self._best_candidates(logits, length)
        histories = _pick(self._running, parents)
        histories[:, :, length] = tokens
        ended = torch.isin(tokens, self._constraints.ends)
        if self._step + 1 == self._decoding.max_new_tokens:
            ended = torch.ones_like(ended)
        self._step += 1
        self._finish(scores, histories, ended)

        running = scores + ended.to(torch.float32) * _HOPELESS
        chosen = torch.topk(running, self._beams)[1]
        self._scores = running.gather(1, chosen)
        self._running = _pick(histories, chosen)
        self.tokens = tokens.gather(1, chosen)
        self.parents = parents.gather(1, chosen)

    def done(self) -> list[bool]:
        """Tell which images nothing can improve any more; the one wait for the device in a step.

        With `early_stopping` false the best running beam is compared as if it ended now; with
        "never" as if it could go on to the end at no cost, where that would raise its score.
        """
        decoding = self._decoding
        hopeful = decoding.early_stopping == "never" and decoding.length_penalty > 0.0
        length = decoding.max_new_tokens if hopeful else self._step
        best = self._scores[:, :1] / (length**decoding.length_penalty)
        worst = self._finished_scores.min(dim=1, keepdim=True)[0]
        over = ~(best > torch.where(self._is_finished, worst, _HOPELESS)).any(dim=1)
        if decoding.early_stopping is True:
            over |= self._is_finished.all(dim=1)
        answer: list[bool] = over.tolist()
        return answer

    def best(self, place: int) -> list[int]:
        """Return the ids of an image's best caption, start tokens included."""
        length = self._started + int(self._finished_lengths[place, 0])
        ids: list[int] = self._finished[place, 0, :length].tolist()
        return ids

    def keep(self, places: Sequence[int]) -> None:
        """Drop all images but those at these places."""
        chosen = torch.tensor(places, device=self._scores.device)
        for name in (
            "_running",
            "_scores",
            "_finished",
            "_finished_scores",
            "_finished_lengths",
            "_is_finished",
            "tokens",
            "parents",
        ):
            setattr(self, name, getattr(self, name)[chosen])

    def _best_candidates(
        self, logits: "Tensor", length: int
    ) -> tuple["Tensor", "Tensor", "Tensor"]:
        """Return scores, beams and tokens of the best continuations, [images, candidates]."""
        images, live, vocabulary = logits.shape
        said = self._running[:, :live, :length].flatten(0, 1)
        scores = torch.log_softmax(logits.flatten(0, 1).float(), dim=-1)
        scores = self._constraints.apply(scores, said, self._step).view(images, live, vocabulary)
        return best_continuations(scores, self._scores, self._candidates)

    def _finish(self, scores: "Tensor", histories: "Tensor", ended: "Tensor") -> None:
        """Put captions that end here among the best finished ones, by score per length."""
        ends = ended & self._may_be_finished
        scores = scores / (self._step**self._decoding.length_penalty)
        scores = scores + (~ends) * _HOPELESS
        scores = torch.cat([self._finished_scores, scores], dim=1)
        lengths = torch.full_like(histories[:, :, 0], self._step)
        chosen = torch.topk(scores, self._beams)[1]
        self._finished_scores = scores.gather(1, chosen)
        self._is_finished = torch.cat([self._is_finished, ends], dim=1).gather(1, chosen)
        lengths = torch.cat([self._finished_lengths, lengths], dim=1)
        self._finished_lengths = lengths.gather(1, chosen)
        self._finished = _pick(torch.cat([self._finished, histories], dim=1), chosen)


def _pick(histories: "Tensor", beams: "Tensor") -> "Tensor":
    """Gather [images, chosen, length] out of [images, beams, length]."""
    return torch.take_along_dim(histories, beams[:, :, None], dim=1)


def best_continuations(
    scores: "Tensor", running: "Tensor", count: int
) -> tuple["Tensor", "Tensor", "Tensor"]:
    """Find the best sums of a token's and its beam's score.

    Args:
        scores: Of each token, [images, live beams, vocabulary]; one live beam at the start.
        running: Of each beam, [images, beams].
        count: How many to find.

    Returns:
        Scores, beams and tokens, each [images, count], best first.
    """
    _, live, vocabulary = scores.shape
    each = min(count, vocabulary)
    tokens = best_tokens(scores, each)
    sums = scores.gather(2, tokens) + running[:, :live, None]
    best, places = torch.topk(sums.flatten(1), count)
    return best, places // each, tokens.flatten(1).gather(1, places)
