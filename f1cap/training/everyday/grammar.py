"""Captions of everyday scenes, and the way back from a caption to the facts it states."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from random import Random

from f1cap.training.everyday.facts import ACTIONS, FACTS, PEOPLE
from f1cap.training.everyday.phrases import COUNT_WORDS, NOUNS, PATTERNS, PLACES, SKIES
from f1cap.training.scene import Scene

MIN_WORDS, MAX_WORDS = 8, 16

_OPTIONAL = {"colour": 0.85, "place": 0.6, "sky": 0.6}


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
        words = caption.split()
        if MIN_WORDS <= len(words) <= MAX_WORDS and not _repeats(words):
            return caption, stated


def read_facts(caption: str) -> dict[str, str]:
    """Return the facts that a caption states; of contradicting ones, the first."""
    words = re.findall(r"[a-z]+", caption.lower())
    text = " ".join("a" if word == "an" else word for word in words)
    stated: dict[str, str] = {}
    found = [
        (len(match[0]), action)
        for expression, action in _actions()
        if (match := expression.search(text))
    ]
    if found:
        # The longest: "sitting on a bench" holds no less than "sitting on".
        stated["action"] = max(found)[1]
        stated["theme"] = ACTIONS[stated["action"]].theme
    expression, meanings = _lexicon()
    for match in expression.finditer(text):
        for fact, value in meanings[match[0]]:
            stated.setdefault(fact, value)
    return {name: stated[name] for name in FACTS if name in stated}


def vocabulary() -> tuple[str, ...]:
    """Return every word that a caption can hold, sorted."""
    _, meanings = _lexicon()
    words = {word for phrase in meanings for word in phrase.split()}
    for patterns in PATTERNS.values():
        for pattern in patterns:
            words.update(re.findall(r"[a-z]+", re.sub(r"{\w+}", "", pattern)))
    return tuple(sorted(words | {"a", "an", "in", "wearing", "shirt", "shirts"}))


def _attempt(facts: Mapping[str, str], rng: Random) -> tuple[str, dict[str, str]]:
    stated = {
        name: value
        for name, value in facts.items()
        if name not in _OPTIONAL or rng.random() < _OPTIONAL[name]
    }
    pattern = rng.choice(PATTERNS[facts["action"]]).replace("[", "").replace("]", "")
    colour = stated.get("colour", "")
    noun = NOUNS[facts["subject"]][0 if facts["count"] == "one" else 1]
    coat, shirt = colour, ""
    if "{colour}" in pattern or facts["subject"] in PEOPLE:
        coat = ""
        if "{colour}" not in pattern and colour:
            wear = rng.choice(("in {}", "wearing {}"))
            shirt = wear.format(
                f"a {colour} shirt" if facts["count"] == "one" else f"{colour} shirts"
            )
    who = f"{rng.choice(COUNT_WORDS[facts['count']])} {coat} {noun} {shirt}"
    tail = [
        rng.choice(phrases[stated[name]])
        for name, phrases in (("place", PLACES), ("sky", SKIES))
        if name in stated
    ]
    if rng.random() < 0.2:
        tail.reverse()
    caption = " ".join([pattern.format(who=who, colour=colour), *tail])
    return _articles(" ".join(caption.split())), stated


def _articles(text: str) -> str:
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


def _repeats(words: list[str]) -> bool:
    """Say whether two words come twice in a row: a decoder that bans that could not write it."""
    pairs = list(pairwise(words))
    return len(set(pairs)) < len(pairs)


@cache
def _actions() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what to look for to know each action: a pattern's words in square brackets."""
    colours = f"(?:(?:{'|'.join(FACTS['colour'])}) )?"
    expressions = []
    for action, patterns in PATTERNS.items():
        for pattern in patterns:
            core = pattern[pattern.index("[") : pattern.rindex("]")]
            core = re.sub(r"[\[\]]", "", core).replace("{colour} ", colours)
            core = re.sub(r"\ban\b", "a", core)
            expressions.append((re.compile(rf"\b{core}\b"), action))
    return tuple(expressions)


@cache
def _lexicon() -> tuple[re.Pattern[str], dict[str, tuple[tuple[str, str], ...]]]:
    """Return one expression for all phrases, longest first, and what each of them says."""
    meanings = {phrase: tuple(facts) for phrase, facts in _phrases()}
    longest_first = sorted(meanings, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest_first)})\b"), meanings


def _phrases() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    many = {s for kind in ACTIONS.values() if len(kind.counts) > 1 for s in kind.subjects}
    for subject, (singular, plural) in NOUNS.items():
        if subject in many:
            yield plural, [("subject", subject)]
        yield singular, [("subject", subject), ("count", "one")]
    for count, words in COUNT_WORDS.items():
        if count != "one":
            yield from ((word, [("count", count)]) for word in words)
    for colour in FACTS["colour"]:
        yield colour, [("colour", colour)]
    for fact, table in (("place", PLACES), ("sky", SKIES)):
        for value, phrases in table.items():
            yield from ((phrase, [(fact, value)]) for phrase in phrases)
