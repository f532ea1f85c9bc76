"""Beam search over a batch: which beams go on, which captions end, which tokens may follow.

Scores follow transformers' `generate` to the last rounding: the same float32 operations in the
same order, so that near ties are decided the same way. Images are independent, so one that is
finished may leave the batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from f1cap.models.decoding.kernels import NEG_INF, topk_tokens
from f1cap.records.models import Decoding

if TYPE_CHECKING:
    from torch import Tensor


# Added to a score that may not win. Finite, as in `generate`, so that such scores keep their order.
_EXCLUDED_SCORE = -1e9


class LogitsProcessor:
    """Repetition penalty, repeated n-grams and the minimum length, in the order `generate` has."""

    def __init__(
        self, decoding: Decoding, eos_token_ids: Sequence[int], device: "torch.device"
    ) -> None:
        self.eos_token_ids = torch.tensor(list(eos_token_ids), device=device)
        self._repetition_penalty = decoding.repetition_penalty
        self._no_repeat_ngram_size = decoding.no_repeat_ngram_size
        self._min_new_tokens = decoding.min_new_tokens

    def apply(self, scores: "Tensor", sequences: "Tensor", new_tokens: int) -> "Tensor":
        """Change scores in place.

        Args:
            scores: [rows, vocab_size], float32.
            sequences: The tokens of each row so far, prompt included, [rows, length].
            new_tokens: How many of them were generated.

        Returns:
            The same tensor.
        """
        if self._repetition_penalty != 1.0:
            _penalize_repetition(scores, sequences, self._repetition_penalty)
        if 0 < self._no_repeat_ngram_size <= sequences.shape[1]:
            _ban_repeated_ngrams(scores, sequences, self._no_repeat_ngram_size)
        if new_tokens < self._min_new_tokens:
            scores[:, self.eos_token_ids] = NEG_INF
        return scores


class BeamSearch:
    """The beams of the images of a batch, [images, beams, …].

    Attributes:
        tokens: The newest token of each running beam, [images, beams].
        beam_idx: The beam of the previous step that each running beam continues, [images, beams].
    """

    def __init__(
        self,
        images: int,
        prompt_ids: Sequence[int],
        eos_token_ids: Sequence[int],
        decoding: Decoding,
        device: "torch.device",
    ) -> None:
        num_beams = decoding.num_beams
        self._decoding = decoding
        self._processor = LogitsProcessor(decoding, eos_token_ids, device)
        self._num_beams = num_beams
        # more candidates than beams, so that enough go on if the best ones all end here
        self._candidates = max(2, 1 + len(eos_token_ids)) * num_beams
        self._prompt_length = len(prompt_ids)
        self._new_tokens = 0
        shape = (images, num_beams, self._prompt_length + decoding.max_new_tokens)
        self._running = torch.zeros(shape, dtype=torch.long, device=device)
        self._running[:, :, : self._prompt_length] = torch.tensor(list(prompt_ids), device=device)
        # all beams start equal: only the first counts in the first step
        self._running_scores = torch.zeros((images, num_beams), device=device)
        self._running_scores[:, 1:] = _EXCLUDED_SCORE
        self._finished = self._running.clone()
        self._finished_scores = torch.full((images, num_beams), _EXCLUDED_SCORE, device=device)
        self._finished_lengths = torch.zeros((images, num_beams), dtype=torch.long, device=device)
        self._is_finished = torch.zeros((images, num_beams), dtype=torch.bool, device=device)
        # only the best candidates may finish a caption
        self._may_finish = torch.arange(self._candidates, device=device) < num_beams
        self.tokens = self._running[:, :, self._prompt_length - 1]
        self.beam_idx = torch.zeros((images, num_beams), dtype=torch.long, device=device)

    def step(self, logits: "Tensor") -> None:
        """Choose the beams that go on.

        Args:
            logits: For the next token, [images, beams, vocab_size]; in the first step
                [images, 1, vocab_size], as all beams are one.
        """
        length = self._prompt_length + self._new_tokens
        scores, beam_idx, tokens = self._best_candidates(logits, length)
        sequences = _gather_beams(self._running, beam_idx)
        sequences[:, :, length] = tokens
        ended = torch.isin(tokens, self._processor.eos_token_ids)
        if self._new_tokens + 1 == self._decoding.max_new_tokens:
            ended = torch.ones_like(ended)
        self._new_tokens += 1
        self._finish(scores, sequences, ended)

        running_scores = scores + ended.to(torch.float32) * _EXCLUDED_SCORE
        chosen = torch.topk(running_scores, self._num_beams)[1]
        self._running_scores = running_scores.gather(1, chosen)
        self._running = _gather_beams(sequences, chosen)
        self.tokens = tokens.gather(1, chosen)
        self.beam_idx = beam_idx.gather(1, chosen)

    def done(self) -> list[bool]:
        """Tell which images nothing can improve any more; a step's one wait for the device.

        With `early_stopping` false the best running beam is compared as if it ended now; with
        "never" as if it could go on to the end at no cost, where that would raise its score.
        """
        decoding = self._decoding
        to_the_end = decoding.early_stopping == "never" and decoding.length_penalty > 0.0
        length = decoding.max_new_tokens if to_the_end else self._new_tokens
        best = self._running_scores[:, :1] / (length**decoding.length_penalty)
        worst = self._finished_scores.min(dim=1, keepdim=True)[0]
        done = ~(best > torch.where(self._is_finished, worst, _EXCLUDED_SCORE)).any(dim=1)
        if decoding.early_stopping is True:
            done |= self._is_finished.all(dim=1)
        answer: list[bool] = done.tolist()
        return answer

    def best_sequence(self, index: int) -> list[int]:
        """Return the token ids of an image's best caption, prompt included."""
        length = self._prompt_length + int(self._finished_lengths[index, 0])
        ids: list[int] = self._finished[index, 0, :length].tolist()
        return ids

    def select(self, indices: Sequence[int]) -> None:
        """Drop all images but those at these indices."""
        chosen = torch.tensor(indices, device=self._running_scores.device)
        for name in (
            "_running",
            "_running_scores",
            "_finished",
            "_finished_scores",
            "_finished_lengths",
            "_is_finished",
            "tokens",
            "beam_idx",
        ):
            setattr(self, name, getattr(self, name)[chosen])

    def _best_candidates(
        self, logits: "Tensor", length: int
    ) -> tuple["Tensor", "Tensor", "Tensor"]:
        """Return scores, beams and tokens of the best continuations, [images, candidates]."""
        images, beams, vocab_size = logits.shape
        sequences = self._running[:, :beams, :length].flatten(0, 1)
        scores = torch.log_softmax(logits.flatten(0, 1).float(), dim=-1)
        scores = self._processor.apply(scores, sequences, self._new_tokens)
        scores = scores.view(images, beams, vocab_size)
        return _topk_continuations(scores, self._running_scores, self._candidates)

    def _finish(self, scores: "Tensor", sequences: "Tensor", ended: "Tensor") -> None:
        """Put captions that end here among the best finished ones, by score per length."""
        finishes = ended & self._may_finish
        scores = scores / (self._new_tokens**self._decoding.length_penalty)
        scores = scores + (~finishes) * _EXCLUDED_SCORE
        scores = torch.cat([self._finished_scores, scores], dim=1)
        lengths = torch.full_like(sequences[:, :, 0], self._new_tokens)
        chosen = torch.topk(scores, self._num_beams)[1]
        self._finished_scores = scores.gather(1, chosen)
        self._is_finished = torch.cat([self._is_finished, finishes], dim=1).gather(1, chosen)
        lengths = torch.cat([self._finished_lengths, lengths], dim=1)
        self._finished_lengths = lengths.gather(1, chosen)
        self._finished = _gather_beams(torch.cat([self._finished, sequences], dim=1), chosen)


