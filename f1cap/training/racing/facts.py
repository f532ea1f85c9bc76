"""What can be true of a racing scene: invented teams, actions, and what goes with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from f1cap.training.canvas import Color
from f1cap.training.scene import COUNTS

DRIVERS = "1_drivers_emotions"
PITS = "2_pit_stops"
CARS = "3_cars_tracks_moments"
STRATEGY = "4_strategy_data"
THEMES = (DRIVERS, PITS, CARS, STRATEGY)

TIMES = ("day", "dusk", "night")
WEATHERS = ("sunny", "overcast", "rain", "clear")

# Only pairs that can be told apart in an image: a night sky is clear or it rains.
SKIES = (
    ("sunny", "day"),
    ("overcast", "day"),
    ("rain", "day"),
    ("clear", "dusk"),
    ("rain", "dusk"),
    ("clear", "night"),
    ("rain", "night"),
)

INDOORS = frozenset({"garage", "control room"})
TRACKS = ("city", "forest", "desert", "seaside")


@dataclass(frozen=True)
class Team:
    """An invented team: its colour's word for captions, its paint, the second colour."""

    colour: str
    body: Color
    trim: Color
    helmet: Color


TEAMS: Mapping[str, Team] = MappingProxyType(
    {
        "veltro": Team("red", (222, 26, 38), (255, 255, 255), (250, 214, 60)),
        "norrland": Team("blue", (26, 92, 228), (255, 255, 255), (255, 120, 40)),
        "verdane": Team("green", (12, 156, 78), (255, 255, 255), (240, 240, 120)),
        "solmark": Team("orange", (255, 124, 0), (40, 40, 52), (60, 190, 240)),
        "quillon": Team("yellow", (255, 218, 16), (40, 40, 52), (230, 40, 60)),
        "ostara": Team("purple", (138, 50, 204), (255, 255, 255), (60, 220, 190)),
    }
)


@dataclass(frozen=True)
class Action:
    """One kind of scene: its theme, how many it may show, where, and when."""

    theme: str
    counts: tuple[str, ...]
    places: tuple[str, ...]
    times: tuple[str, ...] = TIMES


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "trophy": Action(DRIVERS, COUNTS[:3], ("podium", "grandstand")),
        "champagne": Action(DRIVERS, COUNTS[:3], ("podium",)),
        "waving": Action(DRIVERS, COUNTS[:3], ("grandstand", "paddock")),
        "despair": Action(DRIVERS, COUNTS[:2], ("paddock", "garage")),
        "interview": Action(DRIVERS, COUNTS[:1], ("paddock", "garage")),
        "crying": Action(DRIVERS, COUNTS[:1], ("paddock", "garage", "grandstand")),
        "smiling": Action(DRIVERS, COUNTS[:1], ("paddock", "garage", "grandstand")),
        "tyres": Action(PITS, COUNTS[1:], ("pit lane",)),
        "jack": Action(PITS, COUNTS[:2], ("pit lane", "garage")),
        "waiting": Action(PITS, COUNTS[1:], ("pit lane", "garage")),
        "pushing": Action(PITS, COUNTS[:3], ("pit lane", "garage")),
        "wing": Action(PITS, COUNTS[:2], ("pit lane", "garage")),
        "overtaking": Action(CARS, COUNTS[:2], TRACKS),
        "spinning": Action(CARS, COUNTS[:1], TRACKS),
        "grid": Action(CARS, COUNTS[1:], TRACKS),
        "finish": Action(CARS, COUNTS[:2], TRACKS),
        "safety": Action(CARS, COUNTS[:3], TRACKS),
        "crash": Action(CARS, COUNTS[:1], TRACKS),
        "sparks": Action(CARS, COUNTS[:2], TRACKS, ("dusk", "night")),
        "cornering": Action(CARS, COUNTS[:3], TRACKS),
        "screens": Action(STRATEGY, COUNTS[1:], ("pit wall",)),
        "laptimes": Action(STRATEGY, COUNTS[:2], ("pit wall", "garage", "control room")),
        "degradation": Action(STRATEGY, COUNTS[:3], ("pit wall", "garage", "control room")),
        "telemetry": Action(STRATEGY, COUNTS[:3], ("pit wall", "garage", "control room")),
        "stops": Action(STRATEGY, COUNTS[:3], ("pit wall", "garage", "control room")),
        "map": Action(STRATEGY, COUNTS[:3], ("pit wall", "garage", "control room")),
    }
)

PLACES = (
    "podium",
    "grandstand",
    "paddock",
    "garage",
    "pit lane",
    *TRACKS,
    "pit wall",
    "control room",
)

FACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "theme": THEMES,
        "team": tuple(TEAMS),
        "colour": tuple(team.colour for team in TEAMS.values()),
        "action": tuple(ACTIONS),
        "count": COUNTS,
        "weather": WEATHERS,
        "time": TIMES,
        "place": PLACES,
    }
)


def draw_facts(rng: Random, theme: str | None) -> dict[str, str]:
    """Sample the facts of a scene, of one theme if it is given."""
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
