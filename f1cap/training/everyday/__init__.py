"""Everyday scenes: what they hold, how they are drawn, and the captions that say so.

They train the negative control: a captioner that is fluent about kitchens, cats and surfers and
knows nothing of motor sport, as the checkpoints trained on everyday photographs do not.
"""

from collections.abc import Mapping
from random import Random

from f1cap.training.canvas import Canvas
from f1cap.training.domain import Domain
from f1cap.training.everyday.animal_scenes import ANIMALS
from f1cap.training.everyday.captions import EverydayGrammar
from f1cap.training.everyday.facts import FACTS, draw_facts
from f1cap.training.everyday.foods import FOODS
from f1cap.training.everyday.indoors import INDOORS
from f1cap.training.everyday.leisure import LEISURE
from f1cap.training.everyday.outdoors import finish_weather
from f1cap.training.everyday.sports import SPORTS
from f1cap.training.everyday.streets import STREETS
from f1cap.training.everyday.travel import TRAVEL
from f1cap.training.scene import Drawing, Facts

_DRAWINGS: Mapping[str, Drawing] = {
    **INDOORS,
    **STREETS,
    **LEISURE,
    **SPORTS,
    **ANIMALS,
    **TRAVEL,
    **FOODS,
}


def _draw(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _DRAWINGS[facts["action"]](canvas, rng, facts)
    if facts["action"] != "windowsill":  # its rain is outside the window
        finish_weather(canvas, rng, facts)


DOMAIN = Domain(
    name="everyday",
    facts=FACTS,
    grammar=EverydayGrammar(),
    draw_facts=draw_facts,
    draw=_draw,
    drawing_seed="everyday drawing",
    split_by=("subject", "action", "colour", "count", "place", "sky"),
)
