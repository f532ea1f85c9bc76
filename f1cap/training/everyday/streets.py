"""Street scenes, and the streets that buses drive on."""

from collections.abc import Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.everyday.animals import beast
from f1cap.training.everyday.facts import PAINTS
from f1cap.training.everyday.outdoors import draw_sky, shadow, tree
from f1cap.training.everyday.people import figure, make_body
from f1cap.training.everyday.travel import bicycle, bus, car, glass_of
from f1cap.training.scene import Drawing, Facts, Light, count_of

_KERB = 86.0


def _street(canvas: Canvas, rng: Random, facts: Facts, kerb: float = _KERB) -> Light:
    """Draw a street with its houses; the pavement ends and the road begins at `kerb`."""
    light = draw_sky(canvas, rng, facts, 66)
    base = kerb - 12
    canvas.rect((0, 66, 128, base - 65), light.bottom)  # between the houses
    (_city if facts["place"] == "city" else _town)(canvas, rng, light, base, facts["sky"])
    canvas.rect((0, base, 128, 13), light.lit((204, 200, 194)))
    for i in range(7):
        canvas.line(((i * 22, base), (i * 22 - 6, kerb)), light.lit((178, 174, 170)), 0.6)
    road = light.lit((112, 114, 122))
    canvas.gradient((0, kerb, 128, 129 - kerb), shade(road, 0.94), shade(road, 1.05))
    canvas.rect((0, kerb, 128, 2), light.lit((232, 230, 226)))
    for i in range(5):
        canvas.rect((i * 28 + 4, 120, 15, 2), light.lit((246, 238, 190)))
    if facts["sky"] == "rainy":
        for _ in range(3):
            at = (rng.uniform(10, 118), rng.uniform(kerb + 12, 124))
            canvas.ellipse(at, rng.uniform(10, 17), 2.2, fill=(160, 182, 206))
    if facts["sky"] == "night":
        for x in (rng.uniform(6, 30), rng.uniform(98, 122)):
            canvas.rect((x - 0.7, 36, 1.4, base - 30), (70, 74, 92))
            canvas.glow((x, 36), 20, fill=(255, 226, 150), strength=0.75)
            canvas.ellipse((x, 35), 3, fill=(255, 246, 206))
    return light


def _city(canvas: Canvas, rng: Random, light: Light, base: float, sky: str) -> None:
    x = rng.uniform(-8, -2)
    while x < 128:
        width, top = rng.uniform(19, 27), rng.uniform(6, 30)
        wall = rng.choice(((148, 156, 176), (176, 168, 162), (120, 132, 156), (190, 178, 160)))
        canvas.rect((x, top, width, base - top), light.lit(wall))
        pane = (255, 224, 130) if sky == "night" else light.lit(mix(wall, (60, 80, 110), 0.55))
        for row in range(int((base - top - 6) / 8)):
            for column in range(int(width / 6)):
                if sky != "night" or rng.random() < 0.6:
                    canvas.rect((x + 2 + column * 6, top + 4 + row * 8, 3.4, 4.6), pane)
        x += width + rng.choice((0.6, 0.6, 3))


def _town(canvas: Canvas, rng: Random, light: Light, base: float, sky: str) -> None:
    x = rng.uniform(-16, -4)
    pane = (255, 224, 130) if sky == "night" else light.lit((150, 196, 222))
    while x < 128:
        width, wall_top = rng.uniform(30, 36), base - rng.uniform(23, 28)
        wall = rng.choice(((246, 232, 206), (226, 232, 236), (236, 206, 176), (206, 220, 206)))
        canvas.rect((x, wall_top, width, base - wall_top), light.lit(wall))
        roof = light.lit(rng.choice(((150, 84, 66), (118, 92, 84), (108, 112, 126))))
        peak = wall_top - rng.uniform(13, 18)
        canvas.polygon(
            ((x - 3, wall_top + 1), (x + width / 2, peak), (x + width + 3, wall_top + 1)), roof
        )
        canvas.rect((x + width / 2 - 3.4, base - 13, 6.8, 13), light.lit((120, 84, 60)), radius=1)
        for dx in (4, width - 11):
            canvas.rect((x + dx, wall_top + 6, 7, 8), pane)
            canvas.rect((x + dx + 3.1, wall_top + 6, 0.8, 8), light.lit((250, 250, 250)))
        x += width + 5
        tree(canvas, (x + 2, base + 1), rng.uniform(26, 34), light)
        x += 9


