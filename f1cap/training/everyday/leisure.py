"""Scenes in a park and at the sea."""

from collections.abc import Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.everyday.animals import beast
from f1cap.training.everyday.facts import PAINTS
from f1cap.training.everyday.outdoors import draw_sky, landscape, shadow
from f1cap.training.everyday.people import Body, figure, make_body
from f1cap.training.everyday.streets import umbrella
from f1cap.training.scene import Drawing, Facts, Light, count_of

_NEUTRAL: tuple[Color, ...] = ((240, 238, 232), (92, 98, 116), (190, 178, 160))


def _kite(canvas: Canvas, rng: Random, facts: Facts) -> None:
    landscape(canvas, rng, facts)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    at = (64 - side * rng.uniform(22, 30), 116 + rng.uniform(-3, 3))
    shadow(canvas, at, 14)
    body = make_body(rng, facts["subject"], rng.choice(_NEUTRAL))
    hand = figure(canvas, at, rng.uniform(66, 72), body, "string", flip=flip)
    kite = (64 + side * rng.uniform(26, 34), rng.uniform(24, 32))
    canvas.curve(
        (hand, ((hand[0] + kite[0]) / 2, (hand[1] + kite[1]) / 2 + 7), kite), (250, 250, 250), 0.8
    )
    paint = PAINTS[facts["colour"]]
    with canvas.group(kite, 1.35, angle=side * rng.uniform(16, 30)):
        canvas.polygon(((0, -15), (11, -3), (0, 15), (-11, -3)), paint)
        canvas.polygon(((0, -15), (11, -3), (0, -3)), mix(paint, (255, 255, 255), 0.4))
        canvas.polygon(((0, 15), (-11, -3), (0, -3)), shade(paint, 0.78))
        canvas.curve(((0, 15), (-4, 20), (3, 25), (-3, 31)), paint, 1.2)
        for x, y in ((-3, 20), (2, 25.5), (-3, 31)):
            canvas.polygon(((x - 3, y - 2), (x + 3, y + 2), (x + 3, y - 2), (x - 3, y + 2)), paint)


def _disc(canvas: Canvas, at: Point, radius: float, paint: Color, angle: float) -> None:
    """Draw a frisbee in flight."""
    with canvas.group(at, radius / 10, angle=angle):
        canvas.ellipse((0, 1.4), 10, 4.2, fill=shade(paint, 0.7))
        canvas.ellipse((0, 0), 10, 3.8, fill=paint)
        canvas.ellipse((0, -0.3), 6, 2, fill=mix(paint, (255, 255, 255), 0.4))


def _frisbee(canvas: Canvas, rng: Random, facts: Facts) -> None:
    landscape(canvas, rng, facts)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    at = (64 - side * rng.uniform(16, 24), 118 + rng.uniform(-3, 2))
    shadow(canvas, at, 16)
    body = make_body(rng, facts["subject"], rng.choice(_NEUTRAL))
    hand = figure(canvas, at, rng.uniform(80, 86), body, "throw", flip=flip)
    spot = (hand[0] + side * rng.uniform(20, 26), hand[1] - rng.uniform(4, 12))
    _disc(canvas, spot, 12, PAINTS[facts["colour"]], side * rng.uniform(-16, -4))
    for dy in (-2, 2):
        canvas.line(
            ((spot[0] - side * 22, spot[1] + dy), (spot[0] - side * 15, spot[1] + dy)),
            (250, 250, 250),
            0.8,
        )


def _catching(canvas: Canvas, rng: Random, facts: Facts) -> None:
    landscape(canvas, rng, facts)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    x = 64 - side * rng.uniform(6, 12)
    shadow(canvas, (x, 119), 26, 3)
    coat = PAINTS[rng.choice(("brown", "black", "white"))]
    with canvas.group((x, 102 + rng.uniform(-4, 3)), 0.7, flip=flip, angle=-22):
        beast(canvas, "dog", (0, 0), 100, coat, "run")
        _disc(canvas, (66, -68), 17, PAINTS[facts["colour"]], 8)


