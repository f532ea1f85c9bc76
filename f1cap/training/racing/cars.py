"""Open-wheel cars of invented teams, and the things that people have with them."""

from dataclasses import dataclass
from math import cos, radians, sin
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, alpha, mix, shade, smooth
from f1cap.training.heads import HeadLook, head

_TYRE: Color = (34, 34, 38)
_CARBON: Color = (48, 50, 58)
_RIM: Color = (150, 154, 164)


@dataclass(frozen=True)
class Livery:
    """The colours of one car; tyres carry a coloured ring that names the compound."""

    body: Color
    trim: Color
    helmet: Color
    number: str = "7"
    compound: Color = (240, 220, 60)


def wheel(canvas: Canvas, at: Point, radius: float, compound: Color) -> None:
    """Draw a tyre seen from its side."""
    canvas.ellipse(at, radius, fill=_TYRE)
    canvas.ring(at, radius * 0.74, compound, radius * 0.1)
    canvas.ellipse(at, radius * 0.55, fill=_RIM)
    canvas.ellipse(at, radius * 0.46, fill=(88, 92, 102))
    canvas.ellipse(at, radius * 0.16, fill=(216, 218, 224))


def side_car(  # noqa: PLR0913  a drawing call reads best as one line of keywords
    canvas: Canvas,
    at: Point,
    length: float,
    livery: Livery,
    *,
    flip: bool = False,
    angle: float = 0.0,
    driver: bool = True,
    wheels: bool = True,
    shadow: bool = True,
) -> None:
    """Draw a car `length` units long that stands on `at` (its middle) and points to the right."""
    with canvas.group(at, length / 100, flip=flip, angle=angle):
        if shadow:
            canvas.ellipse((0, 0), 50, 2.6, fill=(0, 0, 0, 90))
        _rear_wing(canvas, livery)
        _far_wheels(canvas)
        _front_wing(canvas, livery)
        _cockpit(canvas, livery, driver)
        _side_body(canvas, livery)
        if wheels:
            wheel(canvas, (-33, -9), 9.2, livery.compound)
            wheel(canvas, (29, -8.6), 8.8, livery.compound)


def _rear_wing(canvas: Canvas, livery: Livery) -> None:
    canvas.polygon(((-43, -12), (-38, -12), (-41, -22), (-46, -22)), _CARBON)
    plate = ((-51, -27), (-40.5, -28), (-39, -20), (-42, -12), (-49, -12))
    canvas.polygon(plate, shade(livery.body, 0.8))
    canvas.polygon(((-51, -27), (-40.5, -28), (-40, -24.6), (-51, -23.6)), livery.trim)


def _far_wheels(canvas: Canvas) -> None:
    for x in (-30, 32):
        canvas.ellipse((x, -10.2), 8, fill=shade(_TYRE, 0.7))


def _front_wing(canvas: Canvas, livery: Livery) -> None:
    canvas.polygon(((34, -4.4), (52, -3), (52, -1.2), (34, -2.4)), _CARBON)
    canvas.polygon(((38, -7.4), (51.5, -6.6), (52.5, -1.4), (40, -1.8)), shade(livery.body, 0.86))
    canvas.polygon(((40, -4.2), (52, -3.6), (52.2, -2.2), (40, -2.6)), livery.trim)


def _cockpit(canvas: Canvas, livery: Livery, driver: bool) -> None:
    if driver:
        look = HeadLook((255, 219, 187), (40, 30, 30), "helmet", livery.helmet, livery.trim)
        head(canvas, (2.5, -18.2), 4.6, look, view="side")
    halo = ((14.5, -14.5), (10, -20.8), (2, -22.6), (-6, -20.5))
    canvas.curve(halo, (30, 32, 38), 1.7)