def _bicycle(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _street(canvas, rng, facts, 80)
    paint = PAINTS[facts["colour"]]
    at, flip = (64 + rng.uniform(-12, 12), 116 + rng.uniform(-3, 3)), rng.random() < 0.5
    scale = rng.uniform(0.74, 0.82)
    child = facts["subject"] in {"boy", "girl"}
    scale *= 0.82 if child else 1
    body = make_body(rng, facts["subject"], rng.choice(((240, 240, 238), (90, 96, 112))))
    shadow(canvas, at, 42 * scale)
    bicycle(canvas, at, scale, paint, flip=flip)
    figure(canvas, at, scale * 100 / body.size, body, "pedal", flip=flip)


def _crossing(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = _street(canvas, rng, facts, 74)
    white = light.lit((250, 250, 250))
    for i in range(6):
        x = i * 24 - 4
        canvas.polygon(((x + 4, 88), (x + 15, 88), (x + 12, 122), (x - 2, 122)), white)
    count = count_of(facts)
    flip = rng.random() < 0.5
    xs = ((64,), (42, 86), (26, 64, 102))[count - 1]
    for x in xs:
        at = (x + rng.uniform(-4, 4), 112 + rng.uniform(-4, 4))
        shadow(canvas, at, 14)
        body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
        figure(canvas, at, rng.uniform(70, 76), body, "walk", flip=flip)


def umbrella(canvas: Canvas, at: Point, radius: float, paint: Color, pole: float) -> None:
    """Draw an open umbrella with the middle of its rim at `at`."""
    with canvas.group(at, radius / 10):
        canvas.line(((0, -8), (0, pole)), (90, 70, 56), 0.8)
        dome = ((-10, 0), (-8.6, -5), (-5, -8.4), (0, -9.6), (5, -8.4), (8.6, -5), (10, 0))
        rim = ((6.6, -1.6), (3.4, 0), (0, -1.6), (-3.4, 0), (-6.6, -1.6))
        canvas.polygon((*dome, *rim), paint)
        light = mix(paint, (255, 255, 255), 0.28)
        canvas.polygon(((-3.4, 0), (-2.6, -6), (0, -9.6), (2.6, -6), (3.4, 0), (0, -1.6)), light)
        canvas.line(((0, -9.6), (0, -11)), (90, 70, 56), 0.8)


def _umbrella(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _street(canvas, rng, facts, 114)
    at = (64 + rng.uniform(-18, 18), 110.0)
    coat = rng.choice(((96, 104, 122), (206, 196, 176), (128, 96, 80)))
    body = make_body(rng, facts["subject"], coat)
    shadow(canvas, at, 15)
    height = rng.uniform(80, 86)
    hand = figure(canvas, at, height, body, "hold_up")
    top = at[1] - height * body.size * (1.14 if body.child else 1.05)
    paint = PAINTS[facts["colour"]]
    scale = 2.6
    umbrella(canvas, (hand[0] - 6, top + 4), scale * 10, paint, (hand[1] - top) / scale)


def _leash(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _street(canvas, rng, facts, 106)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    at = (64 - side * rng.uniform(22, 28), 104.0)
    body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
    shadow(canvas, at, 14)
    hand = figure(canvas, at, rng.uniform(78, 84), body, "lead", flip=flip)
    dog = (64 + side * rng.uniform(22, 28), 104.0)
    shadow(canvas, dog, 17)
    coat = PAINTS[rng.choice(("brown", "white", "black"))]
    beast(canvas, "dog", dog, 40, coat, flip=flip)
    canvas.line((hand, (dog[0] + side * 11, dog[1] - 23)), (150, 60, 50), 1.1)


def _parked(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _street(canvas, rng, facts, 92)
    at = (64 + rng.uniform(-8, 8), 108 + rng.uniform(-1, 4))
    car(canvas, at, rng.uniform(84, 98), PAINTS[facts["colour"]], glass_of(facts))


def _hydrant(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _street(canvas, rng, facts, 116)
    paint = PAINTS[facts["colour"]]
    dark = shade(paint, 0.78)
    with canvas.group((64 + rng.uniform(-24, 24), 112), rng.uniform(0.58, 0.68)):
        canvas.ellipse((0, 0), 26, 4, fill=(0, 0, 0, 70))
        canvas.rect((-19, -8, 38, 8), dark, radius=2)
        canvas.rect((-14, -62, 28, 56), paint, radius=3)
        canvas.rect((-9, -62, 6, 54), mix(paint, (255, 255, 255), 0.3))
        for x in (-25, 14):
            canvas.rect((x, -48, 11, 12), dark, radius=3)
        canvas.ellipse((0, -36), 9, fill=dark)
        canvas.ellipse((0, -36), 5, fill=(220, 222, 228))
        canvas.rect((-19, -66, 38, 7), dark, radius=3)
        canvas.ellipse((0, -68), 14, 13, fill=paint)
        canvas.rect((-19, -67, 38, 6), dark, radius=3)
        canvas.rect((-4, -86, 8, 8), dark, radius=2)


def _driving(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _street(canvas, rng, facts, 84)
    at = (64 + rng.uniform(-7, 7), 112 + rng.uniform(-3, 3))
    bus(canvas, at, rng.uniform(98, 108), PAINTS[facts["colour"]], glass_of(facts))
    for dy in (-30, -22, -14):
        canvas.line(((at[0] - 60, at[1] + dy), (at[0] - 53, at[1] + dy)), (236, 240, 246), 1)


def _bus_stop(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = _street(canvas, rng, facts, 80)
    bus(canvas, (50 + rng.uniform(-2, 2), 100), 96, PAINTS[facts["colour"]], glass_of(facts))
    canvas.rect((0, 106, 128, 22), light.lit((206, 202, 196)))
    canvas.rect((0, 104.5, 128, 2), light.lit((236, 234, 230)))
    canvas.rect((118, 56, 2, 62), (110, 114, 124))
    canvas.rect((111, 50, 16, 14), (40, 92, 190), radius=2)
    canvas.text((119, 57), "BUS", (255, 255, 255), 6.5)
    for x in (84, 104)[: rng.randint(1, 2)]:
        top = rng.choice(((232, 226, 214), (110, 116, 130)))
        body = make_body(rng, rng.choice(("man", "woman")), top)
        figure(canvas, (x, 122), 46, body, "walk", flip=True)


STREETS: Mapping[str, Drawing] = {
    "bicycle": _bicycle,
    "crossing": _crossing,
    "umbrella": _umbrella,
    "leash": _leash,
    "parked": _parked,
    "hydrant": _hydrant,
    "driving": _driving,
    "busstop": _bus_stop,
}
