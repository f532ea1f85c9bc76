"""What a scene is: facts with a seed, in a light, drawn by a function of the facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from f1cap.training.canvas import Canvas, Color, mix

COUNTS = ("one", "two", "three", "four")

Facts = Mapping[str, str]  # the name of a fact to its value
Drawing = Callable[[Canvas, Random, Facts], None]


@dataclass(frozen=True)
class Scene:
    """One image to draw and to caption.

    Attributes:
        domain: "racing" or "everyday".
        facts: Fact name to value; only facts that hold for this scene.
        seed: All drawing jitter derives from it.
    """

    domain: str
    facts: Facts
    seed: int


@dataclass(frozen=True)
class Light:
    """Colours of the sky, and how far the light tints the world below."""

    top: Color
    bottom: Color
    ambient: Color
    tint: float

    def lit(self, color: Color) -> Color:
        """Return a colour of the surroundings as it looks in this light."""
        return mix(color, self.ambient, self.tint)


def count_of(facts: Facts) -> int:
    """Return how many of its subject a scene shows."""
    return COUNTS.index(facts["count"]) + 1
