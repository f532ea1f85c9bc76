"""Skies, light and landscapes of everyday scenes."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, alpha, shade
from f1cap.training.scene import Facts, Light

HORIZON = 54.0


_LIGHTS: Mapping[str, Light] = {
    "sunny": Light((52, 148, 236), (176, 220, 250), (255, 244, 200), 0.03),
    "cloudy": Light((164, 174, 186), (214, 218, 222), (170, 176, 186), 0.16),
    "rainy": Light((92, 104, 122), (140, 150, 164), (96, 110, 132), 0.3),
    "sunset": Light((130, 84, 160), (255, 176, 88), (255, 150, 80), 0.2),
    "night": Light((10, 14, 44), (36, 44, 92), (16, 24, 70), 0.46),
}


def light_of(facts: Facts) -> Light:
    """Return the light of a scene."""
    return _LIGHTS[facts["sky"]]


def draw_sky(canvas: Canvas, rng: Random, facts: Facts, low: float = HORIZON) -> Light:
    """Draw the sky from the top down to `low`, and return its light."""
    light = light_of(facts)
    canvas.gradient((0, 0, 128, low + 1), light.top, light.bottom)
    _FILLINGS[facts["sky"]](canvas, rng, low)
    return light


def _sun(canvas: Canvas, rng: Random, low: float) -> None:
    x = rng.choice((rng.uniform(10, 34), rng.uniform(94, 118)))
    y = rng.uniform(10, 16)
    canvas.glow((x, y), 20, fill=(255, 246, 190), strength=0.8)
    canvas.ellipse((x, y), 7.5, fill=(255, 232, 90))
    for _ in range(2):
        cloud(canvas, (rng.uniform(20, 108), rng.uniform(8, low * 0.6)), 7, (255, 255, 255))


def _overcast(canvas: Canvas, rng: Random, low: float) -> None:
    for i in range(7):
        gray = rng.choice(((140, 150, 164), (184, 192, 202), (232, 236, 240)))
        cloud(canvas, (i * 20 + rng.uniform(-6, 6), rng.uniform(4, low * 0.5)), 12, gray)


def _storm(canvas: Canvas, rng: Random, low: float) -> None:
    for i in range(7):
        gray = rng.choice(((70, 80, 98), (84, 96, 114)))
        cloud(canvas, (i * 20 + rng.uniform(-6, 6), rng.uniform(2, low * 0.3)), 12, gray)


def _low_sun(canvas: Canvas, rng: Random, low: float) -> None:
    x = rng.uniform(20, 108)
    canvas.glow((x, low - 8), 40, 30, fill=(255, 240, 150), strength=0.8)
    canvas.ellipse((x, low - 8), 10, fill=(255, 222, 110))
    for _ in range(3):
        at = (rng.uniform(0, 128), rng.uniform(6, low * 0.6))
        canvas.ellipse(at, rng.uniform(14, 24), 1.8, fill=(240, 128, 128))


def _stars(canvas: Canvas, rng: Random, low: float) -> None:
    for _ in range(24):
        at = (rng.uniform(0, 128), rng.uniform(0, low))
        canvas.ellipse(at, rng.uniform(0.5, 0.9), fill=(240, 240, 220))
    x = rng.uniform(12, 116)
    canvas.ellipse((x, 13), 7, fill=(250, 246, 214))
    canvas.ellipse((x + 3.4, 11.4), 6, fill=(12, 16, 48))


_FILLINGS: Mapping[str, Callable[[Canvas, Random, float], None]] = {
    "sunny": _sun,
    "cloudy": _overcast,
    "rainy": _storm,
    "sunset": _low_sun,
    "night": _stars,
}


def cloud(canvas: Canvas, at: Point, size: float, color: Color) -> None:
    """Draw one cloud."""
    x, y = at
    for dx, dy, r in ((-1, 0.15, 0.7), (0, -0.15, 0.9), (1, 0.15, 0.65)):
        canvas.ellipse((x + dx * size, y + dy * size), r * size * 1.1, r * size * 0.6, fill=color)


def finish_weather(canvas: Canvas, rng: Random, facts: Facts) -> None:
    """Draw what lies in front of everything: rain."""
    if facts.get("sky") != "rainy":
        return
    for _ in range(46):
        x, y = rng.uniform(-4, 132), rng.uniform(-6, 124)
        canvas.line(((x, y), (x - 2, y + 8)), (214, 228, 246), 0.7)


def tree(canvas: Canvas, at: Point, size: float, light: Light) -> None:
    """Draw a leafy tree `size` tall whose trunk stands on `at`."""
    x, y = at
    canvas.rect(
        (x - size * 0.06, y - size * 0.45, size * 0.12, size * 0.45), light.lit((112, 78, 50))
    )
    leaf = light.lit((46, 122, 58))
    for dx, dy, r in ((-0.22, 0.5, 0.24), (0.22, 0.5, 0.24), (0, 0.74, 0.27)):
        canvas.ellipse((x + dx * size, y - dy * size), r * size, fill=leaf)
    canvas.ellipse((x - 0.06 * size, y - 0.78 * size), 0.16 * size, fill=shade(leaf, 1.12))


def landscape(canvas: Canvas, rng: Random, facts: Facts) -> Light:
    """Draw sky, the scene's place and a meadow below the horizon."""
    light = draw_sky(canvas, rng, facts)
    ground = (214, 184, 112) if facts.get("place") == "savanna" else (108, 186, 78)
    green = light.lit(ground)
    canvas.gradient((0, HORIZON, 128, 129 - HORIZON), shade(green, 0.92), shade(green, 1.05))
    _PLACES[facts["place"]](canvas, rng, light)
    blade = shade(green, 0.82)
    for _ in range(16):
        x, y = rng.uniform(0, 128), rng.uniform(HORIZON + 14, 126)
        canvas.line(((x - 1.4, y - 2.6), (x, y), (x + 1.6, y - 2.4)), blade, 0.7)
    return light


