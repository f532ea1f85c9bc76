"""Racing scenes: what they hold, how they are drawn, and the captions that say so."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas
from f1cap.training.domain import Domain
from f1cap.training.racing.captions import RacingGrammar
from f1cap.training.racing.car_scenes import draw_moment, draw_pits
from f1cap.training.racing.facts import (
    CARS,
    DRIVERS,
    FACTS,
    PITS,
    STRATEGY,
    TEAMS,
    Team,
    draw_facts,
)
from f1cap.training.racing.people_scenes import draw_drivers, draw_strategy
from f1cap.training.racing.tracks import draw_weather
from f1cap.training.scene import Facts

_THEMES: Mapping[str, Callable[[Canvas, Random, Facts, Team], None]] = {
    DRIVERS: draw_drivers,
    PITS: draw_pits,
    CARS: draw_moment,
    STRATEGY: draw_strategy,
}


def _draw(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _THEMES[facts["theme"]](canvas, rng, facts, TEAMS[facts["team"]])
    draw_weather(canvas, rng, facts)


DOMAIN = Domain(
    name="racing",
    facts=FACTS,
    grammar=RacingGrammar(),
    draw_facts=draw_facts,
    draw=_draw,
    drawing_seed="drawing",
    split_by=("team", "action", "weather", "time"),
)
