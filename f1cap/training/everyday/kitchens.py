"""Scenes in a kitchen."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, shade
from f1cap.training.everyday.colours import PAINTS
from f1cap.training.everyday.people import Body, figure, make_body

Facts = Mapping[str, str]

_TOP = 84.0  # of the counters


def _kitchen(canvas: Canvas, rng: Random) -> Color:
    """Draw a kitchen wall with cupboards and a floor, and return the colour of the wood."""
    wall = rng.choice(((246, 236, 214), (222, 232, 234), (238, 224, 216)))
    wood: Color = rng.choice(((186, 138, 92), (232, 230, 224), (150, 170, 172)))
    canvas.rect((0, 0, 128, 112), wall)
    for row in range(3):
        for i in range(11):
            canvas.rect((i * 12 + (row % 2) * 6 - 6, 48 + row * 12, 11.3, 11.3), shade(wall, 0.93))
    for i in range(4):
        canvas.rect((i * 32, 0, 31, 30), wood)
        canvas.rect((i * 32 + 3, 3, 25, 23), shade(wood, 0.9))
        canvas.rect((i * 32 + 24, 20, 2, 6), (92, 92, 96))
    floor = (204, 196, 188)
    canvas.rect((0, 112, 128, 16), floor)
    for i in range(9):
        canvas.line(((i * 18 - 6, 128), (i * 16, 112)), shade(floor, 0.86), 0.6)
    return wood


def _counter(canvas: Canvas, wood: Color) -> None:
    canvas.rect((0, _TOP, 128, 34), wood)
    for i in range(4):
        canvas.rect((i * 32 + 2, _TOP + 8, 28, 24), shade(wood, 0.9))
        canvas.rect((i * 32 + 13, _TOP + 11, 7, 1.8), (92, 92, 96))
    canvas.rect((0, _TOP - 3, 128, 5), (112, 108, 108))


def _cook(rng: Random, facts: Facts) -> Body:
    return make_body(rng, facts["subject"], PAINTS[facts["colour"]])


def _cooking(canvas: Canvas, rng: Random, facts: Facts) -> None:
    wood = _kitchen(canvas, rng)
    flip = rng.random() < 0.5
    with canvas.group((64, 0), flip=flip):
        canvas.polygon(((12, 0), (52, 0), (58, 32), (6, 32)), (176, 182, 190))
        canvas.rect((4, 31, 56, 4), (140, 146, 156))
    _counter(canvas, wood)
    side = -1 if flip else 1
    stove = 64 + side * 30
    canvas.rect((stove - 30, _TOP - 3, 60, 45), (226, 230, 234), radius=1)
    canvas.rect((stove - 24, _TOP + 13, 48, 22), (52, 54, 62), radius=2)
    canvas.rect((stove - 22, _TOP + 9, 44, 2), (150, 154, 162))
    for i in range(4):
        canvas.ellipse((stove - 18 + i * 12, _TOP + 4), 2.2, fill=(60, 62, 70))
    canvas.rect((stove - 28, _TOP - 5, 56, 2.4), (46, 48, 54))
    for k in range(5):
        canvas.ellipse((stove - 18 + k * 3, _TOP - 6), 2, 3, fill=(80, 150, 255))
    pot = (stove - side * 6, _TOP - 7)
    for dx in (-6, 0, 6):
        y = pot[1] - 24 - rng.uniform(0, 4)
        steam = ((pot[0] + dx, y), (pot[0] + dx + 3, y - 8), (pot[0] + dx - 1, y - 16))
        canvas.curve(steam, (255, 255, 255, 190), 2.4)
    body = _cook(rng, facts)
    hand = figure(canvas, (64 - side * 30, 126), 104, body, "reach", flip=flip)
    canvas.line((hand, (pot[0] - side * 2, pot[1] - 12)), (150, 100, 56), 2.6, caps=True)
    canvas.rect((pot[0] - 17, pot[1] - 19, 34, 19), (96, 102, 116), radius=3)
    canvas.rect((pot[0] - 15, pot[1] - 17, 5, 14), (150, 156, 168), radius=2)
    canvas.rect((pot[0] - 19, pot[1] - 20, 38, 3), (62, 66, 78), radius=1)
    canvas.ellipse(hand, 4.3, fill=body.head.skin)


def _dishes(canvas: Canvas, rng: Random, facts: Facts) -> None:
    wood = _kitchen(canvas, rng)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    sink = 64 + side * 26
    canvas.rect((sink - 24, 14, 48, 44), (250, 250, 250))
    canvas.rect((sink - 21, 17, 42, 38), (160, 212, 246))
    canvas.rect((sink - 1, 17, 2, 38), (250, 250, 250))
    _counter(canvas, wood)
    rack = sink + side * 24
    for k in range(4):
        canvas.ellipse((rack - 6 + k * 4, _TOP - 10), 3, 8.6, fill=(250, 250, 252))
        canvas.ellipse((rack - 5.4 + k * 4, _TOP - 10), 2, 6.4, fill=(176, 196, 214))
    tap = (
        (sink + side * 10, _TOP - 3),
        (sink + side * 10, _TOP - 26),
        (sink + side * 2, _TOP - 30),
        (sink - side * 4, _TOP - 22),
    )
    canvas.curve(tap, (150, 158, 170), 3.6)
    canvas.line(((sink - side * 4, _TOP - 20), (sink - side * 4, _TOP - 4)), (90, 180, 246), 2.6)
    canvas.rect((sink - 22, _TOP - 4, 44, 15), (212, 218, 226), radius=3)
    canvas.rect((sink - 19, _TOP - 1, 38, 9), (160, 168, 180), radius=2)
    for _ in range(9):
        at = (sink + rng.uniform(-18, 18), _TOP - 4 + rng.uniform(-3, 2))
        canvas.ellipse(at, rng.uniform(2.4, 4), fill=(240, 248, 255))
    body = _cook(rng, facts)
    hand = figure(canvas, (64 - side * 22, 126), 104, body, "reach", flip=flip)
    canvas.ellipse((hand[0] + side * 4, hand[1] - 3), 10, fill=(250, 250, 252))
    canvas.ellipse((hand[0] + side * 4, hand[1] - 3), 6.6, fill=(206, 220, 234))
    canvas.ellipse(hand, 4.3, fill=body.head.skin)
    canvas.rect((hand[0] + side * 3 - 3, hand[1] - 6, 7, 5), (255, 226, 60), radius=1)


def _chopping(canvas: Canvas, rng: Random, facts: Facts) -> None:
    wood = _kitchen(canvas, rng)
    body = _cook(rng, facts)
    hand = figure(canvas, (64 + rng.uniform(-8, 8), 134), 104, body, "hold", flip=False)
    _counter(canvas, wood)
    canvas.rect((0, _TOP + 34, 128, 12), shade(wood, 0.7))
    x = hand[0]
    canvas.polygon(
        ((x - 34, _TOP - 6), (x + 26, _TOP - 6), (x + 30, _TOP + 5), (x - 38, _TOP + 5)),
        (222, 172, 110),
    )
    canvas.polygon(
        ((x - 38, _TOP + 5), (x + 30, _TOP + 5), (x + 30, _TOP + 8), (x - 38, _TOP + 8)),
        (176, 126, 72),
    )
    for k in range(3):
        y = _TOP - 4 + k * 3
        canvas.polygon(((x - 8, y - 2), (x - 8, y + 2), (x - 30, y + 0.6)), (248, 134, 30))
        canvas.line(((x - 8, y), (x - 2, y - 2)), (66, 160, 66), 2)
    for k in range(5):
        canvas.ellipse((x + 8 + k * 4, _TOP + 1 - (k % 2) * 4), 2.5, fill=(250, 144, 36))
    for dx, color in ((-50, (226, 52, 44)), (46, (226, 52, 44)), (56, (86, 176, 70))):
        canvas.ellipse((x + dx, _TOP - 8), 7, 6.4, fill=color)
        canvas.rect((x + dx - 1, _TOP - 16, 2, 4), (60, 130, 60))
    skin = body.head.skin
    canvas.polygon(
        ((x + 4, _TOP - 14), (x + 7, _TOP - 11), (x - 12, _TOP + 2), (x - 14, _TOP - 3)),
        (214, 220, 228),
    )
    canvas.line(((x + 4, _TOP - 12), (x + 12, _TOP - 18)), (50, 44, 46), 3.4, caps=True)
    canvas.ellipse((x + 9, _TOP - 16), 4.4, fill=skin)
    canvas.ellipse((x - 20, _TOP - 8), 4.4, fill=skin)
    sleeve = shade(body.top, 0.86)
    canvas.line(((x + 13, _TOP - 26), (x + 10, _TOP - 19)), sleeve, 7, caps=True)
    canvas.line(((x - 26, _TOP - 24), (x - 21, _TOP - 12)), sleeve, 7, caps=True)
    canvas.ellipse((x - 20, _TOP - 8), 4.4, fill=skin)


def _fridge(canvas: Canvas, rng: Random, facts: Facts) -> None:
    wood = _kitchen(canvas, rng)
    _counter(canvas, wood)
    flip = rng.random() < 0.5
    with canvas.group((64, 0), flip=flip):
        steel = (206, 212, 220)
        canvas.rect((2, 6, 44, 114), steel, radius=2)
        canvas.rect((6, 11, 36, 104), (236, 246, 255))
        canvas.polygon(((46, 6), (62, 2), (62, 126), (46, 120)), shade(steel, 0.9))
        canvas.polygon(((48, 10), (60, 7), (60, 121), (48, 116)), (226, 234, 242))
        for y in (36, 60, 84):
            canvas.rect((6, y, 36, 2), (170, 186, 204))
            canvas.polygon(((48, y), (60, y), (60, y + 2), (48, y + 2)), (170, 186, 204))
        for x, y in ((12, 31), (22, 30), (13, 80), (24, 79)):
            canvas.ellipse(
                (x, y), 5, fill=rng.choice(((240, 70, 60), (250, 160, 40), (120, 190, 70)))
            )
        for x, y in ((30, 20), (36, 44), (10, 44), (50, 44), (54, 20), (51, 70)):
            color = rng.choice(((250, 250, 250), (90, 160, 90), (250, 200, 80), (200, 80, 80)))
            canvas.rect((x, y, 6, 16), color, radius=1.6)
        canvas.rect((20, 48, 14, 12), (250, 214, 96), radius=2)
        canvas.rect((8, 92, 32, 20), (196, 214, 232), radius=2)
        for x in (14, 23, 32):
            canvas.ellipse((x, 100), 4.6, fill=(104, 180, 80))
        figure(canvas, (-26, 125), 104, _cook(rng, facts), "reach")


KITCHENS: Mapping[str, Callable[[Canvas, Random, Facts], None]] = {
    "cooking": _cooking,
    "dishes": _dishes,
    "chopping": _chopping,
    "fridge": _fridge,
}
