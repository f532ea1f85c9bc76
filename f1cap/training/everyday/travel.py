"""Vehicles, each around the middle of its underside, and scenes of trains, airplanes and boats."""

from collections.abc import Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.everyday.facts import PAINTS
from f1cap.training.everyday.outdoors import (
    cloud,
    draw_sky,
    landscape,
    light_of,
    mountains,
)
from f1cap.training.everyday.people import figure, make_body
from f1cap.training.scene import Drawing, Facts, Light

_TYRE: Color = (40, 40, 46)
_LAMP: Color = (255, 246, 180)


def _tyre(canvas: Canvas, x: float, radius: float) -> None:
    canvas.ellipse((x, -radius), radius, fill=_TYRE)
    canvas.ellipse((x, -radius), radius * 0.5, fill=(176, 180, 188))


def glass_of(facts: Facts) -> Color:
    """Return the colour of window panes: lit from inside at night."""
    return (255, 230, 140) if facts["sky"] == "night" else (186, 222, 242)


def bus(canvas: Canvas, at: Point, length: float, paint: Color, glass: Color) -> None:
    """Draw a city bus, 100 long and about 46 high, that faces right."""
    with canvas.group(at, length / 100):
        canvas.ellipse((0, 0), 52, 3, fill=(0, 0, 0, 80))
        canvas.rect((-50, -47, 100, 41), paint, radius=5)
        canvas.rect((-50, -49, 96, 4), shade(paint, 0.8), radius=2)
        canvas.rect((-50, -19, 100, 3), (250, 250, 250))
        for i in range(5):
            canvas.rect((-46 + i * 15.4, -41, 13, 15), glass, radius=1.6)
            canvas.ellipse((-39.5 + i * 15.4, -30), 2.6, fill=shade(glass, 0.62))
            canvas.rect((-43.5 + i * 15.4, -28.4, 8, 2.5), shade(glass, 0.62))
        canvas.rect((31, -41, 9, 33), shade(glass, 0.85), radius=1)
        canvas.line(((35.5, -41), (35.5, -8)), shade(paint, 0.8), 1)
        canvas.rect((43, -42, 7.6, 20), glass, radius=1.6)
        canvas.rect((24, -46, 22, 4), (40, 40, 46), radius=1)
        canvas.rect((27, -45, 15, 2), (255, 190, 60))
        canvas.rect((47, -14, 4, 4), _LAMP, radius=1)
        for x in (-29, 24):
            canvas.ellipse((x, -8), 9.6, fill=shade(paint, 0.5))
            _tyre(canvas, x, 8)


def car(canvas: Canvas, at: Point, length: float, paint: Color, glass: Color) -> None:
    """Draw a family car, 100 long and about 42 high, that faces right."""
    with canvas.group(at, length / 100):
        canvas.ellipse((0, 0), 52, 3, fill=(0, 0, 0, 80))
        roof = ((-38, -24), (-27, -42), (12, -42), (28, -24))
        canvas.polygon(roof, shade(paint, 0.88))
        canvas.polygon(((-32, -25), (-24, -39), (-8, -39), (-8, -25)), glass)
        canvas.polygon(((-4, -25), (-4, -39), (10, -39), (22, -25)), glass)
        canvas.polygon(
            ((-50, -8), (-49, -22), (-38, -26), (26, -26), (44, -21), (50, -16), (50, -7)), paint
        )
        canvas.rect((-50, -10, 100, 4), shade(paint, 0.7), radius=1.5)
        canvas.line(((-6, -25), (-6, -10)), shade(paint, 0.72), 0.9)
        canvas.rect((-2, -21, 6, 1.6), shade(paint, 0.6), radius=0.7)
        canvas.ellipse((45.5, -17.5), 4, 3, fill=_LAMP)
        canvas.rect((-50, -20, 4, 5), (190, 40, 40), radius=1)
        for x in (-29, 29):
            canvas.ellipse((x, -9), 11, fill=shade(paint, 0.45))
            _tyre(canvas, x, 9.4)


def train(canvas: Canvas, at: Point, height: float, paint: Color, glass: Color) -> None:
    """Draw a passenger train whose front is at `at`, 40 high, with its carriages to the left."""
    with canvas.group(at, height / 40):
        gray = (90, 94, 104)
        canvas.rect((-150, -6, 146, 5), gray)
        for i in range(9):
            for dx in (0, 7):
                canvas.ellipse((-12 - i * 17 + dx, -3), 3.2, fill=(58, 58, 66))
        nose = ((-150, -38), (-22, -38), (-10, -35), (-3, -22), (0, -10), (-3, -5), (-150, -5))
        canvas.polygon(nose, paint)
        canvas.rect((-150, -15, 150, 3.4), (250, 250, 250))
        canvas.polygon(((-16, -34), (-11, -33), (-4.5, -21), (-16, -21)), glass)
        canvas.ellipse((-4, -11), 2, fill=_LAMP)
        for i in range(2):
            left = -66 - i * 62
            for j in range(4):
                canvas.rect((left + 6 + j * 10.4, -33, 8.4, 12), glass, radius=1.2)
            canvas.rect((left - 9, -34, 7, 28), shade(paint, 0.76))
            canvas.rect((left - 14, -38, 1.6, 33), (70, 74, 84))
        canvas.rect((-150, -40, 130, 2.4), (150, 156, 166))


