"""Race tracks: sky, light and weather, four landscapes, barriers, kerbs and tarmac."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, alpha, mix, shade
from f1cap.training.scene import Facts, Light

_WHITE: Color = (255, 255, 255)


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


def light_of(facts: Facts) -> Light:
    """Return the light of a scene; indoors it is white."""
    if "weather" not in facts:
        return _INDOOR
    return _LIGHTS[facts["weather"], facts["time"]]


def draw_sky(canvas: Canvas, rng: Random, facts: Facts, horizon: float) -> None:
    """Fill the image from the top to the horizon with what the weather and the hour show."""
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
            spot = rng.uniform(8, 120), rng.uniform(5, horizon * 0.6)
            _cloud(canvas, spot, rng.uniform(5, 8), (255, 255, 255, 235))
    if weather in {"overcast", "rain"}:
        gray = mix((92, 98, 108) if weather == "rain" else (124, 130, 140), light.top, 0.35)
        for i in range(5):
            spot = 8 + i * 28 + rng.uniform(-6, 6), rng.uniform(3, horizon * 0.5)
            _cloud(canvas, spot, rng.uniform(9, 13), gray)


def draw_weather(canvas: Canvas, rng: Random, facts: Facts) -> None:
    """Lay rain over a finished image."""
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


def puddles(canvas: Canvas, rng: Random, facts: Facts, top: float) -> None:
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


_HORIZON = 46.0
_TARMAC: Color = (104, 108, 118)
_CROWD: tuple[Color, ...] = ((238, 226, 206), (196, 204, 220), (120, 130, 152), (226, 190, 160))


def draw_track(canvas: Canvas, rng: Random, facts: Facts, road: float = 66.0) -> None:
    """Draw sky, landscape and a straight piece of track whose far edge is at `road`."""
    light = light_of(facts)
    draw_sky(canvas, rng, facts, _HORIZON - 12 if facts["place"] == "seaside" else _HORIZON)
    verge = {"desert": (226, 186, 120), "seaside": (150, 196, 120), "city": (150, 152, 156)}
    ground = light.lit(verge.get(facts["place"], (104, 178, 88)))
    canvas.rect((0, _HORIZON, 128, 82), ground)
    _LANDSCAPES[facts["place"]](canvas, rng, light, facts["time"] == "night")
    if facts["time"] == "night":
        for x in (rng.uniform(12, 36), rng.uniform(92, 116)):
            floodlight(canvas, x, _HORIZON - 26, _HORIZON + 4)
    barrier(canvas, light, road - 9)
    _tarmac(canvas, rng, facts, road)


def _tarmac(canvas: Canvas, rng: Random, facts: Facts, top: float) -> None:
    light = light_of(facts)
    gray = light.lit(_TARMAC)
    canvas.gradient((0, top, 128, 129 - top), shade(gray, 0.9), shade(gray, 1.06))
    kerb(canvas, light, top)
    canvas.rect((0, top + 4.2, 128, 0.9), light.lit((244, 244, 240)))
    if facts["time"] == "night":
        canvas.glow((64, top + 26), 80, 30, fill=(255, 246, 214), strength=0.3)
    puddles(canvas, rng, facts, top + 6)


def kerb(canvas: Canvas, light: Light, y: float, height: float = 2.6) -> None:
    """Draw a striped kerb across the image."""
    canvas.rect((0, y, 128, height), light.lit((246, 246, 244)))
    for i in range(8):
        canvas.rect((i * 16, y, 8, height), light.lit((190, 70, 66)))


def barrier(canvas: Canvas, light: Light, y: float) -> None:
    """Draw a white barrier with plain boards and a fence above."""
    for i in range(22):
        canvas.line(((i * 6, y - 5), (i * 6, y)), light.lit((176, 182, 190)), 0.45)
    for dy in (-5, -2.5):
        canvas.line(((0, y + dy), (128, y + dy)), light.lit((196, 202, 208)), 0.4)
    canvas.rect((0, y, 128, 6), light.lit((226, 230, 234)))
    for i in range(6):
        canvas.rect((4 + i * 22, y + 1.5, 14, 3), light.lit((150, 160, 174)), radius=0.6)


def grandstand(
    canvas: Canvas, rng: Random, light: Light, box: tuple[float, float, float, float]
) -> None:
    """Draw a stand full of people."""
    x, y, w, h = box
    canvas.rect(box, light.lit((92, 98, 114)))
    rows = int((h - 6) / 3.4)
    for row in range(rows):
        top = y + 6.5 + row * 3.4
        canvas.rect((x, top + 1.5, w, 1.3), light.lit((140, 146, 160)))
        for i in range(int(w / 3)):
            at = (x + 1.6 + i * 3 + (row % 2) * 1.2, top + rng.uniform(-0.3, 0.4))
            canvas.ellipse(at, 1.05, fill=light.lit(rng.choice(_CROWD)))
    canvas.polygon(
        ((x - 3, y), (x + w + 3, y), (x + w + 1, y + 4), (x - 1, y + 4)),
        light.lit((222, 226, 234)),
    )
    for post in (x + w * 0.2, x + w * 0.8):
        canvas.line(((post, y + 4), (post, y + h)), light.lit((206, 210, 220)), 0.7)


def _city(canvas: Canvas, rng: Random, light: Light, night: bool) -> None:
    x = -4.0
    window = (255, 222, 130) if night else light.lit((176, 206, 228))
    while x < 128:
        width, height = rng.uniform(11, 18), rng.uniform(14, 34)
        wall = light.lit(rng.choice(((136, 146, 166), (166, 160, 158), (112, 124, 148))))
        top = _HORIZON + 6 - height
        canvas.rect((x, top, width, height + 6), wall)
        for row in range(int(height / 5)):
            for column in range(int(width / 4)):
                if rng.random() < 0.72:
                    canvas.rect((x + 1.5 + column * 4, top + 2 + row * 5, 2, 2.6), window)
        x += width + rng.uniform(0, 2)


def _forest(canvas: Canvas, rng: Random, light: Light, night: bool) -> None:
    hill = light.lit((96, 150, 96))
    canvas.blob(((-20, 60), (10, 36), (44, 42), (80, 33), (120, 40), (150, 60)), hill)
    for i in range(19):
        x, height = i * 7 + rng.uniform(-2, 2), rng.uniform(11, 19)
        base = _HORIZON + 11
        color = light.lit(rng.choice(((40, 112, 62), (56, 130, 70), (32, 96, 58))))
        canvas.rect((x - 0.8, base - 3, 1.6, 4), light.lit((110, 78, 52)))
        for part in range(3):
            y = base - 2 - part * height * 0.28
            half = 5.2 - part * 1.3
            canvas.polygon(((x - half, y), (x + half, y), (x, y - height * 0.42)), color)


def _desert(canvas: Canvas, rng: Random, light: Light, night: bool) -> None:
    shift = rng.uniform(-12, 12)
    back = ((-30, 62), (6 + shift, 34), (34 + shift, 42), (72, 31), (108 + shift, 42), (160, 62))
    canvas.blob(back, light.lit((232, 182, 110)))
    front = ((-30, 66), (22 + shift, 45), (60, 52), (100 + shift, 44), (160, 66))
    canvas.blob(front, light.lit((214, 160, 90)))
    for x in (rng.uniform(8, 50), rng.uniform(78, 120)):
        _palm(canvas, light, (x, _HORIZON + 9))


def _palm(canvas: Canvas, light: Light, at: tuple[float, float]) -> None:
    x, y = at
    canvas.curve(((x, y), (x + 1, y - 9), (x + 3, y - 18)), light.lit((128, 88, 52)), 1.8)
    leaf = light.lit((52, 134, 72))
    for dx, dy in ((-8, 2), (-7, -4), (0, -7), (7, -4), (8, 2)):
        tip = (x + 3 + dx, y - 18 + dy)
        canvas.curve(((x + 3, y - 18), (x + 3 + dx * 0.6, y - 20 + dy * 0.5), tip), leaf, 1.8)


def _seaside(canvas: Canvas, rng: Random, light: Light, night: bool) -> None:
    canvas.gradient(
        (0, _HORIZON - 12, 128, 22), light.lit((60, 164, 206)), light.lit((20, 112, 170))
    )
    for _ in range(14):
        x, y = rng.uniform(0, 124), rng.uniform(_HORIZON - 9, _HORIZON + 8)
        canvas.line(((x, y), (x + 5, y)), light.lit((170, 222, 240)), 0.5)
    for _ in range(3):
        x, y = rng.uniform(8, 120), rng.uniform(_HORIZON - 5, _HORIZON + 5)
        canvas.polygon(
            ((x - 5, y), (x + 6, y), (x + 4, y + 2.4), (x - 4, y + 2.4)), (250, 250, 250)
        )
        canvas.polygon(((x + 0.5, y - 12), (x + 0.5, y - 1), (x + 6, y - 1)), (250, 250, 246))
        canvas.polygon(((x - 0.5, y - 10), (x - 0.5, y - 1), (x - 4.5, y - 1)), (222, 230, 236))


_Landscape = Callable[[Canvas, Random, Light, bool], None]
_LANDSCAPES: Mapping[str, _Landscape] = {
    "city": _city,
    "forest": _forest,
    "desert": _desert,
    "seaside": _seaside,
}
