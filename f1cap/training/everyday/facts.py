"""What can be true of an everyday scene: kinds of scenes, and what goes with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from f1cap.training.canvas import Color
from f1cap.training.scene import COUNTS as _ALL_COUNTS

THEMES = (
    "kitchen",
    "living room",
    "street",
    "park",
    "sports",
    "beach",
    "animals",
    "transport",
    "food",
)

COUNTS = _ALL_COUNTS[:3]
SKIES = ("sunny", "cloudy", "rainy", "sunset", "night")

ADULTS = ("man", "woman")
CHILDREN = ("boy", "girl")
PEOPLE = ADULTS + CHILDREN

_DAY = SKIES[:2]
_DRY = ("sunny", "cloudy", "sunset")
_COLOURS = ("red", "blue", "green", "yellow", "orange", "pink")
_TOWNS = ("city", "town")
_MEADOWS = ("trees", "mountains", "fence")
_PARKS = ("trees", "lake")

# the paints that colour words stand for
PAINTS: Mapping[str, Color] = MappingProxyType(
    {
        "red": (222, 34, 40),
        "blue": (30, 96, 230),
        "green": (20, 160, 74),
        "yellow": (255, 216, 30),
        "orange": (255, 130, 10),
        "pink": (255, 120, 186),
        "brown": (142, 84, 42),
        "black": (44, 42, 50),
        "white": (246, 246, 244),
    }
)


@dataclass(frozen=True)
class Kind:
    """One kind of scene: its theme, who is in it, which colour, how many, where, which sky."""

    theme: str
    subjects: tuple[str, ...]
    colours: tuple[str, ...] = _COLOURS
    counts: tuple[str, ...] = COUNTS[:1]
    places: tuple[str, ...] = ()
    skies: tuple[str, ...] = ()


ACTIONS: Mapping[str, Kind] = MappingProxyType(
    {
        "cooking": Kind("kitchen", ADULTS),
        "dishes": Kind("kitchen", ADULTS),
        "chopping": Kind("kitchen", ADULTS),
        "fridge": Kind("kitchen", PEOPLE),
        "couch": Kind("living room", ("cat", "dog")),
        "television": Kind("living room", PEOPLE),
        "laptop": Kind("living room", ADULTS),
        "reading": Kind("living room", ADULTS),
        "blocks": Kind("living room", CHILDREN),
        "bicycle": Kind("street", PEOPLE, places=_TOWNS, skies=_DRY),
        "crossing": Kind("street", ADULTS, counts=COUNTS, places=_TOWNS, skies=SKIES),
        "umbrella": Kind("street", PEOPLE, places=_TOWNS, skies=("rainy",)),
        "leash": Kind("street", ADULTS, places=_TOWNS, skies=_DRY),
        "parked": Kind("street", ("car",), _COLOURS[:5], places=_TOWNS, skies=SKIES),
        "hydrant": Kind("street", ("hydrant",), ("red", "yellow"), places=_TOWNS, skies=_DRY),
        "kite": Kind("park", PEOPLE, places=_PARKS, skies=_DRY),
        "frisbee": Kind("park", PEOPLE, places=_PARKS, skies=_DRY),
        "bench": Kind("park", PEOPLE, counts=COUNTS, places=_PARKS, skies=_DRY),
        "catching": Kind("park", ("dog",), places=_PARKS, skies=_DRY),
        "tennis": Kind("sports", ADULTS, skies=_DAY),
        "baseball": Kind("sports", PEOPLE, skies=(*_DAY, "night")),
        "soccer": Kind("sports", PEOPLE, skies=(*_DAY, "rainy", "night")),
        "skiing": Kind("sports", PEOPLE, places=("mountains", "trees"), skies=_DRY),
        "snowboarding": Kind("sports", ADULTS, places=("mountains", "trees"), skies=_DAY),
        "skateboarding": Kind("sports", PEOPLE, skies=_DRY),
        "surfing": Kind("beach", PEOPLE, skies=_DRY),
        "carrying": Kind("beach", ADULTS, skies=_DRY),
        "parasol": Kind("beach", ADULTS, skies=_DAY),
        "sandcastle": Kind("beach", CHILDREN, skies=_DAY),
        "grazing": Kind("animals", ("horse", "cow", "sheep", "zebra"), (), COUNTS, _MEADOWS, _DRY),
        "leaves": Kind("animals", ("giraffe",), (), COUNTS, ("savanna", "fence"), _DRY),
        "drinking": Kind("animals", ("elephant", "zebra"), (), COUNTS, ("savanna", "trees"), _DRY),
        "galloping": Kind(
            "animals", ("horse", "dog"), ("brown", "black", "white"), COUNTS, _MEADOWS, _DRY
        ),
        "riding": Kind("animals", ADULTS, ("brown", "black", "white"), COUNTS[:1], _MEADOWS, _DRY),
        "perched": Kind(
            "animals", ("bird",), ("red", "blue", "yellow", "white", "black"), COUNTS, (), _DRY
        ),
        "flying": Kind("animals", ("bird",), ("white", "black"), COUNTS, (), (*_DRY, "rainy")),
        "windowsill": Kind("animals", ("cat",), ("black", "white", "orange"), skies=SKIES),
        "driving": Kind("transport", ("bus",), places=_TOWNS, skies=SKIES),
        "busstop": Kind("transport", ("bus",), places=_TOWNS, skies=SKIES),
        "station": Kind("transport", ("train",), skies=SKIES),
        "rails": Kind("transport", ("train",), places=("trees", "mountains"), skies=SKIES),
        "airborne": Kind("transport", ("airplane",), ("red", "blue", "yellow"), skies=_DRY),
        "runway": Kind("transport", ("airplane",), ("red", "blue", "yellow"), skies=SKIES),
        "sailing": Kind("transport", ("boat",), places=("mountains", "city"), skies=_DRY),
        "plate": Kind("food", ("pizza", "cake", "sandwich", "donut", "fruit")),
        "board": Kind("food", ("pizza", "cake", "sandwich", "fruit"), ()),
        "eating": Kind("food", PEOPLE),
    }
)


def _collect(values: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(sorted({value for group in values for value in group}))


FACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "theme": THEMES,
        "subject": _collect(tuple(kind.subjects for kind in ACTIONS.values())),
        "action": tuple(ACTIONS),
        "colour": _collect(tuple(kind.colours for kind in ACTIONS.values())),
        "count": COUNTS,
        "place": _collect(tuple(kind.places for kind in ACTIONS.values())),
        "sky": SKIES,
    }
)


def draw_facts(rng: Random, theme: str | None) -> dict[str, str]:
    """Sample the facts of a scene, of one theme if it is given."""
    theme = theme or rng.choice(THEMES)
    action = rng.choice([key for key, kind in ACTIONS.items() if kind.theme == theme])
    kind = ACTIONS[action]
    facts = {"theme": theme, "subject": rng.choice(kind.subjects), "action": action}
    facts["count"] = rng.choice(kind.counts)
    for name, values in (("colour", kind.colours), ("place", kind.places), ("sky", kind.skies)):
        if values:
            facts[name] = rng.choice(values)
    return facts