def airplane(  # noqa: PLR0913  a drawing call reads best as one line of keywords
    canvas: Canvas, at: Point, length: float, paint: Color, *, angle: float, gear: bool
) -> None:
    """Draw an airliner, 100 long, that faces right; `gear` lets its wheels down."""
    with canvas.group(at, length / 100, angle=angle):
        body, glass = (244, 246, 250), (70, 110, 160)
        canvas.polygon(((-4, -8), (6, -8), (-12, -29), (-20, -29)), (186, 192, 204))
        if gear:
            for x in (-6, 33):
                canvas.line(((x, 4), (x, 15)), (110, 114, 124), 1.8)
                for dx in (-2.4, 2.4):
                    canvas.ellipse((x + dx, 15), 3, fill=_TYRE)
        canvas.polygon(((-48, -4), (-57, -31), (-45, -31), (-31, -7)), paint)
        canvas.polygon(((-52, -3), (-60, -10), (-51, -11), (-36, -3)), shade(paint, 0.8))
        hull = ((-52, -4), (-38, -9), (30, -9), (44, -6), (50, 0), (43, 6), (28, 8), (-30, 7))
        canvas.polygon(hull, body)
        canvas.polygon(((-50, -1), (50, -1), (49, 2.6), (-42, 2.6)), paint)
        for i in range(11):
            canvas.rect((-31 + i * 6, -5.6, 2.6, 2.6), glass, radius=0.6)
        canvas.polygon(((40, -6.4), (45, -4.4), (46.6, -2.4), (39, -2.4)), glass)
        canvas.polygon(((-8, 2), (12, 2), (-14, 24), (-26, 24)), (206, 212, 222))
        canvas.rect((-9, 10, 14, 6.4), shade(paint, 0.85), radius=3)


def sail_boat(canvas: Canvas, at: Point, height: float, paint: Color) -> None:
    """Draw a sail boat, 100 high, with a coloured sail and hull."""
    with canvas.group(at, height / 100):
        canvas.line(((0, -98), (0, -14)), (120, 84, 54), 2.6)
        canvas.polygon(((3, -96), (3, -22), (42, -22)), paint)
        canvas.polygon(((-3, -88), (-3, -22), (-32, -22)), mix(paint, (255, 255, 255), 0.55))
        canvas.polygon(((-44, -17), (50, -17), (38, 2), (-32, 2)), (250, 250, 250))
        canvas.polygon(((-41, -10), (45.5, -10), (42, -5), (-38, -5)), paint)


def bicycle(canvas: Canvas, at: Point, scale: float, paint: Color, *, flip: bool = False) -> None:
    """Draw a bicycle that fits a person 100 tall in the pose "pedal"."""
    with canvas.group(at, scale, flip=flip):
        for x in (-24, 27):
            canvas.ring((x, -16), 15, _TYRE, 3.4)
            canvas.ring((x, -16), 12.6, (200, 204, 212), 1.2)
            for dx, dy in ((12, 0), (0, 12), (8.5, 8.5), (8.5, -8.5)):
                canvas.line(((x - dx, -16 - dy), (x + dx, -16 + dy)), (190, 194, 202), 0.7)
        frame = ((-24, -16), (-10, -38), (20, -41), (0, -14), (-24, -16))
        canvas.line(frame, paint, 5, caps=True)
        canvas.line(((-10, -38), (0, -14)), paint, 5, caps=True)
        canvas.line(((27, -16), (18, -50), (27, -52)), paint, 5, caps=True)
        canvas.rect((-17, -43, 15, 4.4), _TYRE, radius=2)
        canvas.ellipse((0, -13), 4.6, fill=_TYRE)


def _rails(canvas: Canvas, light: Light, y: float) -> None:
    canvas.rect((0, y - 3, 128, 10), light.lit((168, 156, 144)))
    for i in range(17):
        canvas.rect((i * 8, y + 1, 4, 4), light.lit((104, 78, 58)))
    canvas.rect((0, y - 0.6, 128, 1.8), light.lit((206, 210, 216)))


