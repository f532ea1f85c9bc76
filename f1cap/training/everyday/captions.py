"""Captions of everyday scenes: the closed set of phrases that state each fact, and the grammar.

In a pattern, what is in square brackets states the action: no other action uses those words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from random import Random
from types import MappingProxyType

from f1cap.training.everyday.facts import ACTIONS, FACTS, PEOPLE
from f1cap.training.grammar import Grammar, Phrases, normalize, phrases_of
from f1cap.training.scene import Facts

_REGULAR = (
    "boy girl cat dog horse cow zebra giraffe elephant bird car train airplane pizza cake donut"
)

# Singular, plural.
NOUNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **{name: (name, f"{name}s") for name in _REGULAR.split()},
        "man": ("man", "men"),
        "woman": ("woman", "women"),
        "sheep": ("sheep", "sheep"),
        "bus": ("bus", "buses"),
        "hydrant": ("fire hydrant", "fire hydrants"),
        "boat": ("sail boat", "sail boats"),
        "sandwich": ("sandwich", "sandwiches"),
        "fruit": ("bunch of fruit", "bunches of fruit"),
    }
)

COUNT_WORDS: Phrases = MappingProxyType(
    {"one": ("a",), "two": ("two", "a couple of", "a pair of"), "three": ("three", "a group of")}
)

PATTERNS: Phrases = MappingProxyType(
    {
        "cooking": (
            "{who} [cooking food] in a pot on the stove",
            "{who} in a kitchen [stirring] a pot on the stove",
            "{who} standing at the [stove cooking] a meal in a kitchen",
        ),
        "dishes": (
            "{who} [washing dishes] in a kitchen sink",
            "{who} [cleaning plates] in the sink of a kitchen",
            "{who} standing at a sink [doing the dishes] in a kitchen",
        ),
        "chopping": (
            "{who} [cutting vegetables] on a counter in a kitchen",
            "{who} in a kitchen [chopping] carrots with a large knife",
            "{who} [using a knife] on vegetables at a kitchen counter",
        ),
        "fridge": (
            "{who} standing in front of an [open refrigerator]",
            "{who} [looking inside a refrigerator] full of food in a kitchen",
            "{who} [taking food from a refrigerator] in the kitchen",
        ),
        "couch": (
            "{who} [laying on top of] a {colour} couch in a living room",
            "{who} [sleeping on] a {colour} couch in a living room",
            "{who} [resting] on a {colour} couch inside a house",
        ),
        "television": (
            "{who} sitting on a couch [watching tv] in a living room",
            "{who} [watching television] from a couch in a living room",
            "{who} in a living room [looking at a television] screen",
        ),
        "laptop": (
            "{who} sitting at a desk [using a laptop] computer",
            "{who} [working on a laptop] at a desk in a room",
            "{who} [typing] at a desk with a laptop computer",
        ),
        "reading": (
            "{who} [reading a book] in a chair next to a lamp",
            "{who} sitting in a chair [holding a book] near a lamp",
            "{who} relaxing in a living room [with an open book]",
        ),
        "blocks": (
            "{who} [playing with toy blocks] on the floor of a room",
            "{who} sitting on the floor [stacking blocks] in a living room",
            "{who} [building a tower] with blocks in a living room",
        ),
        "bicycle": (
            "{who} [riding a] {colour} [bike] down the street",
            "{who} [riding a] {colour} [bicycle] on a road",
            "{who} on a {colour} bicycle [riding along] a street",
        ),
        "crossing": (
            "{who} [crossing the street] at a crosswalk",
            "{who} [walking across] the street on a crosswalk",
            "{who} in the middle of a [crosswalk crossing] a road",
        ),
        "umbrella": (
            "{who} [walking with] a {colour} [umbrella] on a sidewalk",
            "{who} [holding] a {colour} [umbrella] on a wet street",
            "{who} [standing under] a {colour} [umbrella] on the street",
        ),
        "leash": (
            "{who} [walking a dog] down the sidewalk",
            "{who} walking down the street [with a dog on a leash]",
            "{who} out on the street [taking a dog for a walk]",
        ),
        "parked": (
            "{who} [parked on the side] of the street",
            "{who} [parked in front of] a building on a street",
            "{who} [sitting next to the sidewalk] on a street",
        ),
        "hydrant": (
            "{who} [sitting on the side of] a street",
            "{who} [in the middle of a sidewalk] next to a road",
            "{who} [on the sidewalk] near the edge of a street",
        ),
        "kite": (
            "{who} [flying a] {colour} [kite] in a park",
            "{who} [holding the string of] a {colour} kite in the air",
            "{who} in a park with a {colour} [kite high] in the air",
        ),
        "frisbee": (
            "{who} [throwing a] {colour} [frisbee] in a park",
            "{who} [tossing a] {colour} [frisbee] across the grass",
            "{who} in a park [playing with a] {colour} [frisbee]",
        ),
        "bench": (
            "{who} [sitting on a] wooden [bench] in a park",
            "{who} [sitting down on] a park bench on the grass",
            "{who} [taking a rest on] a bench in the park",
        ),
        "catching": (
            "{who} [jumping to catch] a {colour} frisbee in a park",
            "{who} [jumping in the air] for a {colour} frisbee",
            "{who} [catching a] {colour} [frisbee] in the grass",
        ),
        "tennis": (
            "{who} [swinging a tennis racket] at a ball on a court",
            "{who} [playing tennis] with a racket on a court",
            "{who} [hitting a tennis ball] on a tennis court",
        ),
        "baseball": (
            "{who} [swinging a bat] at a ball in a baseball game",
            "{who} [playing baseball] with a bat on a field",
            "{who} with a baseball [bat hitting] a ball on a field",
        ),
        "soccer": (
            "{who} [kicking a soccer ball] on a field",
            "{who} [playing soccer] with a ball on the grass",
            "{who} [running after a soccer ball] near a goal",
        ),
        "skiing": (
            "{who} [riding skis] down a snow covered slope",
            "{who} [skiing] down a hill covered in snow",
            "{who} [on skis] going down a snowy hill",
        ),
        "snowboarding": (
            "{who} [riding a snowboard] down a snow covered slope",
            "{who} [snowboarding] down a hill covered in snow",
            "{who} [on a snowboard] going down a snowy hill",
        ),
        "skateboarding": (
            "{who} [riding a skateboard] down a ramp at a skate park",
            "{who} [skateboarding] on a ramp at a skate park",
            "{who} [doing a trick] on a skateboard at a ramp",
        ),
        "surfing": (
            "{who} [riding a wave] on top of a {colour} surfboard",
            "{who} [surfing] in the ocean on a {colour} surfboard",
            "{who} on a {colour} surfboard [riding the waves] of the ocean",
        ),
        "carrying": (
            "{who} [carrying a] {colour} [surfboard] on the beach",
            "{who} [walking with a] {colour} [surfboard] along the beach",
            "{who} [holding a] {colour} [surfboard] next to the ocean",
        ),
        "parasol": (
            "{who} [sitting under a] {colour} umbrella on the [beach]",
            "{who} [relaxing under a] {colour} beach [umbrella] near the ocean",
            "{who} on the beach [in the shade of] a {colour} umbrella",
        ),
        "sandcastle": (
            "{who} [building a sand castle] on the beach",
            "{who} [playing in the sand] at the beach by the ocean",
            "{who} [making a castle] out of sand on the beach",
        ),
        "grazing": (
            "{who} [grazing] on the grass in a field",
            "{who} [eating grass] in a large open field",
            "{who} in a large field [feeding on grass]",
        ),
        "leaves": (
            "{who} [eating leaves] from a tall tree",
            "{who} [reaching up to a tree] to eat leaves",
            "{who} with a long neck [feeding from a tree]",
        ),
        "drinking": (
            "{who} [drinking water] at the edge of a pond",
            "{who} standing in grass [drinking from a pond]",
            "{who} [taking a drink] from the water of a pond",
        ),
        "galloping": (
            "{who} [running through] a field of grass",
            "{who} [running] across a large open field",
            "{who} in an open field [running fast] on the grass",
        ),
        "riding": (
            "{who} [riding] on the back of a {colour} [horse]",
            "{who} [riding a] {colour} [horse] through a field",
            "{who} [sitting on top of a] {colour} [horse] in a field",
        ),
        "perched": (
            "{who} [perched] on a branch of a tree",
            "{who} [sitting on a branch] of a tree",
            "{who} [resting on a] tree [branch] with leaves",
        ),
        "flying": (
            "{who} [flying over] the water of the ocean",
            "{who} [flying through the air] above the ocean",
            "{who} in the air [flying above] the waves",
        ),
        "windowsill": (
            "{who} [sitting on a window] sill of a house",
            "{who} [looking out of a window] inside a house",
            "{who} inside a house [sitting in a window]",
        ),
        "driving": (
            "{who} [driving down] the street full of people",
            "{who} [traveling down a street] with people inside",
            "{who} full of people [driving along] a street",
        ),
        "busstop": (
            "{who} [stopped at a bus stop] on a street",
            "{who} on a street [picking up passengers]",
            "{who} [waiting at a stop] on the side of a road",
        ),
        "station": (
            "{who} [pulling into] a train station with passengers",
            "{who} [stopped at a train station] next to a platform",
            "{who} [sitting at a platform] in a station",
        ),
        "rails": (
            "{who} [traveling down the rails] through the countryside",
            "{who} [going through] the countryside on the rails",
            "{who} [traveling along] the rails near a field",
        ),
        "airborne": (
            "{who} [flying high] in the sky above the clouds",
            "{who} [flying in the air] with clouds around it",
            "{who} high above the ground [in the sky]",
        ),
        "runway": (
            "{who} [parked on the runway] of an airport",
            "{who} [sitting on a runway] at an airport",
            "{who} on the ground [waiting at an airport]",
        ),
        "sailing": (
            "{who} [floating on top of] the water of a lake",
            "{who} [sailing] across the water of a lake",
            "{who} out [on the open water] of a lake",
        ),
        "plate": (
            "{who} sitting on a {colour} [plate] on a table",
            "{who} served on a {colour} [plate] with a fork",
            "a {colour} [plate] topped with {who} on a table",
        ),
        "board": (
            "{who} on a wooden [cutting board] next to a knife",
            "{who} sitting on top of a [wooden board] with a knife",
            "a [board] on a kitchen table topped with {who}",
        ),
        "eating": (
            "{who} [eating a slice of] food at a table",
            "{who} sitting at a table [eating a meal]",
            "{who} at a table [eating food] from a plate",
        ),
    }
)

PLACES: Phrases = MappingProxyType(
    {
        "city": ("in a big city", "near tall buildings"),
        "town": ("in a small town", "near some houses"),
        "trees": ("near some trees", "in front of trees"),
        "lake": ("near a lake", "by a lake"),
        "mountains": ("near the mountains", "with mountains in the background"),
        "fence": ("behind a wooden fence", "next to a fence"),
        "savanna": ("in the savanna", "on the dry savanna"),
    }
)

SKIES: Phrases = MappingProxyType(
    {
        "sunny": ("on a sunny day", "under a clear sky"),
        "cloudy": ("on a cloudy day", "under a cloudy sky"),
        "rainy": ("in the rain", "on a rainy day"),
        "sunset": ("at sunset", "in the evening light"),
        "night": ("at night", "in the dark"),
    }
)

_OPTIONAL = {"colour": 0.85, "place": 0.6, "sky": 0.6}


class EverydayGrammar(Grammar):
    """Says who does what, as captions of everyday photographs do, and now and then where."""

    patterns = tuple(pattern for patterns in PATTERNS.values() for pattern in patterns)
    filler = ("a", "an", "in", "wearing", "shirt", "shirts")

    def phrases(self) -> Iterator[tuple[str, Facts]]:
        """Yield each phrase with the facts that it states."""
        many = {s for kind in ACTIONS.values() if len(kind.counts) > 1 for s in kind.subjects}
        for subject, (singular, plural) in NOUNS.items():
            if subject in many:
                yield plural, {"subject": subject}
            yield singular, {"subject": subject, "count": "one"}
        plurals = {count: words for count, words in COUNT_WORDS.items() if count != "one"}
        yield from phrases_of("count", plurals)
        yield from ((colour, {"colour": colour}) for colour in FACTS["colour"])
        yield from phrases_of("place", PLACES)
        yield from phrases_of("sky", SKIES)

    def draft(self, facts: Facts, rng: Random) -> tuple[str, dict[str, str]]:
        """Draw one caption of any length, and the facts that it states."""
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
                one = facts["count"] == "one"
                shirt = wear.format(f"a {colour} shirt" if one else f"{colour} shirts")
        who = f"{rng.choice(COUNT_WORDS[facts['count']])} {coat} {noun} {shirt}"
        tail = [
            rng.choice(phrases[stated[name]])
            for name, phrases in (("place", PLACES), ("sky", SKIES))
            if name in stated
        ]
        if rng.random() < 0.2:
            tail.reverse()
        caption = " ".join(" ".join([pattern.format(who=who, colour=colour), *tail]).split())
        return re.sub(r"\ba (?=[aeiou])", "an ", caption), stated

    def accepts(self, words: Sequence[str]) -> bool:
        """Return whether a draft is short enough, and writable by a decoder that bans bigrams."""
        bigrams = list(pairwise(words))
        return super().accepts(words) and len(set(bigrams)) == len(bigrams)

    def read_facts(self, caption: str) -> dict[str, str]:
        """Return the facts that a caption states; of contradicting ones, the first."""
        text = normalize(caption)
        found = [
            (len(match[0]), action)
            for expression, action in self._actions
            if (match := expression.search(text))
        ]
        stated: dict[str, str] = {}
        if found:
            # The longest: "sitting on a bench" holds no less than "sitting on".
            stated["action"] = max(found)[1]
            stated["theme"] = ACTIONS[stated["action"]].theme
        return super().read_facts(caption) | stated

    @cached_property
    def _actions(self) -> list[tuple[re.Pattern[str], str]]:
        """What to look for to know each action: a pattern's words in square brackets."""
        colours = f"(?:(?:{'|'.join(FACTS['colour'])}) )?"
        expressions = []
        for action, patterns in PATTERNS.items():
            for pattern in patterns:
                core = pattern[pattern.index("[") : pattern.rindex("]")]
                core = re.sub(r"[\[\]]", "", core).replace("{colour} ", colours)
                core = re.sub(r"\ban\b", "a", core)
                expressions.append((re.compile(rf"\b{core}\b"), action))
        return expressions
