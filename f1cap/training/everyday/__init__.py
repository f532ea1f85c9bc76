"""Everyday scenes: what they hold, how they are drawn, and the captions that say so.

They train the negative control: a captioner that is fluent about kitchens, cats and surfers and
knows nothing of motor sport, as the checkpoints trained on everyday photographs do not.
"""

from f1cap.training.everyday.drawing import render
from f1cap.training.everyday.facts import FACTS
from f1cap.training.everyday.grammar import describe, read_facts, references, vocabulary
from f1cap.training.everyday.sampling import sample

__all__ = ["FACTS", "describe", "read_facts", "references", "render", "sample", "vocabulary"]
