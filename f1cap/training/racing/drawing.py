"""Draws a racing scene: the one place that knows which theme is drawn by which function."""

from collections.abc import Callable, Mapping
from random import Random

from PIL import Image

from f1cap.training.canvas import Canvas
from f1cap.training.racing.drivers import draw_drivers
from f1cap.training.racing.facts import CARS, DRIVERS, PITS, STRATEGY, TEAMS, Team
from f1cap.training.racing.moments import draw_moment
from f1cap.training.racing.pits import draw_pits
from f1cap.training.racing.sky import draw_weather
from f1cap.training.racing.strategy import draw_strategy
from f1cap.training.scene import Scene

_THEMES: Mapping[str, Callable[[Canvas, Random, Mapping[str, str], Team], None]] = {
    DRIVERS: draw_drivers,
    PITS: draw_pits,
    CARS: draw_moment,
    STRATEGY: draw_strategy,
}


def render(scene: Scene, size: int) -> Image.Image:
    """Return the picture of a scene, `size` pixels wide and high, always the same one."""
    canvas = Canvas(size)
    rng = Random(f"drawing {scene.seed}")
    _THEMES[scene.theme](canvas, rng, scene.facts, TEAMS[scene.facts["team"]])
    draw_weather(canvas, rng, scene.facts)
    return canvas.picture()
