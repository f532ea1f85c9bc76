"""Draws racing scenes from seeds, and keeps some combinations of facts out of training."""

from collections.abc import Mapping
from hashlib import sha256
from random import Random

from f1cap.training.racing.facts import ACTIONS, INDOORS, SKIES, TEAMS, THEMES
from f1cap.training.scene import Scene

_HELD_OUT_TENTHS = 1


def sample(seed: int, *, theme: str | None = None, held_out: bool = False) -> Scene:
    """Return the scene of a seed; held-out combinations of facts come only with `held_out`."""
    # The text seeds a generator of its own: neighbouring seeds must not give similar scenes.
    rng = Random(f"racing {seed} {theme} {held_out}")
    while True:
        facts = _draw(rng, theme)
        if is_held_out(facts) == held_out:
            return Scene("racing", facts["theme"], facts, seed)


def is_held_out(facts: Mapping[str, str]) -> bool:
    """Say whether training never sees this combination of team, action, weather and time."""
    names = ("team", "action", "weather", "time")
    key = "/".join(facts.get(name, "-") for name in names)
    return sha256(key.encode()).digest()[0] % 10 < _HELD_OUT_TENTHS


def _draw(rng: Random, theme: str | None) -> dict[str, str]:
    theme = theme or rng.choice(THEMES)
    name = rng.choice([key for key, action in ACTIONS.items() if action.theme == theme])
    action = ACTIONS[name]
    team = rng.choice(tuple(TEAMS))
    facts = {
        "theme": theme,
        "team": team,
        "colour": TEAMS[team].colour,
        "action": name,
        "count": rng.choice(action.counts),
        "place": rng.choice(action.places),
    }
    if facts["place"] not in INDOORS:
        skies = [sky for sky in SKIES if sky[1] in action.times]
        facts["weather"], facts["time"] = rng.choice(skies)
    return facts
