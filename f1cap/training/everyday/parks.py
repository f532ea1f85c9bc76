"""Scenes in a park."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.everyday.animals import beast
from f1cap.training.everyday.colours import PAINTS
from f1cap.training.everyday.outdoors import landscape, shadow
from f1cap.training.everyday.people import figure, make_body

Facts = Mapping[str, str]

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


def disc(canvas: Canvas, at: Point, radius: float, paint: Color, angle: float) -> None:
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
    disc(canvas, spot, 12, PAINTS[facts["colour"]], side * rng.uniform(-16, -4))
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
        disc(canvas, (66, -68), 17, PAINTS[facts["colour"]], 8)


def _bench(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = landscape(canvas, rng, facts)
    canvas.rect((0, 112, 128, 16), light.lit((222, 206, 170)))
    wood = light.lit((168, 110, 58))
    iron = light.lit((60, 62, 70))
    for dy in (0, 7, 14):
        canvas.rect((10, 64 + dy, 108, 4.6), wood, radius=1)
    for post in (14, 62, 110):
        canvas.rect((post, 62, 3, 54), iron)
    count = ("one", "two", "three").index(facts["count"]) + 1
    xs = ((64 + rng.uniform(-20, 20),), (42, 86), (30, 64, 98))[count - 1]
    canvas.rect((8, 88, 112, 5), shade(wood, 1.12), radius=1)
    height = 74.0
    for x in xs:
        body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
        at = (x + rng.uniform(-3, 3), 92 + 31 * height * body.size / 100)
        figure(canvas, at, height, body, "sit_front")


PARKS: Mapping[str, Callable[[Canvas, Random, Facts], None]] = {
    "kite": _kite,
    "frisbee": _frisbee,
    "catching": _catching,
    "bench": _bench,
}
