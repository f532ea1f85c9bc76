"""Things that people and cars have with them: trophies, bottles, tyres, flags, smoke."""

from math import cos, radians, sin
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix
from f1cap.training.racing.cars import wheel

_GOLD: Color = (255, 200, 40)
_DARK_GOLD: Color = (206, 142, 16)


def trophy(canvas: Canvas, at: Point, height: float) -> None:
    """Draw a golden cup that stands on `at`."""
    with canvas.group(at, height / 20):
        canvas.ring((-6.4, -14), 3.4, _DARK_GOLD, 1.5)
        canvas.ring((6.4, -14), 3.4, _DARK_GOLD, 1.5)
        canvas.polygon(((-6.6, -20), (6.6, -20), (5.4, -12), (2, -8), (-2, -8), (-5.4, -12)), _GOLD)
        canvas.polygon(((-4.4, -18.6), (-2.4, -18.6), (-1.6, -10), (-3.4, -12)), (255, 240, 170))
        canvas.rect((-1.4, -8.4, 2.8, 4.6), _DARK_GOLD)
        canvas.rect((-4.6, -4, 9.2, 4), (92, 66, 44), radius=0.8)


def bottle(canvas: Canvas, at: Point, length: float, angle: float) -> None:
    """Draw a champagne bottle held at `at`; its mouth points up, turned by `angle`."""
    with canvas.group(at, length / 20, angle=angle):
        canvas.rect((-3.2, -9, 6.4, 13), (18, 84, 52), radius=2)
        canvas.polygon(((-3.2, -8), (3.2, -8), (1.3, -14), (-1.3, -14)), (18, 84, 52))
        canvas.rect((-1.4, -17, 2.8, 4.6), _GOLD, radius=0.6)
        canvas.rect((-3.2, -5, 6.4, 5), (246, 238, 210))


def spray(canvas: Canvas, rng: Random, mouth: Point, angle: float, reach: float) -> None:
    """Draw foam that shoots from `mouth`; `angle` is clockwise from straight up."""
    for i in range(60):
        way = reach * (i / 60) ** 0.8
        turn = radians(angle + rng.gauss(0, 4 + 12 * i / 60))
        fall = 0.006 * way * way
        at = (mouth[0] + sin(turn) * way, mouth[1] - cos(turn) * way + fall)
        canvas.ellipse(at, rng.uniform(0.8, 1.3 + 1.6 * i / 60), fill=(255, 252, 232, 235))


def tyre(canvas: Canvas, at: Point, radius: float, compound: Color) -> None:
    """Draw a loose tyre with its rim."""
    wheel(canvas, at, radius, compound)


def microphone(canvas: Canvas, at: Point, angle: float) -> None:
    """Draw a reporter's microphone with a cube, its head at `at`."""
    with canvas.group(at, angle=angle):
        canvas.line(((0, 0), (0, 10)), (40, 42, 50), 1.8, caps=True)
        canvas.rect((-2.6, 2, 5.2, 4.4), (250, 250, 250), radius=0.8)
        canvas.ellipse((0, -0.6), 2.5, 2.9, fill=(58, 60, 70))


def chequered_flag(canvas: Canvas, at: Point, width: float, height: float) -> None:
    """Draw a waving flag whose upper left corner, at the pole, is `at`."""
    columns, rows = 7, 5
    for column in range(columns):
        for row in range(rows):
            corners = []
            for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1)):
                u, v = (column + dx) / columns, (row + dy) / rows
                corners.append((at[0] + u * width, at[1] + v * height + 1.6 * sin(u * 6.5)))
            dark = (column + row) % 2 == 0
            canvas.polygon(corners, (26, 26, 32) if dark else (252, 252, 252))


def chequered_line(canvas: Canvas, x: float, top: float, bottom: float) -> None:
    """Draw a finish line across the road, slanted as the road is seen."""
    rows = 7
    step = (bottom - top) / rows
    for row in range(rows):
        for column in range(2):
            left = x + column * 4 - (row * 2.0)
            dark = (column + row) % 2 == 0
            y = top + row * step
            box = ((left, y), (left + 4, y), (left + 2, y + step), (left - 2, y + step))
            canvas.polygon(box, (30, 30, 36) if dark else (250, 250, 250))


def smoke(canvas: Canvas, rng: Random, at: Point, size: float, color: Color) -> None:
    """Draw a cloud of smoke or dust that grows upwards from `at`."""
    for i in range(11):
        t = i / 10
        spot = (at[0] + rng.uniform(-0.7, 0.7) * size * (0.3 + t), at[1] - t * size * 1.6)
        puff = size * (0.3 + 0.34 * t) * rng.uniform(0.8, 1.15)
        tone = mix(color, (255, 255, 255), rng.uniform(0, 0.25))
        canvas.ellipse(spot, puff, puff * 0.85, fill=(*tone, 175))


def sparks(canvas: Canvas, rng: Random, at: Point, reach: float) -> None:
    """Draw sparks that fly to the left of `at`, as behind a car that scrapes the ground."""
    canvas.glow((at[0] - reach * 0.2, at[1]), reach * 0.7, 9, fill=(255, 190, 70), strength=0.8)
    for _ in range(44):
        turn = radians(rng.uniform(-4, 34))
        start = rng.uniform(0, reach * 0.8)
        length = rng.uniform(2, 6)
        x, y = at[0] - cos(turn) * start, at[1] - sin(turn) * start
        end = (x - cos(turn) * length, y - sin(turn) * length * 0.8)
        color = rng.choice(((255, 250, 200), (255, 214, 90), (255, 176, 50)))
        canvas.line(((x, y), end), color, rng.uniform(0.5, 1.0))


def car_jack(canvas: Canvas, at: Point, lift: float) -> None:
    """Draw a trolley jack: its head under the car at `at`, its handle to the right."""
    x, y = at
    canvas.polygon(((x - 3, y + lift), (x + 10, y + lift), (x + 2, y), (x - 2, y)), (70, 76, 90))
    canvas.line(((x + 6, y + lift - 1), (x + 17, y - 9)), (226, 230, 236), 1.4, caps=True)
    for wheel_x in (x - 1, x + 9):
        canvas.ellipse((wheel_x, y + lift), 1.5, fill=(36, 38, 46))


def front_wing(canvas: Canvas, at: Point, width: float, body: Color, trim: Color) -> None:
    """Draw a loose front wing with its nose, seen from the front, its middle at `at`."""
    with canvas.group(at, width / 50):
        canvas.polygon(((-5, -10), (5, -10), (3, 1), (-3, 1)), mix(body, (255, 255, 255), 0.12))
        canvas.polygon(((-24, -3.4), (-3, -1), (3, -1), (24, -3.4), (24, 3), (-24, 3)), body)
        canvas.rect((-24, 0.8, 48, 2.2), trim)
        for side in (-1, 1):
            canvas.rect((side * 24.4 - 1.2, -6, 2.4, 10), mix(body, (0, 0, 0), 0.3), radius=0.6)
