"""Domains, the families of scenes that checkpoints learn: racing and everyday."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from types import MappingProxyType
from typing import cast

from PIL import Image

from f1cap.training.canvas import Canvas
from f1cap.training.grammar import Grammar
from f1cap.training.scene import Drawing, Facts, Scene

TEST_SEEDS = 20_000_000
"""Test scenes are drawn from this seed up; training stays below half of it."""

_HELD_OUT_TENTHS = 1


@dataclass(frozen=True)
class Domain:
    """A family of scenes: which there are, how they look, and what is said of them.

    Attributes:
        name: "racing" or "everyday".
        facts: The values of each fact.
        grammar: Writes and reads captions.
        draw_facts: Samples the facts of a scene, of one theme if it is given.
        draw: Draws what holds for a scene.
        drawing_seed: What seeds a drawing, before the scene's seed.
        split_by: The facts whose combination decides whether training sees a scene.
    """

    name: str
    facts: Mapping[str, tuple[str, ...]]
    grammar: Grammar
    draw_facts: Callable[[Random, str | None], dict[str, str]]
    draw: Drawing
    drawing_seed: str
    split_by: tuple[str, ...]

    def sample(self, seed: int, *, theme: str | None = None, held_out: bool = False) -> Scene:
        """Return the scene of a seed; held-out combinations of facts come only with `held_out`."""
        # The text seeds a generator of its own: neighbouring seeds must not give similar scenes.
        rng = Random(f"{self.name} {seed} {theme} {held_out}")
        while True:
            facts = self.draw_facts(rng, theme)
            if self.is_held_out(facts) == held_out:
                return Scene(self.name, MappingProxyType(facts), seed)

    def is_held_out(self, facts: Facts) -> bool:
        """Return whether training never sees this combination of facts."""
        key = "/".join(facts.get(name, "-") for name in self.split_by)
        return sha256(key.encode()).digest()[0] % 10 < _HELD_OUT_TENTHS

    def render(self, scene: Scene, size: int) -> Image.Image:
        """Return the image of a scene, `size` pixels wide and high, always the same one."""
        canvas = Canvas(size)
        self.draw(canvas, Random(f"{self.drawing_seed} {scene.seed}"), scene.facts)
        return canvas.image()


def load_domain(name: str) -> Domain:
    """Return the domain of a name: "racing" or "everyday"."""
    return cast("Domain", importlib.import_module(f"f1cap.training.{name}").DOMAIN)
