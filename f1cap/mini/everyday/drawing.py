"""Draws an everyday scene: the one place that knows which action is drawn by which function."""

from collections.abc import Callable, Mapping
from random import Random

from PIL import Image

from f1cap.mini.canvas import Canvas
from f1cap.mini.everyday.beaches import BEACHES
from f1cap.mini.everyday.foods import FOODS
from f1cap.mini.everyday.kitchens import KITCHENS
from f1cap.mini.everyday.outdoors import finish_weather
from f1cap.mini.everyday.parks import PARKS
from f1cap.mini.everyday.rooms import ROOMS
from f1cap.mini.everyday.sports import SPORTS
from f1cap.mini.everyday.streets import STREETS
from f1cap.mini.everyday.travel import TRAVEL
from f1cap.mini.everyday.wild import WILD
from f1cap.mini.scene import Scene

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
