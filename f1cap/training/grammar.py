"""Captions made of phrases that state facts, and the way back from a caption to its facts."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from random import Random

from f1cap.training.scene import Facts, Scene

MIN_WORDS, MAX_WORDS = 8, 16

Phrases = Mapping[str, tuple[str, ...]]  # a fact's value to the phrases that state it


class Grammar(ABC):
    """Writes and reads the captions of one domain.

    Attributes:
        patterns: Every caption follows one of them; slots stand in braces.
        filler: Words of captions that neither a pattern nor a phrase with a fact holds.
    """

    patterns: Sequence[str]
    filler: Iterable[str]

    @abstractmethod
    def phrases(self) -> Iterator[tuple[str, Facts]]:
        """Yield each phrase with the facts that it states."""

    @abstractmethod
    def draft(self, facts: Facts, rng: Random) -> tuple[str, dict[str, str]]:
        """Draw one caption of any length, and the facts that it states."""

    def accepts(self, words: Sequence[str]) -> bool:
        """Return whether a draft may stand as a caption."""
        return MIN_WORDS <= len(words) <= MAX_WORDS

    def compose(self, scene: Scene, rng: Random) -> tuple[str, dict[str, str]]:
        """Return one caption of a scene, in lower case, and the facts that it states."""
        while True:
            caption, stated = self.draft(scene.facts, rng)
            if self.accepts(caption.split()):
                return caption, stated

    def describe(self, scene: Scene, rng: Random) -> str:
        """Return one caption of a scene, in lower case."""
        return self.compose(scene, rng)[0]

    def references(self, scene: Scene, n: int = 3) -> list[str]:
        """Return `n` different captions of a scene, always the same ones."""
        rng = Random(f"references {scene.seed} {sorted(scene.facts.items())}")
        captions: list[str] = []
        while len(captions) < n:
            caption = self.describe(scene, rng)
            if caption not in captions:
                captions.append(caption)
        return captions

    def read_facts(self, caption: str) -> dict[str, str]:
        """Return the facts that a caption states; of contradicting ones, the first."""
        stated: dict[str, str] = {}
        for match in self._expression.finditer(normalize(caption)):
            for fact, value in self._meanings[match[0]].items():
                stated.setdefault(fact, value)
        return stated

    def vocabulary(self) -> tuple[str, ...]:
        """Return every word that a caption can hold, sorted."""
        texts = [*self._meanings, *self.filler]
        texts += [re.sub(r"{\w*}", "", pattern) for pattern in self.patterns]
        return tuple(sorted({word for text in texts for word in re.findall(r"[a-z]+", text)}))

    @cached_property
    def _meanings(self) -> dict[str, Facts]:
        return dict(self.phrases())

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        # Longest first: "racing driver" must not be read as the "driver" inside it.
        longest_first = sorted(self._meanings, key=len, reverse=True)
        return re.compile(rf"\b(?:{'|'.join(longest_first)})\b")


def normalize(caption: str) -> str:
    """Return the words of a caption in lower case, one space between, "an" as "a"."""
    words = re.findall(r"[a-z]+", caption.lower())
    return " ".join("a" if word == "an" else word for word in words)


def phrases_of(fact: str, table: Phrases) -> Iterator[tuple[str, Facts]]:
    """Yield each phrase of a fact's table with what it states."""
    for value, phrases in table.items():
        yield from ((phrase, {fact: value}) for phrase in phrases)
