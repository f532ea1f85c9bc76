"""Racing scenes: what they hold, how they are drawn, and the captions that say so."""

from f1cap.training.racing.drawing import render
from f1cap.training.racing.facts import FACTS
from f1cap.training.racing.grammar import describe, read_facts, references, vocabulary
from f1cap.training.racing.sampling import sample

__all__ = ["FACTS", "describe", "read_facts", "references", "render", "sample", "vocabulary"]
