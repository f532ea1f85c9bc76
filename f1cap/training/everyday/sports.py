"""Scenes of sport."""

from collections.abc import Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, shade
from f1cap.training.everyday.facts import PAINTS
from f1cap.training.everyday.outdoors import (
    HORIZON,
    draw_sky,
    mountains,
    shadow,
    tree,
)
from f1cap.training.everyday.people import Body, figure, make_body
from f1cap.training.scene import Drawing, Facts, Light


def _athlete(rng: Random, facts: Facts, *, warm: bool = False) -> Body:
    return make_body(rng, facts["subject"], PAINTS[facts["colour"]], warm=warm)


def _floodlights(canvas: Canvas, facts: Facts) -> None:
    if facts["sky"] != "night":
        return
    for x in (12, 116):
        canvas.rect((x - 0.8, 18, 1.6, 40), (120, 124, 140))
        canvas.glow((x, 16), 24, fill=(255, 250, 220), strength=0.9)
        canvas.rect((x - 6, 12, 12, 7), (255, 252, 232), radius=1)
    canvas.glow((64, 100), 80, 34, fill=(255, 250, 214), strength=0.25)


def _ball(canvas: Canvas, at: Point, radius: float, color: Color) -> None:
    canvas.ellipse(at, radius, fill=shade(color, 0.75))
    canvas.ellipse((at[0] - radius * 0.12, at[1] - radius * 0.12), radius * 0.86, fill=color)


def _tennis(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 34)
    canvas.rect((0, 30, 128, 34), light.lit((46, 104, 72)))
    for i in range(16):
        canvas.line(((i * 9, 30), (i * 9, 64)), light.lit((78, 132, 100)), 0.5)
    canvas.rect((0, 62, 128, 66), light.lit((62, 120, 196)))
    white = light.lit((250, 250, 250))
    canvas.rect((0, 74, 128, 1.4), white)
    canvas.polygon(((22, 75), (24, 75), (8, 128), (4, 128)), white)
    canvas.polygon(((104, 75), (106, 75), (124, 128), (120, 128)), white)
    for cord in (52, 56, 60, 64, 68):
        canvas.line(((0, cord), (128, cord)), light.lit((206, 214, 214)), 0.4)
    for i in range(26):
        canvas.line(((i * 5, 50), (i * 5, 71)), light.lit((206, 214, 214)), 0.4)
    canvas.rect((0, 49, 128, 2.6), white)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    at = (64 - side * rng.uniform(8, 16), 118 + rng.uniform(-2, 3))
    shadow(canvas, at, 20)
    x, y = figure(canvas, at, rng.uniform(84, 90), _athlete(rng, facts), "racket", flip=flip)
    with canvas.group((x, y), 0.95, flip=flip, angle=side * rng.uniform(-6, 12)):
        canvas.line(((0, 0), (9, -7)), (60, 50, 46), 2.6, caps=True)
        canvas.ellipse((17, -15), 10.4, 11.4, fill=(236, 70, 60))
        canvas.ellipse((17, -15), 8.6, 9.6, fill=(240, 244, 246))
        for k in (-4, 0, 4):
            canvas.line(((17 + k, -24), (17 + k, -6)), (170, 176, 184), 0.5)
            canvas.line(((8.6, -15 + k), (25.4, -15 + k)), (170, 176, 184), 0.5)
    _ball(canvas, (x + side * rng.uniform(30, 36), y - rng.uniform(12, 26)), 3.4, (222, 250, 40))


def _field(canvas: Canvas, rng: Random, facts: Facts) -> Light:
    light = draw_sky(canvas, rng, facts, HORIZON)
    for i in range(9):
        at = (i * 16 + rng.uniform(-4, 4), HORIZON - 1)
        canvas.ellipse(at, 10, rng.uniform(6, 9), fill=light.lit((58, 122, 66)))
    for i in range(6):
        tone = (96, 182, 76) if i % 2 else (112, 198, 88)
        canvas.rect((0, HORIZON + i * 13, 128, 13), light.lit(tone))
    _floodlights(canvas, facts)
    return light