def _station(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 60)
    canvas.rect((0, 50, 128, 50), light.lit((206, 196, 178)))
    pane = glass_of(facts)
    for i in range(5):
        canvas.rect((5 + i * 26, 58, 14, 22), light.lit((122, 96, 78)), radius=6)
        canvas.rect((7 + i * 26, 60, 10, 19), pane, radius=5)
    canvas.polygon(((-2, 42), (130, 42), (124, 51), (4, 51)), light.lit((104, 112, 128)))
    canvas.rect((44, 34, 40, 9), light.lit((40, 70, 120)), radius=1)
    canvas.text((64, 38.6), "STATION", (255, 255, 255), 7)
    _rails(canvas, light, 101)
    front = (104 + rng.uniform(-6, 16), 102.0)
    train(canvas, front, 38, PAINTS[facts["colour"]], pane)
    canvas.rect((0, 109, 128, 20), light.lit((196, 196, 200)))
    canvas.rect((0, 107.5, 128, 2.4), light.lit((250, 216, 60)))
    for x in (18, 108):
        canvas.rect((x, 44, 2.4, 66), light.lit((84, 92, 110)))
    for x in (30, 52, 90)[: rng.randint(1, 3)]:
        top = rng.choice(((232, 226, 214), (110, 116, 130), (150, 120, 96)))
        body = make_body(rng, rng.choice(("man", "woman")), top)
        pose = rng.choice(("stand", "walk"))
        figure(canvas, (x + rng.uniform(-6, 6), 122), 46, body, pose, flip=rng.random() < 0.5)


def _countryside(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = landscape(canvas, rng, facts)
    _rails(canvas, light, 102)
    front = (112 + rng.uniform(-10, 6), 103.0)
    train(canvas, front, 34, PAINTS[facts["colour"]], glass_of(facts))
    for x in (12, 76):
        canvas.rect((x, 56, 1.8, 44), light.lit((120, 92, 66)))
        canvas.rect((x - 5, 58, 12, 1.6), light.lit((120, 92, 66)))
    canvas.line(((0, 57), (12, 60), (76, 60), (128, 57)), light.lit((60, 60, 70)), 0.7)


def _airborne(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 128)
    for _ in range(4):
        at = (rng.uniform(0, 128), rng.uniform(84, 122))
        cloud(canvas, at, rng.uniform(12, 18), light.lit((250, 252, 255)))
    at = (64 + rng.uniform(-6, 6), 60 + rng.uniform(-6, 6))
    angle = rng.uniform(-20, -6)
    airplane(canvas, at, rng.uniform(92, 102), PAINTS[facts["colour"]], angle=angle, gear=False)


def _runway(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 74)
    canvas.rect((6, 54, 62, 22), light.lit((206, 214, 222)))
    for i in range(7):
        canvas.rect((9 + i * 8.4, 59, 6, 9), glass_of(facts))
    canvas.rect((94, 36, 7, 40), light.lit((196, 200, 210)))
    canvas.polygon(((89, 28), (106, 28), (103, 38), (92, 38)), light.lit((90, 130, 170)))
    canvas.rect((88, 25, 19, 3.4), light.lit((150, 156, 168)))
    canvas.rect((0, 74, 128, 12), light.lit((112, 184, 84)))
    gray = light.lit((128, 132, 140))
    canvas.gradient((0, 84, 128, 45), shade(gray, 0.92), shade(gray, 1.06))
    for i in range(5):
        canvas.rect((i * 30 + 2, 116, 18, 2.4), light.lit((250, 250, 250)))
    at = (62 + rng.uniform(-3, 3), 91 + rng.uniform(-1, 2))
    canvas.ellipse((at[0], at[1] + 16), 48, 3.6, fill=(0, 0, 0, 80))
    airplane(canvas, at, rng.uniform(98, 106), PAINTS[facts["colour"]], angle=0, gear=True)


def _sailing(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 74)
    if facts["place"] == "mountains":
        mountains(canvas, rng, light, 72)
    else:
        x = -4.0
        while x < 128:
            width, height = rng.uniform(9, 14), rng.uniform(14, 40)
            wall = light.lit(rng.choice(((150, 158, 178), (176, 168, 164), (120, 132, 156))))
            canvas.rect((x, 74 - height, width, height), wall)
            for row in range(int(height / 6)):
                for dx in (2, 5.6):
                    canvas.rect((x + dx, 76 - height + row * 6, 2, 3), shade(wall, 0.7))
            x += width
    canvas.gradient((0, 72, 128, 57), light.lit((30, 124, 190)), light.lit((70, 176, 216)))
    for i in range(12):
        x, y = rng.uniform(0, 116), 76 + i * 4.2
        canvas.line(((x, y), (x + 10, y)), light.lit((190, 230, 246)), 0.8)
    at = (64 + rng.uniform(-20, 20), 108 + rng.uniform(-3, 4))
    canvas.ellipse((at[0], at[1] + 3), 42, 4, fill=light_of(facts).lit((20, 96, 160)))
    sail_boat(canvas, at, rng.uniform(82, 92), PAINTS[facts["colour"]])


TRAVEL: Mapping[str, Drawing] = {
    "station": _station,
    "rails": _countryside,
    "airborne": _airborne,
    "runway": _runway,
    "sailing": _sailing,
}
