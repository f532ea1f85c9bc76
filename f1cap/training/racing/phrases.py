"""The closed vocabulary of racing captions: the phrases that state each fact."""

from collections.abc import Mapping
from types import MappingProxyType

from f1cap.training.racing.facts import CARS, DRIVERS, PITS, STRATEGY

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

COUNT_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "one": ("one", "single", "lone"),
        "two": ("two", "pair of"),
        "three": ("three", "trio of"),
        "four": ("four", "group of four"),
    }
)

ACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
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

PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
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

WEATHERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sunny": ("in bright sunshine", "under sunny sky", "in sunny weather"),
        "overcast": ("under grey clouds", "under overcast sky", "in cloudy weather"),
        "rain": ("in heavy rain", "in wet conditions", "in pouring rain"),
        "clear": ("under clear sky", "in dry conditions"),
    }
)

TIMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "day": ("during day", "in daylight", "in afternoon"),
        "dusk": ("at dusk", "at sunset", "in evening light"),
        "night": ("at night", "after dark", "under floodlights"),
    }
)