def _penalize_repetition(scores: "Tensor", sequences: "Tensor", penalty: float) -> None:
    """Make tokens that a row holds already less likely, whichever sign their score has."""
    repeated = scores.gather(1, sequences)
    penalized = torch.where(repeated < 0, repeated * penalty, repeated / penalty)
    scores.scatter_(1, sequences, penalized)


def _ban_repeated_ngrams(scores: "Tensor", sequences: "Tensor", size: int) -> None:
    """Ban each token that would complete an n-gram which the row holds already."""
    length = sequences.shape[1]
    ngrams = sequences.unfold(1, size, 1)  # rows, windows, size
    suffix = sequences[:, None, length - size + 1 :]
    repeats = (ngrams[:, :, :-1] == suffix).all(dim=-1)
    # a minimum with +inf changes nothing, so windows that do not match need no mask
    limits = torch.where(repeats, NEG_INF, -NEG_INF)
    scores.scatter_reduce_(1, ngrams[:, :, -1], limits, reduce="amin")


def _topk_continuations(
    scores: "Tensor", running_scores: "Tensor", k: int
) -> tuple["Tensor", "Tensor", "Tensor"]:
    """Find the best sums of a token's and its beam's score.

    Args:
        scores: Of each token, [images, running beams, vocab_size]; one running beam at the start.
        running_scores: Of each beam, [images, beams].
        k: How many to find.

    Returns:
        Scores, beams and tokens, each [images, k], best first.
    """
    _, beams, vocab_size = scores.shape
    per_beam = min(k, vocab_size)
    tokens = topk_tokens(scores, per_beam)
    sums = scores.gather(2, tokens) + running_scores[:, :beams, None]
    best, indices = torch.topk(sums.flatten(1), k)
    return best, indices // per_beam, tokens.flatten(1).gather(1, indices)


def _gather_beams(sequences: "Tensor", beam_idx: "Tensor") -> "Tensor":
    """Gather [images, chosen, length] out of [images, beams, length]."""
    return torch.take_along_dim(sequences, beam_idx[:, :, None], dim=1)
