"""What a family of drawn scenes offers: the interface of the packages racing and everyday."""

import importlib
import random
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from PIL import Image

from f1cap.training.scene import Scene

TEST_SEEDS = 20_000_000
"""Test scenes are drawn from this seed up; training stays below half of it."""


class Domain(Protocol):
    """A module that samples scenes, draws them, and writes and reads captions of them."""

    FACTS: Mapping[str, tuple[str, ...]]

    def sample(self, seed: int, *, held_out: bool = False) -> Scene:
        """Sample the scene of a seed; `held_out` asks for combinations never trained on."""

    def render(self, scene: Scene, size: int) -> Image.Image:
        """Draw a scene, `size` pixels wide and high."""

    def describe(self, scene: Scene, rng: random.Random) -> str:
        """Write one caption, in a phrasing drawn from `rng`."""

    def references(self, scene: Scene, n: int = 3) -> Sequence[str]:
        """Write `n` captions to score against."""

    def read_facts(self, caption: str) -> Mapping[str, str]:
        """Read the facts that a caption states."""


def load_domain(name: str) -> Domain:
    """Return the module of a domain: ``racing`` or ``everyday``."""
    return cast("Domain", importlib.import_module(f"f1cap.training.{name}"))
