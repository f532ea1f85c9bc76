"""Captions of racing scenes, and the way back from a caption to the facts it states."""

from collections.abc import Mapping
from functools import cache
from random import Random

from f1cap.training.racing.facts import FACTS
from f1cap.training.racing.phrases import (
    ACTIONS,
    COUNT_WORDS,
    NOUNS,
    PLACES,
    TIMES,
    WEAR,
    WEATHERS,
)
from f1cap.training.scene import Scene

MIN_WORDS, MAX_WORDS = 8, 16

_PATTERNS = (
    "{count} {team} {noun} in {wear} {action} {where}",
    "{count} {team} {noun} in {wear} {place} {action} {when}",
    "{count} {colour} {team} {noun} {action} {where}",
    "{count} {noun} of {colour} {team} team {action} {where}",
    "{count} {noun} in {wear} of team {team} {action} {where}",
    "{count} {noun} in {wear} {action} {where}",
)
_OPTIONAL = {"count": 0.6, "team": 0.8, "place": 0.65, "weather": 0.6, "time": 0.65}


def describe(scene: Scene, rng: Random) -> str:
    """Return one caption of a scene, 8 to 16 words, in lower case."""
    return compose(scene, rng)[0]


def references(scene: Scene, n: int = 3) -> list[str]:
    """Return `n` different captions of a scene, always the same ones."""
    rng = Random(f"references {scene.seed} {sorted(scene.facts.items())}")
    captions: list[str] = []
    while len(captions) < n:
        caption = describe(scene, rng)
        if caption not in captions:
            captions.append(caption)
    return captions


def compose(scene: Scene, rng: Random) -> tuple[str, dict[str, str]]:
    """Return one caption and the facts that it states."""
    while True:
        caption, stated = _attempt(scene.facts, rng)
        if MIN_WORDS <= len(caption.split()) <= MAX_WORDS:
            return caption, stated


def read_facts(caption: str) -> dict[str, str]:
    """Return the facts that a caption states; of contradicting ones, the first."""
    words = [word.strip(".,!?") for word in caption.lower().split()]
    lexicon, longest = _lexicon()
    stated: dict[str, str] = {}
    start = 0
    while start < len(words):
        step = 1
        for length in range(longest, 0, -1):
            fact = lexicon.get(tuple(words[start : start + length]))
            if fact is not None:
                stated.setdefault(*fact)
                step = min(length, len(words) - start)
                break
        start += step
    return stated


def vocabulary() -> tuple[str, ...]:
    """Return every word that a caption can hold, sorted."""
    lexicon, _ = _lexicon()
    words = {word for phrase in lexicon for word in phrase} | {"in", "of", "team"}
    for forms in WEAR.values():
        words.update(" ".join(" ".join(form) for form in forms).replace("{}", "").split())
    return tuple(sorted(words))


def _attempt(facts: Mapping[str, str], rng: Random) -> tuple[str, dict[str, str]]:
    stated = {name: facts[name] for name in ("theme", "colour", "action")}
    for name, chance in _OPTIONAL.items():
        if name in facts and rng.random() < chance:
            stated[name] = facts[name]
    pattern = rng.choice(_PATTERNS)
    if "{team}" not in pattern:
        stated.pop("team", None)
    elif "team {team}" in pattern or "{team} team" in pattern:
        stated["team"] = facts["team"]
    form = 0 if facts["count"] == "one" else 1
    theme = facts["theme"]
    slots = {
        "count": rng.choice(COUNT_WORDS[stated["count"]]) if "count" in stated else "",
        "team": stated.get("team", ""),
        "colour": facts["colour"],
        "noun": rng.choice(NOUNS[theme])[form],
        "wear": rng.choice(WEAR[theme])[form].format(facts["colour"]),
        "action": rng.choice(ACTIONS[facts["action"]]),
    }
    circumstances = {
        name: rng.choice(phrases[stated[name]])
        for name, phrases in (("place", PLACES), ("weather", WEATHERS), ("time", TIMES))
        if name in stated
    }
    slots["place"] = circumstances.get("place", "")
    rest = [phrase for name, phrase in circumstances.items() if name != "place"]
    rng.shuffle(rest)
    slots["when"] = " ".join(rest)
    where = [*rest, slots["place"]] if rng.random() < 0.3 else [slots["place"], *rest]
    slots["where"] = " ".join(where)
    return " ".join(pattern.format(**slots).split()), stated


@cache
def _lexicon() -> tuple[dict[tuple[str, ...], tuple[str, str]], int]:
    entries: dict[tuple[str, ...], tuple[str, str]] = {}
    tables: dict[str, Mapping[str, tuple[str, ...]]] = {
        "theme": {theme: tuple(f for forms in NOUNS[theme] for f in forms) for theme in NOUNS},
        "team": {team: (team,) for team in FACTS["team"]},
        "colour": {colour: (colour,) for colour in FACTS["colour"]},
        "count": COUNT_WORDS,
        "action": ACTIONS,
        "place": PLACES,
        "weather": WEATHERS,
        "time": TIMES,
    }
    for fact, table in tables.items():
        for value, phrases in table.items():
            entries.update({tuple(phrase.split()): (fact, value) for phrase in phrases})
    return entries, max(len(phrase) for phrase in entries)
