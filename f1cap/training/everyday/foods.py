"""Scenes of food, and of people who eat it."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.everyday.facts import PAINTS
from f1cap.training.everyday.people import figure, make_body
from f1cap.training.scene import Drawing, Facts


def _table(canvas: Canvas, rng: Random) -> None:
    wood: Color = rng.choice(((196, 148, 100), (150, 106, 72), (216, 184, 144), (120, 92, 76)))
    canvas.rect((0, 0, 128, 128), wood)
    for i in range(7):
        y = i * 20 + rng.uniform(-3, 3)
        canvas.line(((0, y), (128, y)), shade(wood, 0.84), 1)
        canvas.line(
            ((rng.uniform(0, 60), y + 8), (rng.uniform(70, 128), y + 8)), shade(wood, 0.93), 0.7
        )


def _knife(canvas: Canvas, x: float) -> None:
    canvas.blob(
        ((x - 1.8, 62), (x + 1.8, 62), (x + 3, 30), (x + 0.4, 18), (x - 2, 30)), (226, 230, 236)
    )
    canvas.rect((x - 2.2, 60, 4.6, 42), (64, 58, 62), radius=2)


def _fork(canvas: Canvas, x: float) -> None:
    steel = (226, 230, 236)
    for dx in (-4, -1.3, 1.3, 4):
        canvas.line(((x + dx, 24), (x + dx, 42)), steel, 1.3, caps=True)
    canvas.ellipse((x, 44), 5.2, 6, fill=steel)
    canvas.rect((x - 1.5, 46, 3, 56), steel, radius=1.5)


def _plate(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _table(canvas, rng)
    paint = PAINTS[facts["colour"]]
    at = (64 + rng.uniform(-3, 3), 66 + rng.uniform(-4, 4))
    canvas.ellipse((at[0] + 1.5, at[1] + 3), 46, 46, fill=(0, 0, 0, 60))
    canvas.ellipse(at, 46, fill=paint)
    canvas.ellipse(at, 34, fill=shade(paint, 0.84))
    canvas.ellipse(at, 33, fill=mix(paint, (255, 255, 255), 0.14))
    _fork(canvas, 9 + rng.uniform(-1, 1))
    _knife(canvas, 119 + rng.uniform(-1, 1))
    _FOODS[facts["subject"]](canvas, rng, at)


def _board(canvas: Canvas, rng: Random, facts: Facts) -> None:
    canvas.rect((0, 0, 128, 128), rng.choice(((226, 230, 232), (206, 214, 218), (236, 226, 216))))
    for i in range(5):
        canvas.line(((0, i * 30 + 6), (128, i * 30 + 14)), (190, 198, 204), 0.8)
    wood: Color = (206, 150, 92)
    flip = rng.random() < 0.5
    with canvas.group((64, 0), flip=flip):
        canvas.rect((-50, 25, 86, 86), (0, 0, 0, 50), radius=9)
        canvas.rect((-52, 22, 86, 86), wood, radius=9)
        canvas.rect((-24, 104, 30, 24), wood, radius=7)
        canvas.ellipse((-9, 118), 4, fill=(214, 218, 222))
        for x in (-40, -24, -6, 10, 24):
            canvas.line(((x, 26), (x + 2, 104)), shade(wood, 0.9), 0.8)
        _knife(canvas, 50)
    x = 55 if not flip else 73
    _FOODS[facts["subject"]](canvas, rng, (x + rng.uniform(-3, 3), 64 + rng.uniform(-4, 4)))


def _pizza(canvas: Canvas, rng: Random, at: Point) -> None:
    with canvas.group(at, 1.0, angle=rng.uniform(0, 90)):
        canvas.ellipse((0, 0), 34, fill=(206, 142, 66))
        canvas.ellipse((0, 0), 30, fill=(250, 210, 96))
        for x, y in ((-15, -14), (11, -18), (20, 7), (-6, 18), (-20, 6), (4, -2), (10, 20)):
            canvas.ellipse((x, y), 5.2, fill=(204, 48, 40))
            canvas.ellipse((x, y), 3.4, fill=(224, 80, 62))
        for x, y in ((-8, -6), (14, -6), (0, 9), (-12, 20), (-2, -22), (24, -4)):
            canvas.ellipse((x, y), 2.8, 1.6, fill=(62, 140, 60))
        for dx, dy in ((1, 0), (0.5, 0.87), (-0.5, 0.87)):
            canvas.line(((-dx * 34, -dy * 34), (dx * 34, dy * 34)), (168, 104, 44), 1.3)


def _cake(canvas: Canvas, rng: Random, at: Point) -> None:
    icing: Color = rng.choice(((255, 250, 244), (255, 214, 226), (118, 72, 46)))
    with canvas.group(at, 1.0):
        sponge = (214, 158, 92)
        canvas.ellipse((0, 20), 30, 10, fill=shade(sponge, 0.85))
        canvas.rect((-30, -6, 60, 26), sponge)
        canvas.rect((-30, 5, 60, 4), (250, 236, 214))
        canvas.ellipse((0, -6), 30, 11, fill=icing)
        for i in range(7):
            canvas.rect((-30 + i * 8.6, -6, 8.6, rng.uniform(8, 15)), icing, radius=4)
        canvas.ellipse((0, -7), 27, 9, fill=shade(icing, 0.94))
        for x, y in ((-16, -6), (-6, -10), (6, -4), (16, -8)):
            canvas.rect((x - 1.4, y - 15, 2.8, 15), rng.choice(((90, 160, 240), (240, 90, 110))))
            canvas.ellipse((x, y - 18), 2.2, 3.4, fill=(255, 206, 60))
        for x in (-24, -11, 0, 11, 24):
            canvas.ellipse((x, -2 + abs(x) * -0.14), 3, fill=(216, 36, 52))


def _sandwich(canvas: Canvas, rng: Random, at: Point) -> None:
    bread, crust = (240, 208, 148), (182, 118, 56)
    for dx, dy in ((-12, -7), (12, 7)):
        with canvas.group((at[0] + dx, at[1] + dy), 1.0):
            canvas.polygon(((-22, 18), (22, 18), (22, 14), (-22, 14)), crust)
            canvas.rect((-22, 8, 44, 7), bread)
            canvas.rect((-23, 5, 46, 4), (240, 160, 150), radius=1)
            canvas.rect((-22.5, 2.4, 45, 3.4), (255, 214, 60), radius=1)
            for i in range(7):
                canvas.ellipse((-20 + i * 6.8, 1), 4.2, 3, fill=(96, 180, 66))
            for x in (-12, 10):
                canvas.ellipse((x, -0.6), 8, 2.2, fill=(222, 56, 46))
            canvas.polygon(((-22, -2), (22, -2), (16, -20), (-16, -20)), crust)
            canvas.polygon(((-20, -3), (20, -3), (14.6, -18.4), (-14.6, -18.4)), bread)


def _donut(canvas: Canvas, rng: Random, at: Point) -> None:
    icing: Color = rng.choice(((246, 130, 180), (112, 64, 40), (250, 244, 236)))
    canvas.ellipse(at, 30, fill=(206, 142, 74))
    canvas.blob(
        tuple(
            (at[0] + x, at[1] + y)
            for x, y in (
                (0, -27),
                (17, -20),
                (27, -3),
                (20, 18),
                (4, 26),
                (-14, 21),
                (-27, 4),
                (-20, -18),
            )
        ),
        icing,
    )
    for _ in range(26):
        dx, dy = rng.uniform(-22, 22), rng.uniform(-22, 22)
        if 13 < (dx * dx + dy * dy) ** 0.5 < 22:
            color = rng.choice(((255, 230, 60), (70, 170, 250), (250, 70, 80), (90, 200, 90)))
            end = (at[0] + dx + rng.uniform(-3, 3), at[1] + dy + rng.uniform(-3, 3))
            canvas.line(((at[0] + dx, at[1] + dy), end), color, 1.8, caps=True)
    canvas.ellipse(at, 9.6, fill=(176, 112, 54))
    canvas.ellipse((at[0], at[1] + 1), 7.6, fill=(110, 80, 62))


def _fruit(canvas: Canvas, rng: Random, at: Point) -> None:
    x, y = at
    canvas.curve(((x - 26, y - 14), (x - 6, y - 27), (x + 22, y - 14)), (250, 214, 50), 10)
    canvas.curve(((x - 25, y - 8), (x - 6, y - 20), (x + 21, y - 8)), (234, 190, 36), 8)
    canvas.ellipse((x + 24, y - 11), 3, fill=(110, 84, 40))
    for dx, dy, color in (
        (-17, 8, (222, 42, 42)),
        (16, 9, (255, 148, 26)),
        (0, 17, (120, 190, 60)),
    ):
        canvas.ellipse((x + dx, y + dy), 13, fill=shade(color, 0.84))
        canvas.ellipse((x + dx - 1, y + dy - 1), 12, fill=color)
        canvas.ellipse((x + dx - 4, y + dy - 5), 3, fill=mix(color, (255, 255, 255), 0.5))
        if color != (255, 148, 26):
            canvas.line(((x + dx, y + dy - 10), (x + dx + 2, y + dy - 16)), (96, 66, 44), 1.8)
    for dx, dy in ((-5, -6), (3, -6), (-1, 0), (6, -1), (1, 6)):
        canvas.ellipse((x + dx, y + dy), 4.6, fill=(112, 52, 150))
        canvas.ellipse((x + dx - 1.2, y + dy - 1.4), 1.4, fill=(190, 140, 220))


_FOODS: Mapping[str, Callable[[Canvas, Random, Point], None]] = {
    "pizza": _pizza,
    "cake": _cake,
    "sandwich": _sandwich,
    "donut": _donut,
    "fruit": _fruit,
}


def _eating(canvas: Canvas, rng: Random, facts: Facts) -> None:
    wall: Color = rng.choice(((226, 206, 180), (196, 208, 206), (214, 196, 190)))
    canvas.rect((0, 0, 128, 128), wall)
    canvas.rect((0, 62, 128, 40), shade(wall, 0.86))
    lamp = 64 + rng.uniform(-40, 40)
    canvas.line(((lamp, 0), (lamp, 12)), (70, 66, 70), 1)
    canvas.glow((lamp, 20), 34, fill=(255, 244, 200), strength=0.7)
    canvas.polygon(((lamp - 4, 11), (lamp + 4, 11), (lamp + 11, 20), (lamp - 11, 20)), (90, 84, 90))
    x = 64 + rng.uniform(-8, 8)
    canvas.rect((x - 20, 58, 40, 50), (110, 80, 60), radius=5)
    body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
    height = 128.0 if not body.child else 136.0
    waist = 94 + 45 * height * body.size / 100
    hand = figure(canvas, (x, waist), height, body, "bite")
    canvas.polygon(((10, 94), (118, 94), (136, 128), (-8, 128)), (250, 248, 244))
    for i in range(8):
        canvas.polygon(
            ((17 + i * 13, 94), (23 + i * 13, 94), (12 + i * 17, 128), (4 + i * 17, 128)),
            (226, 206, 196),
        )
    plate = (x, 109.0)
    canvas.ellipse(plate, 27, 8.4, fill=(252, 252, 252))
    canvas.ellipse(plate, 20, 5.6, fill=(206, 214, 222))
    canvas.polygon(((x - 16, 109), (x + 8, 103.6), (x + 13, 112)), (250, 206, 90))
    canvas.ellipse((x + 3, 107.6), 2.6, 1.4, fill=(206, 52, 44))
    canvas.ellipse((x - 5, 109), 2.2, 1.2, fill=(206, 52, 44))
    glass = x + rng.choice((-42, 42))
    canvas.rect((glass - 5, 88, 10, 19), (255, 190, 80), radius=1.6)
    canvas.rect((glass - 5, 86, 10, 5), (240, 246, 250), radius=1.6)
    canvas.polygon(
        ((hand[0] - 15, hand[1] - 3), (hand[0] + 4, hand[1] - 8), (hand[0] + 5, hand[1] + 4)),
        (250, 206, 90),
    )
    canvas.line(
        ((hand[0] + 4, hand[1] - 8), (hand[0] + 5, hand[1] + 4)), (196, 130, 60), 3, caps=True
    )
    canvas.ellipse((hand[0] - 3, hand[1] - 3), 2, fill=(206, 52, 44))
    canvas.ellipse((hand[0] + 6, hand[1]), 5, fill=body.head.skin)


FOODS: Mapping[str, Drawing] = {
    "plate": _plate,
    "board": _board,
    "eating": _eating,
}