def _bench(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = landscape(canvas, rng, facts)
    canvas.rect((0, 112, 128, 16), light.lit((222, 206, 170)))
    wood = light.lit((168, 110, 58))
    iron = light.lit((60, 62, 70))
    for dy in (0, 7, 14):
        canvas.rect((10, 64 + dy, 108, 4.6), wood, radius=1)
    for post in (14, 62, 110):
        canvas.rect((post, 62, 3, 54), iron)
    count = count_of(facts)
    xs = ((64 + rng.uniform(-20, 20),), (42, 86), (30, 64, 98))[count - 1]
    canvas.rect((8, 88, 112, 5), shade(wood, 1.12), radius=1)
    height = 74.0
    for x in xs:
        body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
        at = (x + rng.uniform(-3, 3), 92 + 31 * height * body.size / 100)
        figure(canvas, at, height, body, "sit_front")


_SUITS: tuple[Color, ...] = ((52, 54, 66), (70, 74, 92), (236, 236, 232))


def _sea(canvas: Canvas, rng: Random, light: Light, top: float, low: float) -> None:
    near, far = light.lit((40, 160, 208)), light.lit((18, 108, 178))
    canvas.gradient((0, top, 128, low - top), far, near)
    for _ in range(14):
        x, y = rng.uniform(-4, 122), rng.uniform(top + 2, low - 2)
        canvas.line(((x, y), (x + 7, y)), light.lit((150, 216, 240)), 0.6)


def _beach(canvas: Canvas, rng: Random, facts: Facts) -> Light:
    light = draw_sky(canvas, rng, facts, 46)
    _sea(canvas, rng, light, 44, 78)
    canvas.rect((0, 74, 128, 54), light.lit((240, 216, 160)))
    foam = tuple((i * 16 - 6, 75 + rng.uniform(-2.4, 2.4)) for i in range(10))
    canvas.curve(foam, light.lit((252, 254, 255)), 3)
    for _ in range(12):
        at = (rng.uniform(0, 128), rng.uniform(82, 126))
        canvas.ellipse(at, 1.1, 0.6, fill=light.lit((206, 178, 120)))
    return light


def _bather(rng: Random, facts: Facts) -> Body:
    return make_body(rng, facts["subject"], rng.choice(_SUITS), bare=True)


def _surfboard(canvas: Canvas, at: Point, length: float, paint: Color, angle: float) -> None:
    """Draw a surfboard from its broad side, its nose to the right."""
    with canvas.group(at, length / 100, angle=angle):
        canvas.blob(((-50, 0), (-36, -10), (20, -10.5), (50, 0), (20, 10.5), (-36, 10)), paint)
        canvas.line(((-48, 0), (48, 0)), mix(paint, (255, 255, 255), 0.75), 3)


def _surfing(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 44)
    _sea(canvas, rng, light, 42, 129)
    flip = rng.random() < 0.5
    foam = light.lit((250, 253, 255))
    with canvas.group((64, rng.uniform(-3, 3)), flip=flip):
        wave = (
            (-70, 34),
            (-50, 36),
            (-34, 50),
            (-22, 76),
            (0, 96),
            (34, 104),
            (70, 108),
            (70, 132),
            (-70, 132),
        )
        canvas.polygon(wave, light.lit((30, 136, 190)))
        canvas.curve(((-60, 48), (-40, 70), (-20, 94), (20, 108)), light.lit((88, 190, 222)), 3)
        canvas.curve(((-66, 66), (-44, 90), (-20, 110), (20, 120)), light.lit((88, 190, 222)), 2.4)
        for x, y, r in ((-62, 38, 10), (-50, 38, 9), (-40, 46, 8), (-33, 55, 7), (-28, 66, 6)):
            canvas.ellipse((x, y), r, r * 0.8, fill=foam)
        for i in range(8):
            spot = (-60 + i * 17, 121 + rng.uniform(-3, 3))
            canvas.ellipse(spot, rng.uniform(9, 13), 4, fill=foam)
    side = -1 if flip else 1
    at = (64 + side * rng.uniform(0, 12), 99 + rng.uniform(-3, 3))
    paint = PAINTS[facts["colour"]]
    body = _bather(rng, facts)
    with canvas.group(at, flip=flip, angle=10):
        canvas.ellipse((-38, 6), 16, 6, fill=foam)
        _surfboard(canvas, (2, 1), 84, paint, -4)
        figure(canvas, (0, 0), 82, body, "surf")
        canvas.ellipse((-26, 9), 14, 3.6, fill=foam)


def _carrying(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _beach(canvas, rng, facts)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    at = (64 + rng.uniform(-12, 12), 116 + rng.uniform(-3, 3))
    shadow(canvas, at, 17)
    body = _bather(rng, facts)
    height = rng.uniform(84, 90)
    figure(canvas, at, height, body, "walk", flip=flip)
    board = (at[0] + side * 2, at[1] - height * 0.52)
    _surfboard(canvas, board, 84, PAINTS[facts["colour"]], side * -8)
    skin = body.head.skin
    shoulder = (at[0] + side * 2, at[1] - height * 0.68)
    canvas.line((shoulder, (at[0] + side * 8, at[1] - height * 0.54)), skin, 6, caps=True)
    canvas.ellipse((at[0] + side * 9, at[1] - height * 0.49), 3.6, fill=skin)


def _parasol(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _beach(canvas, rng, facts)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    pole = 64 - side * rng.uniform(6, 12)
    canvas.ellipse((pole + 6, 117), 44, 7, fill=(0, 0, 0, 44))
    umbrella(canvas, (pole, 52), 46, PAINTS[facts["colour"]], 13.6)
    body = _bather(rng, facts)
    towel = ((20, 112), (108, 112), (114, 120), (14, 120))
    canvas.polygon(towel, (246, 246, 240))
    canvas.polygon(((20, 113.6), (108, 113.6), (109, 115.4), (18, 115.4)), (120, 190, 214))
    figure(canvas, (pole + side * 9, 117), 92, body, "floor", flip=flip)


def _sand_castle(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = _beach(canvas, rng, facts)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    sand = light.lit((214, 170, 100))
    middle = 64 + side * rng.uniform(24, 28)
    with canvas.group((middle, 116), 1.15):
        canvas.ellipse((0, 0), 34, 5, fill=shade(sand, 0.9))
        for x, width, height in ((-22, 13, 26), (-9, 18, 38), (9, 13, 28)):
            canvas.rect((x, -height, width, height), sand)
            canvas.rect((x, -height, 3, height), shade(sand, 1.2))
            for k in range(3):
                canvas.rect((x + k * (width - 3) / 2, -height - 3.4, 3, 4), sand)
        canvas.rect((-3.5, -12, 7, 12), shade(sand, 0.62), radius=3)
        canvas.line(((0, -38), (0, -52)), (110, 84, 60), 1)
        canvas.polygon(((0, -52), (9, -49), (0, -45)), (250, 250, 250))
    body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
    figure(canvas, (64 - side * rng.uniform(18, 24), 118), 116, body, "floor", flip=flip)


LEISURE: Mapping[str, Drawing] = {
    "kite": _kite,
    "frisbee": _frisbee,
    "catching": _catching,
    "bench": _bench,
    "surfing": _surfing,
    "carrying": _carrying,
    "parasol": _parasol,
    "sandcastle": _sand_castle,
}