def _side_body(canvas: Canvas, livery: Livery) -> None:
    body, trim = livery.body, livery.trim
    canvas.polygon(((-40, -4), (26, -4), (22, -1.4), (-36, -1.4)), _CARBON)
    hull = [(-44, -12), (-44, -7), (-36, -4), (26, -3.6), (44, -4), (48, -5.6), (44, -8.4)]
    hull += [(28, -12.2), (14, -15), (9, -14), (-2, -13.6)]
    cover = smooth(((-4.5, -14), (-5.5, -23), (-9.5, -25.6), (-14, -24.4), (-28, -17)), False)
    canvas.polygon((*hull, *cover), body)
    canvas.polygon(((-5.3, -24), (-8, -25.6), (-9.4, -25.4), (-7, -19.5)), (26, 28, 34))
    pod = ((7, -12.4), (9, -8), (4, -4.6), (-30, -4.4), (-38, -7), (-22, -10.6), (-6, -13))
    canvas.blob(pod, shade(body, 0.78))
    canvas.ellipse((6.2, -9.6), 1.9, 2.6, fill=(26, 28, 34))
    canvas.polygon(((-40, -13.2), (-14, -20.4), (-13, -18), (-42, -11)), trim)
    canvas.curve(((-34, -16), (-15, -23.6), (-10, -24.8)), shade(body, 1.35), 0.8)
    canvas.polygon(((16, -13), (42, -8), (46, -6.8), (42, -6.6), (16, -10.8)), trim)
    canvas.polygon(((12, -12.4), (27, -9.4), (27, -6), (14, -6)), shade(body, 0.9))
    canvas.line(((29, -9), (22, -11.4)), (30, 32, 38), 1.0)
    if canvas.unit_pixels > 1.6:
        canvas.text((-17.5, -8.4), livery.number, (255, 255, 255), 6.5)
        canvas.rect((-11, -10.4, 7, 1.8), alpha((255, 255, 255), 0.8), radius=0.6)


def front_car(
    canvas: Canvas, at: Point, width: float, livery: Livery, *, angle: float = 0.0
) -> None:
    """Draw a car that comes towards us, `width` units wide, standing on `at`."""
    body, trim = livery.body, livery.trim
    with canvas.group(at, width / 60, angle=angle):
        canvas.ellipse((0, -0.5), 31, 3.2, fill=(0, 0, 0, 90))
        for side in (-1, 1):
            _front_tyre(canvas, (side * 22.5, -13.5), 11.5, 20, shade(_TYRE, 0.75))
        canvas.rect((-18.5, -33.5, 37, 5.6), shade(body, 0.85), radius=0.8)
        canvas.rect((-18.5, -33.5, 37, 2.0), trim)
        for side in (-1, 1):
            canvas.rect((side * 18 - 1, -34, 2, 13), _CARBON)
        canvas.polygon(((-15, -17), (15, -17), (19, -7), (15, -4), (-15, -4), (-19, -7)), body)
        for side in (-1, 1):
            inlet = ((side * 6, -15.5), (side * 14, -15), (side * 15.6, -10), (side * 7, -10.6))
            canvas.polygon(inlet, (24, 26, 32))
        canvas.polygon(((-4.5, -18), (-3.6, -31.5), (3.6, -31.5), (4.5, -18)), shade(body, 0.92))
        canvas.ellipse((0, -29.4), 2.4, 1.9, fill=(24, 26, 32))
        look = HeadLook((255, 219, 187), (40, 30, 30), "helmet", livery.helmet, trim)
        head(canvas, (0, -21.4), 4.9, look)
        _front_halo(canvas)
        for side in (-1, 1):
            canvas.line(((side * 5, -12), (side * 22, -12.5)), (30, 32, 38), 1.0)
            canvas.line(((side * 5, -8), (side * 22, -7.5)), (30, 32, 38), 1.0)
            canvas.rect((side * 12.4 - 2.4, -20.6, 4.8, 2.8), shade(body, 0.9), radius=0.8)
            _front_tyre(canvas, (side * 23.5, -9), 11.5, 17.6, _TYRE)
        nose = ((-7.5, -17.4), (7.5, -17.4), (4.4, -5.2), (2.4, -3.4), (-2.4, -3.4), (-4.4, -5.2))
        canvas.polygon(nose, mix(body, (255, 255, 255), 0.1))
        canvas.polygon(((-1.7, -17.4), (1.7, -17.4), (1.2, -4), (-1.2, -4)), trim)
        canvas.polygon(((-29, -4.6), (-4, -3.2), (4, -3.2), (29, -4.6), (29, -1), (-29, -1)), body)
        canvas.rect((-29, -2.4, 58, 1.5), trim)
        for side in (-1, 1):
            canvas.rect((side * 29 - 1, -7.4, 2, 6.6), shade(body, 0.7))


def _front_halo(canvas: Canvas) -> None:
    ink = (30, 32, 38)
    canvas.arc((0, -19), (7.4, 6.4), (180, 360), ink, 1.7)
    canvas.line(((0, -24), (0, -17.4)), ink, 1.1)


def _front_tyre(canvas: Canvas, at: Point, width: float, height: float, color: Color) -> None:
    x, y = at
    canvas.rect((x - width / 2, y - height / 2, width, height), color, radius=3.2)
    canvas.rect(
        (x - width / 2 + 2, y - height / 2 + 1, width * 0.28, height - 2),
        mix(color, (255, 255, 255), 0.14),
        radius=1.4,
    )


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
