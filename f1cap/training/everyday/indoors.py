"""Scenes in a kitchen and in a living room."""

from collections.abc import Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.everyday.animals import lying_cat, lying_dog
from f1cap.training.everyday.facts import PAINTS
from f1cap.training.everyday.people import Body, figure, make_body
from f1cap.training.scene import Drawing, Facts

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


def _living_room(canvas: Canvas, rng: Random, floor: float = 96) -> None:
    wall = rng.choice(((240, 226, 196), (210, 224, 226), (232, 218, 226), (222, 228, 208)))
    canvas.rect((0, 0, 128, floor), wall)
    for i in range(9):
        canvas.rect((i * 16 + 4, 0, 5, floor), shade(wall, 0.97))
    canvas.rect((0, floor - 3, 128, 3), (250, 248, 244))
    wood = (190, 140, 96)
    canvas.rect((0, floor, 128, 129 - floor), wood)
    for i in range(4):
        canvas.line(((0, floor + 7 + i * 8), (128, floor + 7 + i * 8)), shade(wood, 0.88), 0.7)


def _wall_picture(canvas: Canvas, at: Point) -> None:
    x, y = at
    canvas.rect((x, y, 26, 20), (120, 86, 58))
    canvas.rect((x + 2, y + 2, 22, 16), (176, 214, 232))
    canvas.polygon(
        ((x + 2, y + 18), (x + 9, y + 8), (x + 14, y + 13), (x + 18, y + 9), (x + 24, y + 18)),
        (120, 160, 120),
    )


def _lamp(canvas: Canvas, x: float, floor: float) -> None:
    canvas.glow((x, 34), 30, fill=(255, 240, 180), strength=0.8)
    canvas.rect((x - 1, 38, 2, floor - 34), (90, 80, 76))
    canvas.ellipse((x, floor + 4), 8, 2.4, fill=(90, 80, 76))
    canvas.polygon(((x - 6, 22), (x + 6, 22), (x + 12, 40), (x - 12, 40)), (255, 232, 160))


def _plant(canvas: Canvas, x: float, floor: float) -> None:
    for dx, dy in ((-11, -32), (-5, -42), (2, -46), (8, -40), (12, -28)):
        canvas.curve(
            ((x, floor - 8), (x + dx * 0.5, floor + dy * 0.7), (x + dx, floor + dy)),
            (58, 140, 70),
            4,
        )
    canvas.polygon(
        ((x - 8, floor - 12), (x + 8, floor - 12), (x + 5, floor + 4), (x - 5, floor + 4)),
        (190, 110, 74),
    )