def _trees(canvas: Canvas, rng: Random, light: Light) -> None:
    for i in range(7):
        x = i * 20 + rng.uniform(-5, 5)
        tree(canvas, (x, HORIZON + 5 + rng.uniform(-1, 3)), rng.uniform(24, 36), light)


def _lake(canvas: Canvas, rng: Random, light: Light) -> None:
    canvas.blob(((-30, 55), (30, 44), (80, 50), (130, 43), (160, 55)), light.lit((84, 150, 78)))
    canvas.rect((0, HORIZON - 3, 128, 17), light.lit((60, 152, 216)))
    for _ in range(9):
        x, y = rng.uniform(0, 120), rng.uniform(HORIZON - 1, HORIZON + 12)
        canvas.line(((x, y), (x + 9, y)), light.lit((176, 220, 244)), 0.7)
    tree(canvas, (rng.choice((10.0, 118.0)), HORIZON + 17), 34, light)


def mountains(canvas: Canvas, rng: Random, light: Light, base: float = HORIZON) -> None:
    """Draw a range of mountains with snow on their peaks."""
    for i in range(4):
        x, height = i * 38 + rng.uniform(-8, 8), rng.uniform(26, 40)
        rock = light.lit(rng.choice(((112, 122, 146), (130, 136, 156))))
        canvas.polygon(((x - 30, base + 1), (x, base - height), (x + 30, base + 1)), rock)
        canvas.polygon(
            (
                (x, base - height),
                (x + 10, base - height * 0.67),
                (x + 3, base - height * 0.74),
                (x - 2, base - height * 0.6),
                (x - 10, base - height * 0.67),
            ),
            light.lit((248, 250, 255)),
        )


def _fence(canvas: Canvas, rng: Random, light: Light) -> None:
    canvas.blob(((-30, 62), (20, 47), (70, 52), (120, 44), (160, 62)), light.lit((132, 198, 96)))
    canvas.rect((0, HORIZON + 4, 128, 76), light.lit((108, 186, 78)))
    wood = light.lit((176, 128, 78))
    shift = rng.uniform(0, 14)
    for i in range(-1, 8):
        canvas.rect((i * 18 + shift, HORIZON - 2, 3.4, 24), shade(wood, 0.86))
    for dy in (2, 10):
        canvas.rect((0, HORIZON + dy, 128, 3.2), wood)


def _savanna(canvas: Canvas, rng: Random, light: Light) -> None:
    canvas.blob(((-30, 56), (20, 48), (70, 52), (120, 46), (160, 56)), light.lit((190, 164, 110)))
    for x in (rng.uniform(6, 40), rng.uniform(88, 122)):
        trunk = light.lit((104, 76, 50))
        canvas.line(((x, 60), (x + 1, 46), (x - 6, 38)), trunk, 1.8)
        canvas.line(((x + 1, 48), (x + 8, 38)), trunk, 1.4)
        canvas.ellipse((x, 36), 17, 4.6, fill=light.lit((110, 134, 60)))


_PLACES: Mapping[str, Callable[[Canvas, Random, Light], None]] = {
    "trees": _trees,
    "lake": _lake,
    "mountains": mountains,
    "fence": _fence,
    "savanna": _savanna,
}


def shadow(canvas: Canvas, at: Point, rx: float, ry: float = 2.2) -> None:
    """Draw the shadow of what stands on `at`."""
    canvas.ellipse(at, rx, ry, fill=alpha((0, 0, 0), 0.25))
