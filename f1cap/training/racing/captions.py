"""Captions of racing scenes: the closed set of phrases that state each fact, and the grammar."""

from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType

from f1cap.training.grammar import Grammar, Phrases, phrases_of
from f1cap.training.racing.facts import CARS, DRIVERS, FACTS, PITS, STRATEGY
from f1cap.training.scene import Facts

# Nouns bear the theme: singular, plural.
NOUNS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        DRIVERS: (("driver", "drivers"), ("racing driver", "racing drivers")),
        PITS: (("mechanic", "mechanics"), ("pit mechanic", "pit mechanics")),
        CARS: (("car", "cars"), ("racing car", "racing cars")),
        STRATEGY: (("engineer", "engineers"), ("strategist", "strategists")),
    }
)

# What carries the team's colour: {} is the colour's word; singular, plural.
WEAR: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        DRIVERS: (("{} suit", "{} suits"), ("{} overalls", "{} overalls")),
        PITS: (("{} suit", "{} suits"), ("{} overalls", "{} overalls")),
        CARS: (("{} livery", "{} livery"), ("{} paint", "{} paint")),
        STRATEGY: (("{} shirt", "{} shirts"), ("{} jacket", "{} jackets")),
    }
)

COUNT_WORDS: Phrases = MappingProxyType(
    {
        "one": ("one", "single", "lone"),
        "two": ("two", "pair of"),
        "three": ("three", "trio of"),
        "four": ("four", "group of four"),
    }
)

ACTIONS: Phrases = MappingProxyType(
    {
        "trophy": ("lifting trophy overhead", "celebrating with trophy", "raising golden trophy"),
        "champagne": (
            "spraying champagne",
            "celebrating with champagne",
            "shooting foam from champagne bottle",
        ),
        "waving": ("waving to fans", "greeting cheering fans", "raising hand to wave at fans"),
        "despair": (
            "holding head in despair",
            "looking dejected with hands on head",
            "suffering bitter defeat",
        ),
        "interview": (
            "giving interview to reporter",
            "speaking into microphone",
            "answering questions in interview",
        ),
        "crying": ("crying after race", "weeping with tears on face", "in tears after defeat"),
        "smiling": ("smiling at camera", "laughing with joy", "beaming with happy face"),
        "tyres": (
            "changing tyres during pit stop",
            "fitting fresh tyres to car",
            "swapping wheels at pit stop",
        ),
        "jack": (
            "lifting car on jack",
            "raising front of car with jack",
            "jacking up car at pit stop",
        ),
        "waiting": (
            "waiting with fresh tyres",
            "standing ready with tyres",
            "holding tyres before pit stop",
        ),
        "pushing": ("pushing car back", "rolling car by hand", "pushing stopped car from behind"),
        "wing": (
            "replacing front wing",
            "carrying new front wing to car",
            "fitting new nose to damaged car",
        ),
        "overtaking": ("overtaking silver rival", "passing silver car", "attacking silver rival"),
        "spinning": (
            "spinning off into gravel",
            "sliding backwards through gravel trap",
            "losing control and spinning",
        ),
        "grid": ("lined up on starting grid", "waiting for race start", "ready at start lights"),
        "finish": (
            "crossing finish line under chequered flag",
            "winning race at chequered flag",
            "taking chequered flag",
        ),
        "safety": (
            "following safety car",
            "lining up behind safety car",
            "slowing behind safety car",
        ),
        "crash": (
            "crashing into tyre barrier",
            "stopped in barrier with smoke",
            "smoking after hitting barrier",
        ),
        "sparks": ("throwing sparks", "trailing bright sparks", "scraping ground with sparks"),
        "cornering": (
            "cornering over kerbs",
            "racing through corner",
            "turning into fast corner",
        ),
        "screens": (
            "watching timing screens",
            "monitoring row of screens",
            "following race on monitors",
        ),
        "laptimes": (
            "pointing at lap time table",
            "comparing lap times on display",
            "explaining table of lap times",
        ),
        "degradation": (
            "studying tyre degradation chart",
            "reviewing tyre wear curves",
            "discussing falling tyre performance graph",
        ),
        "telemetry": (
            "analysing telemetry speed trace",
            "checking speed trace on display",
            "reading telemetry graph of speed",
        ),
        "stops": (
            "comparing pit stop times in bar chart",
            "presenting bar chart of pit stops",
            "ranking pit stops with bars",
        ),
        "map": (
            "tracking cars on circuit map",
            "looking at track map with positions",
            "locating cars on track map",
        ),
    }
)

PLACES: Phrases = MappingProxyType(
    {
        "podium": ("on podium", "on podium steps"),
        "grandstand": ("in front of grandstand", "before packed grandstand"),
        "paddock": ("in paddock", "beside team trucks"),
        "garage": ("inside garage", "in team garage"),
        "pit lane": ("in pit lane", "along pit lane"),
        "city": ("on city street circuit", "between tall buildings"),
        "forest": ("on forest circuit", "among trees"),
        "desert": ("on desert circuit", "among sand dunes"),
        "seaside": ("on seaside circuit", "beside harbour"),
        "pit wall": ("on pit wall", "at pit wall stand"),
        "control room": ("in control room", "in mission control"),
    }
)

WEATHERS: Phrases = MappingProxyType(
    {
        "sunny": ("in bright sunshine", "under sunny sky", "in sunny weather"),
        "overcast": ("under grey clouds", "under overcast sky", "in cloudy weather"),
        "rain": ("in heavy rain", "in wet conditions", "in pouring rain"),
        "clear": ("under clear sky", "in dry conditions"),
    }
)

TIMES: Phrases = MappingProxyType(
    {
        "day": ("during day", "in daylight", "in afternoon"),
        "dusk": ("at dusk", "at sunset", "in evening light"),
        "night": ("at night", "after dark", "under floodlights"),
    }
)

_OPTIONAL = {"count": 0.6, "team": 0.8, "place": 0.65, "weather": 0.6, "time": 0.65}


class RacingGrammar(Grammar):
    """Says who in which team's colours does what, and now and then where and when."""

    patterns = (
        "{count} {team} {noun} in {wear} {action} {where}",
        "{count} {team} {noun} in {wear} {place} {action} {when}",
        "{count} {colour} {team} {noun} {action} {where}",
        "{count} {noun} of {colour} {team} team {action} {where}",
        "{count} {noun} in {wear} of team {team} {action} {where}",
        "{count} {noun} in {wear} {action} {where}",
    )
    filler = tuple(
        form.replace("{}", "") for forms in WEAR.values() for pair in forms for form in pair
    )

    def phrases(self) -> Iterator[tuple[str, Facts]]:
        """Yield each phrase with the fact that it states."""
        for theme, forms in NOUNS.items():
            yield from ((form, {"theme": theme}) for pair in forms for form in pair)
        for fact in ("team", "colour"):
            yield from ((value, {fact: value}) for value in FACTS[fact])
        yield from phrases_of("count", COUNT_WORDS)
        yield from phrases_of("action", ACTIONS)
        yield from phrases_of("place", PLACES)
        yield from phrases_of("weather", WEATHERS)
        yield from phrases_of("time", TIMES)

    def draft(self, facts: Facts, rng: Random) -> tuple[str, dict[str, str]]:
        """Draw one caption of any length, and the facts that it states."""
        stated = {name: facts[name] for name in ("theme", "colour", "action")}
        for name, chance in _OPTIONAL.items():
            if name in facts and rng.random() < chance:
                stated[name] = facts[name]
        pattern = rng.choice(self.patterns)
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