def _couch(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _living_room(canvas, rng, 104)
    flip = rng.random() < 0.5
    _wall_picture(canvas, (rng.uniform(14, 88), 10))
    paint = PAINTS[facts["colour"]]
    dark = shade(paint, 0.78)
    canvas.ellipse((64, 117), 60, 4, fill=(0, 0, 0, 60))
    canvas.rect((10, 44, 108, 58), paint, radius=9)
    canvas.line(((64, 48), (64, 84)), dark, 1.4)
    canvas.rect((12, 82, 104, 16), shade(paint, 1.14), radius=4)
    canvas.rect((10, 96, 108, 16), dark, radius=3)
    for x in (2, 110):
        canvas.rect((x, 66, 16, 48), shade(paint, 0.9), radius=7)
    for x in (10, 112):
        canvas.rect((x, 112, 6, 6), (84, 60, 44))
    at = (64 + rng.uniform(-8, 8), 85.0)
    coats = (
        ("orange", "black", "white") if facts["subject"] == "cat" else ("brown", "black", "white")
    )
    names = [name for name in coats if name != facts["colour"]]
    coat = PAINTS[rng.choice(names)]
    with canvas.group(at, flip=flip):
        if facts["subject"] == "cat":
            lying_cat(canvas, (0, 0), 60, coat)
        else:
            lying_dog(canvas, (0, 0), 68, coat)


def _television(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _living_room(canvas, rng)
    flip = rng.random() < 0.5
    with canvas.group((64, 0), flip=flip):
        _plant(canvas, 8, 96)
        canvas.rect((22, 92, 42, 18), (120, 86, 62), radius=1)
        canvas.rect((38, 86, 12, 7), (50, 52, 60))
        canvas.rect((21, 44, 44, 43), (40, 42, 50), radius=2)
        canvas.gradient((24, 47, 38, 20), (90, 180, 250), (190, 228, 250))
        canvas.rect((24, 67, 38, 17), (96, 180, 90))
        canvas.ellipse((52, 54), 4.4, fill=(255, 226, 90))
        canvas.polygon(((28, 68), (38, 54), (47, 68)), (120, 128, 150))
        canvas.glow((43, 64), 34, fill=(220, 240, 255), strength=0.35)
        gray: Color = rng.choice(((150, 138, 130), (120, 132, 150), (170, 150, 120)))
        canvas.rect((-62, 62, 22, 52), shade(gray, 0.85), radius=7)
        canvas.rect((-58, 90, 50, 24), gray, radius=5)
        body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
        figure(canvas, (-32, 118), 100, body, "sit")
        canvas.rect((-50, 92, 34, 12), shade(gray, 1.16), radius=5)


def _laptop(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _living_room(canvas, rng)
    flip = rng.random() < 0.5
    _wall_picture(canvas, (14 if not flip else 88, 12))
    with canvas.group((64, 0), flip=flip):
        canvas.rect((-52, 78, 5, 40), (70, 74, 86), radius=2)
        canvas.rect((-50, 96, 32, 5), (70, 74, 86), radius=2)
        canvas.rect((-36, 100, 4, 20), (70, 74, 86))
        body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
        figure(canvas, (-34, 122), 100, body, "sit")
        wood = (168, 118, 76)
        canvas.rect((-14, 84, 76, 5), wood)
        for x in (-8, 54):
            canvas.rect((x, 89, 5, 34), shade(wood, 0.8))
        canvas.rect((-8, 81, 30, 3.4), (190, 196, 206), radius=1)
        canvas.polygon(((19, 82), (23, 82), (33, 54), (29, 54)), (150, 156, 168))
        canvas.polygon(((17.5, 80.5), (20, 80.5), (29.4, 55), (27, 55)), (150, 210, 255))
        canvas.glow((20, 68), 18, fill=(190, 226, 255), strength=0.6)
        canvas.rect((42, 74, 9, 10), (250, 250, 250), radius=1.6)
        canvas.arc((52, 79), 3, (-90, 90), (250, 250, 250), 1.4)
        canvas.ellipse((-12, 80.6), 4.3, fill=body.head.skin)


def _reading(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _living_room(canvas, rng)
    flip = rng.random() < 0.5
    with canvas.group((64, 0), flip=flip):
        canvas.rect((30, 20, 30, 80), (132, 92, 62))
        for row in range(4):
            canvas.rect((32, 22 + row * 19, 26, 16), (84, 58, 42))
            for k in range(5):
                color = rng.choice(((170, 70, 60), (70, 100, 150), (200, 170, 90), (90, 130, 90)))
                canvas.rect((33 + k * 5, 25 + row * 19, 4.2, 13), color)
        _lamp(canvas, -52, 112)
        cloth: Color = rng.choice(((150, 130, 116), (120, 128, 146), (158, 150, 120)))
        canvas.rect((-38, 50, 20, 66), shade(cloth, 0.84), radius=8)
        canvas.rect((-34, 90, 46, 26), cloth, radius=5)
        body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
        x, y = figure(canvas, (-12, 120), 100, body, "sit")
        canvas.rect((-28, 93, 34, 10), shade(cloth, 1.15), radius=5)
        canvas.polygon(
            ((x + 2, y - 2), (x - 8, y - 18), (x + 1, y - 21), (x + 9, y - 4)), (246, 244, 236)
        )
        canvas.polygon(
            ((x + 2, y - 2), (x + 9, y - 4), (x + 19, y - 19), (x + 12, y - 22), (x + 4, y - 10)),
            (150, 50, 60),
        )
        canvas.line(((x + 2, y - 2), (x - 8, y - 18)), (150, 50, 60), 1.4)
        canvas.ellipse((x + 3, y - 2), 4.3, fill=body.head.skin)


def _blocks(canvas: Canvas, rng: Random, facts: Facts) -> None:
    _living_room(canvas, rng, 84)
    canvas.ellipse((64, 116), 60, 11, fill=(226, 214, 200))
    canvas.ellipse((64, 116), 52, 9, fill=(200, 180, 170))
    flip = rng.random() < 0.5
    _wall_picture(canvas, (14 if flip else 88, 16))
    _plant(canvas, 14 if not flip else 114, 84)
    with canvas.group((64, 0), flip=flip):
        body = make_body(rng, facts["subject"], PAINTS[facts["colour"]])
        colors = [(232, 60, 56), (60, 120, 230), (250, 208, 50), (70, 170, 90)]
        rng.shuffle(colors)
        for k in range(4):
            box = (24 + rng.uniform(-1.5, 1.5), 107 - k * 11.6, 12, 11)
            canvas.rect(box, colors[k], radius=1)
            canvas.rect((box[0] + 3, box[1] + 3, 6, 5), mix(colors[k], (255, 255, 255), 0.55))
        for x, k in ((42, 1), (50, 2), (6, 3)):
            canvas.rect((x, 110, 11, 10), colors[k], radius=1)
            canvas.rect((x + 3, 113, 5, 4), mix(colors[k], (255, 255, 255), 0.55))
        figure(canvas, (-20, 118), 118, body, "floor")


INDOORS: Mapping[str, Drawing] = {
    "cooking": _cooking,
    "dishes": _dishes,
    "chopping": _chopping,
    "fridge": _fridge,
    "couch": _couch,
    "television": _television,
    "laptop": _laptop,
    "reading": _reading,
    "blocks": _blocks,
}
