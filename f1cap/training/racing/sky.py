"""Sky, light and weather: what makes a scene sunny, grey, wet, dusky or dark."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from f1cap.training.canvas import Canvas, Color, alpha, mix

_WHITE: Color = (255, 255, 255)


@dataclass(frozen=True)
class Light:
    """Colours of the sky, and how far the light tints the world below."""

    top: Color
    bottom: Color
    ambient: Color
    tint: float

    def lit(self, color: Color) -> Color:
        """Return a colour of the surroundings as it looks in this light."""
        return mix(color, self.ambient, self.tint)


_INDOOR = Light((60, 70, 90), (60, 70, 90), (255, 255, 255), 0.0)
_LIGHTS: Mapping[tuple[str, str], Light] = {
    ("sunny", "day"): Light((64, 150, 240), (196, 230, 252), (255, 240, 200), 0.06),
    ("overcast", "day"): Light((150, 158, 168), (206, 210, 214), (150, 156, 164), 0.18),
    ("rain", "day"): Light((108, 122, 140), (166, 178, 190), (104, 120, 140), 0.34),
    ("clear", "dusk"): Light((92, 66, 150), (255, 158, 84), (255, 138, 84), 0.3),
    ("rain", "dusk"): Light((96, 76, 116), (214, 140, 116), (150, 104, 112), 0.42),
    ("clear", "night"): Light((12, 18, 56), (44, 58, 120), (34, 44, 104), 0.46),
    ("rain", "night"): Light((20, 28, 52), (54, 68, 98), (40, 54, 86), 0.5),
}


def light_of(facts: Mapping[str, str]) -> Light:
    """Return the light of a scene; indoors it is white."""
    if "weather" not in facts:
        return _INDOOR
    return _LIGHTS[facts["weather"], facts["time"]]


def draw_sky(canvas: Canvas, rng: Random, facts: Mapping[str, str], horizon: float) -> None:
    """Fill the picture from the top to the horizon with what the weather and the hour show."""
    light = light_of(facts)
    canvas.gradient((0, 0, 128, horizon + 1), light.top, light.bottom)
    weather, time = facts["weather"], facts["time"]
    if time == "night" and weather == "clear":
        _stars(canvas, rng, horizon)
    elif time == "dusk" and weather == "clear":
        _low_sun(canvas, rng, horizon)
    elif weather == "sunny":
        _sun(canvas, rng)
        for _ in range(2):
            place = rng.uniform(8, 120), rng.uniform(5, horizon * 0.6)
            _cloud(canvas, place, rng.uniform(5, 8), (255, 255, 255, 235))
    if weather in {"overcast", "rain"}:
        gray = mix((92, 98, 108) if weather == "rain" else (124, 130, 140), light.top, 0.35)
        for i in range(5):
            place = 8 + i * 28 + rng.uniform(-6, 6), rng.uniform(3, horizon * 0.5)
            _cloud(canvas, place, rng.uniform(9, 13), gray)


def draw_weather(canvas: Canvas, rng: Random, facts: Mapping[str, str]) -> None:
    """Lay rain over a finished picture."""
    if facts.get("weather") != "rain":
        return
    canvas.veil((176, 192, 214), 0.1)
    slant = rng.choice((-3.0, 3.0))
    # One drop in each cell of a grid: drops drawn anywhere gather in patches.
    for cell in range(100):
        x = (cell % 10 + rng.random()) * 13.4 - 4
        y = (cell // 10 + rng.random()) * 13.4 - 8
        length = rng.uniform(0.8, 1.4)
        line = ((x, y), (x + slant * length, y + 8 * length))
        canvas.line(line, (224, 236, 250, 150), 0.55)


def puddles(canvas: Canvas, rng: Random, facts: Mapping[str, str], top: float) -> None:
    """Make the ground below `top` wet, if it rains."""
    if facts.get("weather") != "rain":
        return
    shine = mix(light_of(facts).bottom, _WHITE, 0.25)
    for _ in range(5):
        at = rng.uniform(6, 122), rng.uniform(top + 2, 126)
        canvas.ellipse(at, rng.uniform(8, 16), rng.uniform(1.0, 2.2), fill=alpha(shine, 0.42))


def floodlight(canvas: Canvas, x: float, top: float, bottom: float) -> None:
    """Draw a lit mast."""
    canvas.line(((x, top), (x, bottom)), (120, 126, 140), 0.9)
    canvas.rect((x - 4, top - 2, 8, 3), (255, 250, 220), radius=0.8)
    canvas.glow((x, top), 15, fill=(255, 246, 200), strength=0.75)


def _sun(canvas: Canvas, rng: Random) -> None:
    at = (rng.choice((rng.uniform(10, 34), rng.uniform(94, 118))), rng.uniform(9, 14))
    canvas.glow(at, 20, fill=(255, 250, 210), strength=0.85)
    canvas.ellipse(at, 6.5, fill=(255, 236, 110))


def _low_sun(canvas: Canvas, rng: Random, horizon: float) -> None:
    at = (rng.uniform(20, 108), horizon - rng.uniform(4, 9))
    canvas.glow(at, 34, 24, fill=(255, 214, 120), strength=0.8)
    canvas.ellipse(at, 7.5, fill=(255, 226, 130))
    for _ in range(3):
        x, y = rng.uniform(0, 110), rng.uniform(5, horizon * 0.7)
        canvas.ellipse((x, y), rng.uniform(12, 22), 1.1, fill=(255, 190, 150, 120))


def _stars(canvas: Canvas, rng: Random, horizon: float) -> None:
    for _ in range(34):
        at = rng.uniform(0, 128), rng.uniform(0, horizon)
        canvas.ellipse(at, rng.choice((0.45, 0.45, 0.8)), fill=(255, 255, 240))
    moon = (rng.choice((rng.uniform(12, 34), rng.uniform(94, 116))), rng.uniform(8, 12))
    canvas.glow(moon, 12, fill=(220, 226, 255), strength=0.5)
    canvas.ellipse(moon, 5, fill=(244, 242, 220))
    canvas.ellipse((moon[0] + 2.2, moon[1] - 1.2), 4.2, fill=mix((12, 18, 56), (44, 58, 120), 0.3))


def _cloud(canvas: Canvas, at: tuple[float, float], size: float, fill: Color) -> None:
    x, y = at
    for dx, dy, rx in ((-0.9, 0.12, 0.75), (0, -0.12, 0.95), (0.95, 0.14, 0.7)):
        canvas.ellipse((x + dx * size, y + dy * size), rx * size, rx * size * 0.52, fill=fill)
