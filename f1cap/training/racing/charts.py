"""What the screens of a team show: lap times, tyre wear, speed, pit stops, the track map."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Box, Canvas, Color, Point, smooth

PANEL: Color = (16, 24, 44)
_GRID: Color = (44, 58, 88)
_AXIS: Color = (150, 164, 192)
_INK: Color = (232, 238, 248)
# None of these is a team's colour at full strength, so that a chart never looks like a team.
_SERIES: tuple[Color, ...] = ((120, 226, 236), (255, 170, 190), (236, 238, 244))


def draw_chart(canvas: Canvas, rng: Random, action: str, box: Box) -> None:
    """Draw the chart that belongs to an action, on a dark panel."""
    canvas.rect(box, PANEL)
    _CHARTS[action](canvas, rng, box)


def _title(canvas: Canvas, box: Box, text: str) -> None:
    x, y, w, h = box
    canvas.text((x + w / 2, y + h * 0.09), text, _INK, h * 0.13)


def _axes(canvas: Canvas, box: Box) -> Box:
    """Draw a grid with axes and return the box inside them."""
    x, y, w, h = box
    inner = (x + w * 0.08, y + h * 0.2, w * 0.86, h * 0.68)
    left, top, width, height = inner
    for i in range(1, 5):
        level = top + height * i / 5
        canvas.line(((left, level), (left + width, level)), _GRID, 0.4)
    bottom = top + height
    canvas.line(((left, top), (left, bottom), (left + width, bottom)), _AXIS, 0.8)
    return inner


def _laptimes(canvas: Canvas, rng: Random, box: Box) -> None:
    x, y, w, h = box
    _title(canvas, box, "LAP TIMES")
    rows = 6
    step = h * 0.8 / rows
    for row in range(rows):
        top = y + h * 0.185 + row * step
        canvas.rect((x + w * 0.04, top, w * 0.92, step * 0.8), (32, 44, 72), radius=0.6)
        canvas.rect((x + w * 0.04, top, w * 0.1, step * 0.8), (226, 232, 242), radius=0.6)
        canvas.text((x + w * 0.09, top + step * 0.42), str(row + 1), PANEL, step * 0.8)
        time = f"1:{20 + row // 2}.{rng.randint(100, 999)}"
        canvas.text((x + w * 0.3, top + step * 0.42), time, _INK, step * 0.78)
        for sector in range(3):
            color = rng.choice(((120, 226, 236), (255, 170, 190), (150, 160, 180)))
            canvas.rect((x + w * (0.5 + sector * 0.155), top + 1, w * 0.13, step * 0.8 - 2), color)


def _degradation(canvas: Canvas, rng: Random, box: Box) -> None:
    _title(canvas, box, "TYRE WEAR")
    left, top, width, height = _axes(canvas, box)
    for i, color in enumerate(_SERIES):
        end = 0.5 + 0.17 * i + rng.uniform(-0.04, 0.04)
        points = []
        for step in range(9):
            t = step / 8
            fall = 0.06 * i + (0.98 - 0.06 * i) * (t ** (1.5 + 0.3 * i)) * 0.92
            points.append((left + width * end * 1.1 * t, top + height * min(fall, 0.98)))
        canvas.line(points, color, 1.5)
        for point in points[::2]:
            canvas.ellipse(point, 1.3, fill=color)


def _telemetry(canvas: Canvas, rng: Random, box: Box) -> None:
    _title(canvas, box, "SPEED")
    left, top, width, height = _axes(canvas, box)
    for i, color in enumerate(_SERIES[:2]):
        points: list[Point] = []
        x = 0.0
        while x < 1:
            points.append((left + width * x, top + height * rng.uniform(0.06, 0.14)))
            points.append((left + width * min(x + 0.035, 1), top + height * rng.uniform(0.5, 0.8)))
            x += 0.17
        points.append((left + width, top + height * 0.1))
        shifted = [(px, py + i * 2.6) for px, py in points]
        canvas.line(shifted, color, 1.2)


def _stops(canvas: Canvas, rng: Random, box: Box) -> None:
    _title(canvas, box, "PIT STOPS")
    left, top, width, height = _axes(canvas, box)
    bars = 6
    for i in range(bars):
        tall = height * rng.uniform(0.35, 0.95)
        x = left + width * (i + 0.2) / bars
        color = _SERIES[0] if i % 2 else (236, 238, 244)
        canvas.rect((x, top + height - tall, width * 0.62 / bars, tall), color)


def _map(canvas: Canvas, rng: Random, box: Box) -> None:
    x, y, w, h = box
    _title(canvas, box, "TRACK MAP")
    outline = rng.choice(
        (
            ((0.12, 0.4), (0.3, 0.22), (0.62, 0.28), (0.88, 0.24), (0.9, 0.55), (0.66, 0.56)),
            ((0.1, 0.3), (0.4, 0.36), (0.6, 0.2), (0.88, 0.3), (0.82, 0.62), (0.6, 0.52)),
        )
    )
    lower = ((0.56, 0.86), (0.34, 0.78), (0.3, 0.58), (0.14, 0.66))
    points = tuple((x + w * u, y + h * v) for u, v in (*outline, *lower))
    track = smooth(points, steps=10)
    canvas.line((*track, track[0], track[1]), (236, 240, 248), 2.4)
    for i in range(6):
        at = track[(i * 16 + rng.randint(0, 11)) % len(track)]
        canvas.ellipse(at, 2.7, fill=PANEL)
        canvas.ellipse(at, 2.1, fill=_SERIES[i % 2])


def mini_chart(canvas: Canvas, rng: Random, box: Box) -> None:
    """Draw a small screen with one of several plain charts."""
    x, y, w, h = box
    canvas.rect(box, PANEL)
    kind = rng.randrange(3)
    color = rng.choice(_SERIES)
    if kind == 0:
        for row in range(4):
            length = w * rng.uniform(0.4, 0.8)
            canvas.rect((x + w * 0.1, y + h * (0.14 + row * 0.2), length, h * 0.1), color)
    elif kind == 1:
        points = [(x + w * (0.1 + 0.16 * i), y + h * rng.uniform(0.2, 0.8)) for i in range(6)]
        canvas.line(points, color, 0.9)
    else:
        for i in range(4):
            tall = h * rng.uniform(0.25, 0.7)
            canvas.rect((x + w * (0.12 + i * 0.2), y + h * 0.88 - tall, w * 0.13, tall), color)


_CHARTS: Mapping[str, Callable[[Canvas, Random, Box], None]] = {
    "laptimes": _laptimes,
    "degradation": _degradation,
    "telemetry": _telemetry,
    "stops": _stops,
    "map": _map,
}