def _baseball(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = _field(canvas, rng, facts)
    canvas.rect((0, HORIZON - 3, 128, 8), light.lit((36, 84, 70)))
    dirt = light.lit((206, 150, 96))
    canvas.ellipse((64, 124), 82, 30, fill=dirt)
    canvas.line(((76, 118), (140, 84)), light.lit((250, 250, 250)), 1.3)
    plate = ((60, 121), (74, 121), (76, 123.6), (67, 126), (58, 123.6))
    canvas.polygon(plate, light.lit((252, 252, 252)))
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    at = (64 - side * rng.uniform(8, 16), 118 + rng.uniform(-2, 2))
    shadow(canvas, at, 19)
    body = _athlete(rng, facts)
    hand = figure(canvas, at, rng.uniform(84, 90), body, "bat", flip=flip)
    with canvas.group(hand, 0.9, flip=flip, angle=side * rng.uniform(-12, 8)):
        bat = ((-1.6, 2), (1.6, 3), (15, -32), (11.5, -36), (7, -34))
        canvas.polygon(bat, (226, 168, 92))
        canvas.line(((-1, 4), (2, -4)), (70, 46, 34), 3, caps=True)
    spot = (64 + side * rng.uniform(40, 52), rng.uniform(58, 72))
    _ball(canvas, spot, 3.6, (252, 252, 250))
    canvas.arc(spot, 2.4, (110, 250), (220, 50, 50), 0.7)


def _soccer(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = _field(canvas, rng, facts)
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    white = light.lit((252, 252, 252))
    left = 78.0 if side > 0 else 4.0
    for i in range(9):
        canvas.line(
            ((left + 2 + i * 5, 42), (left + 2 + i * 5, 72)), light.lit((196, 210, 206)), 0.4
        )
    for i in range(6):
        canvas.line(((left, 45 + i * 5), (left + 46, 45 + i * 5)), light.lit((196, 210, 206)), 0.4)
    canvas.line(((left, 74), (left, 41), (left + 46, 41), (left + 46, 74)), white, 2)
    canvas.rect((0, 74, 128, 1.4), white)
    at = (64 - side * rng.uniform(14, 22), 118 + rng.uniform(-3, 2))
    shadow(canvas, at, 18)
    figure(canvas, at, rng.uniform(82, 88), _athlete(rng, facts), "kick", flip=flip)
    ball = (at[0] + side * rng.uniform(40, 48), at[1] - rng.uniform(7, 18))
    _ball(canvas, ball, 7, (252, 252, 252))
    for dx, dy in ((0, 0), (-4.6, -3), (4.4, -3.4), (-3, 4.6), (3.6, 4.4)):
        canvas.ellipse((ball[0] + dx, ball[1] + dy), 1.7, fill=(40, 40, 46))


def _slope(canvas: Canvas, rng: Random, facts: Facts) -> tuple[Light, bool]:
    light = draw_sky(canvas, rng, facts, 92)
    flip = rng.random() < 0.5
    if facts["place"] == "mountains":
        mountains(canvas, rng, light, 74)
    snow = light.lit((244, 248, 255))
    with canvas.group((64, 0), flip=flip):
        canvas.polygon(((-64, 58), (-10, 74), (64, 88), (64, 129), (-64, 129)), snow)
        if facts["place"] == "trees":
            for i in range(6):
                x = -58 + i * 22 + rng.uniform(-4, 4)
                _pine(canvas, (x, 62 + (x + 64) * 0.22), rng.uniform(30, 44), light)
        canvas.polygon(((-64, 78), (0, 96), (64, 118), (64, 129), (-64, 129)), shade(snow, 0.94))
        for dy in (0, 5):
            canvas.line(((-64, 86 + dy), (0, 104 + dy)), shade(snow, 0.84), 1)
    return light, flip


def _pine(canvas: Canvas, at: Point, height: float, light: Light) -> None:
    x, y = at
    canvas.rect((x - 1.2, y - 4, 2.4, 6), light.lit((104, 74, 52)))
    for i in range(3):
        low, half = y - 3 - i * height * 0.25, height * (0.27 - i * 0.055)
        points = ((x - half, low), (x + half, low), (x, low - height * 0.44))
        canvas.polygon(points, light.lit((34, 100, 66)))
        canvas.line(
            ((x - half * 0.7, low - 2), (x, low - height * 0.42)), light.lit((240, 246, 255)), 1.3
        )


def _skiing(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _, flip = _slope(canvas, rng, facts)
    body = _athlete(rng, facts, warm=True)
    with canvas.group((64 + rng.uniform(-10, 10), 108 + rng.uniform(-3, 4)), flip=flip, angle=15):
        _ski(canvas, -2.4, (56, 58, 70))
        hand = figure(canvas, (0, 0), 88, body, "ski")
        canvas.line((hand, (hand[0] - 38, 2)), (50, 52, 62), 1.3)
        canvas.ellipse((hand[0] - 36, 0.6), 2.4, fill=(50, 52, 62))
        _ski(canvas, 1.0, (30, 32, 42))
        canvas.ellipse((-46, 1), 12, 4, fill=(255, 255, 255))


def _ski(canvas: Canvas, y: float, color: Color) -> None:
    canvas.curve(((-32, y), (20, y), (34, y - 0.6), (41, y - 5)), color, 2.4)


def _snowboarding(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _, flip = _slope(canvas, rng, facts)
    body = _athlete(rng, facts, warm=True)
    with canvas.group((64 + rng.uniform(-8, 8), 106 + rng.uniform(-3, 4)), flip=flip, angle=17):
        figure(canvas, (0, 0), 90, body, "surf")
        canvas.curve(((-33, -4.4), (-26, 0.8), (26, 0.8), (33, -4.4)), (36, 38, 50), 5)
        canvas.line(((-16, 1), (16, 1)), (250, 206, 60), 1.6)
        for x, r in ((-34, 7), (-42, 9), (-50, 6)):
            canvas.ellipse((x, -1), r, r * 0.7, fill=(255, 255, 255))


def _skateboarding(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 80)
    for i in range(6):
        tree(canvas, (i * 25 + rng.uniform(-5, 5), 82), rng.uniform(24, 34), light)
    flip = rng.random() < 0.5
    gray = light.lit((190, 192, 198))
    canvas.rect((0, 78, 128, 50), light.lit((166, 168, 176)))
    with canvas.group((64, 0), flip=flip):
        ramp = (
            (-64, 62),
            (-44, 62),
            (-32, 82),
            (-10, 102),
            (20, 114),
            (64, 118),
            (64, 129),
            (-64, 129),
        )
        canvas.polygon(ramp, gray)
        canvas.curve(
            ((-44, 62), (-32, 82), (-10, 102), (20, 114), (64, 118)), shade(gray, 1.3), 1.6
        )
        canvas.line(((-64, 62), (-44, 62)), (110, 114, 126), 2.4)
        for x, y in ((-44, 84), (-26, 102), (0, 114)):
            canvas.line(((x, y), (x, 129)), shade(gray, 0.86), 0.8)
    at = (64 + rng.uniform(-6, 10) * (-1 if flip else 1), 92 + rng.uniform(-3, 4))
    body = _athlete(rng, facts)
    with canvas.group(at, flip=flip, angle=26):
        for x in (-14, 14):
            canvas.ellipse((x, 5), 3.6, fill=(252, 214, 70))
        canvas.curve(((-27, -2.6), (-20, 1), (20, 1), (27, -2.6)), (52, 46, 52), 3)
        figure(canvas, (0, 0), 80, body, "surf")


SPORTS: Mapping[str, Drawing] = {
    "tennis": _tennis,
    "baseball": _baseball,
    "soccer": _soccer,
    "skiing": _skiing,
    "snowboarding": _snowboarding,
    "skateboarding": _skateboarding,
}
