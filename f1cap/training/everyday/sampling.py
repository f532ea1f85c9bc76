"""Draws everyday scenes from seeds, and keeps some combinations of facts out of training."""

from collections.abc import Mapping
from hashlib import sha256
from random import Random
from types import MappingProxyType

from f1cap.training.everyday.facts import ACTIONS, THEMES
from f1cap.training.scene import Scene

_HELD_OUT_TENTHS = 1


def sample(seed: int, *, theme: str | None = None, held_out: bool = False) -> Scene:
    """Return the scene of a seed; held-out combinations of facts come only with `held_out`."""
    # The text seeds a generator of its own: neighbouring seeds must not give similar scenes.
    rng = Random(f"everyday {seed} {theme} {held_out}")
    while True:
        facts = _draw(rng, theme)
        if is_held_out(facts) == held_out:
            return Scene("everyday", facts["theme"], MappingProxyType(facts), seed)


def is_held_out(facts: Mapping[str, str]) -> bool:
    """Say whether training never sees this combination of subject, action, colour and so on."""
    names = ("subject", "action", "colour", "count", "place", "sky")
    key = "/".join(facts.get(name, "-") for name in names)
    return sha256(key.encode()).digest()[0] % 10 < _HELD_OUT_TENTHS


def _draw(rng: Random, theme: str | None) -> dict[str, str]:
    theme = theme or rng.choice(THEMES)
    action = rng.choice([key for key, kind in ACTIONS.items() if kind.theme == theme])
    kind = ACTIONS[action]
    facts = {"theme": theme, "subject": rng.choice(kind.subjects), "action": action}
    facts["count"] = rng.choice(kind.counts)
    for name, values in (("colour", kind.colours), ("place", kind.places), ("sky", kind.skies)):
        if values:
            facts[name] = rng.choice(values)
    return facts
