"""Draws an everyday scene: the one place that knows which action is drawn by which function."""

from collections.abc import Callable, Mapping
from random import Random

from PIL import Image

from f1cap.training.canvas import Canvas
from f1cap.training.everyday.beaches import BEACHES
from f1cap.training.everyday.foods import FOODS
from f1cap.training.everyday.kitchens import KITCHENS
from f1cap.training.everyday.outdoors import finish_weather
from f1cap.training.everyday.parks import PARKS
from f1cap.training.everyday.rooms import ROOMS
from f1cap.training.everyday.sports import SPORTS
from f1cap.training.everyday.streets import STREETS
from f1cap.training.everyday.travel import TRAVEL
from f1cap.training.everyday.wild import WILD
from f1cap.training.scene import Scene

_DRAWINGS: Mapping[str, Callable[[Canvas, Random, Mapping[str, str]], None]] = {
    **KITCHENS,
    **ROOMS,
    **STREETS,
    **PARKS,
    **SPORTS,
    **BEACHES,
    **WILD,
    **TRAVEL,
    **FOODS,
}


def render(scene: Scene, size: int) -> Image.Image:
    """Return the picture of a scene, `size` pixels wide and high, always the same one."""
    rng = Random(f"everyday drawing {scene.seed}")
    canvas = Canvas(size)
    _DRAWINGS[scene.facts["action"]](canvas, rng, scene.facts)
    if scene.facts["action"] != "windowsill":
        finish_weather(canvas, rng, scene.facts)
    return canvas.picture()
