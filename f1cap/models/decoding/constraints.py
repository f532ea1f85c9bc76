"""The rules that a decoding puts on the next token: penalties and bans on scores."""

from typing import TYPE_CHECKING

import torch

from f1cap.models.decoding.frame import Frame
from f1cap.records.models import Decoding

if TYPE_CHECKING:
    from torch import Tensor


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
