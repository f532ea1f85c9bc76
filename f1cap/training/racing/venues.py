"""Places beside the track, from the podium to the control room, and what their screens show."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Box, Canvas, Color, Point, shade, smooth
from f1cap.training.racing.tracks import (
    barrier,
    draw_sky,
    floodlight,
    grandstand,
    kerb,
    light_of,
    puddles,
)
from f1cap.training.scene import Facts


def draw_venue(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    """Draw the scene's place, empty, with the floor in the lower part of the image."""
    _VENUES[facts["place"]](canvas, rng, facts, team)


def _podium(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    light = light_of(facts)
    draw_sky(canvas, rng, facts, 84)
    for x in (-3, 7, 117, 127):
        canvas.ellipse((x, 92), 9, 14, fill=light.lit((72, 140, 84)))
    canvas.rect((12, 24, 104, 76), light.lit((236, 238, 242)))
    canvas.rect((12, 24, 104, 5), light.lit((70, 78, 98)))
    for row in range(3):
        for column in range(5):
            box = (19 + column * 20 + (row % 2) * 4, 35 + row * 16, 11, 4)
            canvas.rect(box, light.lit((206, 212, 222)), radius=1)
    for x in (9, 116):
        canvas.rect((x, 16, 3, 90), light.lit((120, 128, 144)))
    if facts["time"] == "night":
        for x in (24, 104):
            canvas.glow((x, 24), 26, 34, fill=(255, 246, 210), strength=0.6)
            canvas.rect((x - 4, 20, 8, 3), (255, 250, 224), radius=1)
    canvas.rect((0, 100, 128, 28), light.lit((120, 126, 140)))
    puddles(canvas, rng, facts, 112)


def podium_steps(canvas: Canvas, facts: Facts, places: int) -> tuple[tuple[float, float], ...]:
    """Draw the steps for one to three drivers and return where they stand."""
    light = light_of(facts)
    spots = (((64, 1),), ((46, 1), (82, 2)), ((64, 1), (30, 2), (98, 3)))[places - 1]
    tops = {1: 94.0, 2: 100.0, 3: 104.0}
    stands: list[tuple[float, float]] = []
    for x, rank in spots:
        top = tops[rank]
        canvas.rect((x - 17, top, 34, 128 - top), light.lit((214, 218, 226)))
        canvas.rect((x - 17, top, 34, 2.4), light.lit((246, 248, 250)))
        canvas.text((x, top + 13), str(rank), light.lit((70, 78, 98)), 17)
        stands.append((x, top + 0.8))
    return tuple(stands)


def _grandstand(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    light = light_of(facts)
    draw_sky(canvas, rng, facts, 40)
    canvas.rect((0, 40, 128, 48), light.lit((96, 160, 92)))
    grandstand(canvas, rng, light, (4, 32, 120, 52))
    if facts["time"] == "night":
        for x in (14, 114):
            floodlight(canvas, x, 14, 34)
    barrier(canvas, light, 84)
    canvas.rect((0, 90, 128, 38), light.lit((116, 120, 130)))
    kerb(canvas, light, 90)
    puddles(canvas, rng, facts, 96)


def _paddock(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    light = light_of(facts)
    draw_sky(canvas, rng, facts, 50)
    glass = (255, 226, 150) if facts["time"] == "night" else light.lit((120, 150, 180))
    canvas.rect((0, 50, 128, 41), light.lit((112, 150, 108)))
    x = rng.uniform(-16, -4)
    while x < 128:
        body = light.lit(rng.choice(((240, 242, 246), (214, 220, 230), (176, 184, 198))))
        canvas.rect((x, 38, 40, 52), body, radius=2)
        canvas.rect((x + 3, 43, 34, 10), glass, radius=1)
        canvas.rect((x + 4, 60, 12, 30), light.lit((92, 100, 118)), radius=1)
        canvas.rect((x + 20, 62, 16, 14), glass, radius=1)
        canvas.polygon(
            ((x, 56), (x + 40, 56), (x + 43, 60), (x - 3, 60)), light.lit((104, 114, 134))
        )
        x += 43
    for mast in (rng.uniform(4, 30), rng.uniform(98, 124)):
        canvas.line(((mast, 22), (mast, 90)), light.lit((150, 156, 168)), 0.8)
        canvas.polygon(((mast, 22), (mast + 9, 24), (mast, 29)), team)
    if facts["time"] == "night":
        for lamp in (22, 106):
            floodlight(canvas, lamp, 26, 90)
    canvas.gradient((0, 90, 128, 39), light.lit((168, 170, 176)), light.lit((190, 192, 198)))
    puddles(canvas, rng, facts, 96)


def _garage(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    canvas.gradient((0, 0, 128, 90), (206, 212, 222), (232, 236, 242))
    canvas.rect((0, 0, 128, 9), (78, 86, 104))
    for x in (14, 54, 94):
        canvas.rect((x, 6, 22, 4), (255, 255, 246), radius=1)
        canvas.glow((x + 11, 9), 18, 10, fill=(255, 255, 255), strength=0.7)
    canvas.rect((0, 18, 128, 6), team)
    for x in (0, 31, 63, 95, 127):
        canvas.rect((x - 0.4, 24, 0.8, 66), (184, 192, 204))
    left = rng.random() < 0.5
    _cabinet(canvas, 4 if left else 96, team)
    _tyre_rack(canvas, rng, 100 if left else 6)
    canvas.gradient((0, 90, 128, 39), (146, 152, 164), (172, 178, 190))
    canvas.rect((0, 89, 128, 2), (104, 112, 128))


def _cabinet(canvas: Canvas, x: float, team: Color) -> None:
    canvas.rect((x, 58, 28, 32), (88, 96, 114), radius=1)
    for row in range(4):
        canvas.rect((x + 2, 61 + row * 7, 24, 5), (118, 126, 146), radius=0.8)
        canvas.rect((x + 10, 63 + row * 7, 8, 1), (206, 212, 222))
    canvas.rect((x, 56, 28, 2.4), shade(team, 0.85))


def _tyre_rack(canvas: Canvas, rng: Random, x: float) -> None:
    for row in range(3):
        for column in range(2):
            at = (x + 6 + column * 12, 83 - row * 12)
            canvas.ellipse(at, 5.8, fill=(44, 46, 54))
            canvas.ring(at, 4.4, rng.choice(((236, 236, 240), (240, 208, 70))), 0.7)
            canvas.ellipse(at, 2.8, fill=(128, 134, 146))


def _pit_lane(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    light = light_of(facts)
    draw_sky(canvas, rng, facts, 36)
    canvas.rect((0, 26, 128, 58), light.lit((208, 214, 222)))
    canvas.rect((0, 26, 128, 4), light.lit((130, 138, 152)))
    canvas.rect((0, 38, 128, 4.6), team)
    shift = rng.uniform(-14, 14)
    for i in range(-1, 4):
        x = i * 42 + shift
        inside = (255, 238, 190) if facts["time"] == "night" else (96, 104, 122)
        canvas.rect((x, 46, 34, 38), inside)
        canvas.rect((x, 46, 34, 5), shade(inside, 0.85))
        canvas.rect((x + 3, 62, 9, 22), shade(inside, 0.72), radius=1)
        canvas.rect((x + 20, 58, 10, 7), shade(inside, 1.3), radius=0.6)
        canvas.text((x + 38, 34.5), str(i + 2), light.lit((90, 98, 116)), 7)
    if facts["time"] == "night":
        for x in (22, 106):
            canvas.rect((x - 5, 25, 10, 2.4), (255, 250, 224), radius=1)
            canvas.glow((x, 27), 24, 16, fill=(255, 246, 210), strength=0.6)
    canvas.gradient((0, 84, 128, 45), light.lit((112, 116, 126)), light.lit((132, 136, 146)))
    canvas.rect((0, 88, 128, 1), light.lit((246, 246, 244)))
    canvas.rect((0, 122, 128, 1.2), light.lit((244, 214, 96)))
    puddles(canvas, rng, facts, 94)


def _pit_wall(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    light = light_of(facts)
    draw_sky(canvas, rng, facts, 40)
    canvas.rect((0, 36, 128, 10), light.lit((104, 160, 96)))
    for i in range(9):
        canvas.ellipse((i * 16 + rng.uniform(-3, 3), 36), 8, 5, fill=light.lit((72, 132, 76)))
    if facts["time"] == "night":
        for x in (12, 116):
            floodlight(canvas, x, 18, 46)
    canvas.rect((0, 44, 128, 84), light.lit((122, 126, 136)))
    kerb(canvas, light, 44, 2.2)
    canvas.rect((0, 96, 128, 32), light.lit((176, 182, 192)))
    canvas.rect((0, 94, 128, 3), light.lit((236, 238, 242)))
    puddles(canvas, rng, facts, 104)


def _control_room(canvas: Canvas, rng: Random, facts: Facts, team: Color) -> None:
    canvas.gradient((0, 0, 128, 128), (40, 56, 92), (66, 86, 130))
    for i in range(9):
        canvas.rect((i * 16 - 0.3, 0, 0.6, 100), (54, 72, 112))
    canvas.rect((0, 3, 128, 4), team)
    for x in (20, 64, 108):
        canvas.glow((x, 2), 24, 16, fill=(190, 214, 255), strength=0.5)
    canvas.rect((0, 100, 128, 28), (50, 66, 102))
    for i in range(6):
        box = (3.0 + i * 21, 84.0, 17.0, 11.0)
        canvas.rect((box[0] - 0.8, box[1] - 0.8, 18.6, 12.6), (30, 38, 60), radius=0.8)
        mini_chart(canvas, rng, box)
        canvas.rect((box[0] + 7, 95.5, 3, 4), (30, 38, 60))
    canvas.rect((0, 99, 128, 2.4), (112, 136, 186))


_VENUES: Mapping[str, Callable[[Canvas, Random, Facts, Color], None]] = {
    "podium": _podium,
    "grandstand": _grandstand,
    "paddock": _paddock,
    "garage": _garage,
    "pit lane": _pit_lane,
    "pit wall": _pit_wall,
    "control room": _control_room,
}


_PANEL: Color = (16, 24, 44)
_GRID: Color = (44, 58, 88)
_AXIS: Color = (150, 164, 192)
_INK: Color = (232, 238, 248)
# None of these is a team's colour at full strength, so that a chart never looks like a team.
_SERIES: tuple[Color, ...] = ((120, 226, 236), (255, 170, 190), (236, 238, 244))


def draw_chart(canvas: Canvas, rng: Random, action: str, box: Box) -> None:
    """Draw the chart that belongs to an action, on a dark panel."""
    canvas.rect(box, _PANEL)
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
        canvas.text((x + w * 0.09, top + step * 0.42), str(row + 1), _PANEL, step * 0.8)
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
        canvas.ellipse(at, 2.7, fill=_PANEL)
        canvas.ellipse(at, 2.1, fill=_SERIES[i % 2])


def mini_chart(canvas: Canvas, rng: Random, box: Box) -> None:
    """Draw a small screen with one of several plain charts."""
    x, y, w, h = box
    canvas.rect(box, _PANEL)
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
