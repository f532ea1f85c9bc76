"""Scenes in a living room."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.everyday.colours import PAINTS
from f1cap.training.everyday.people import figure, make_body
from f1cap.training.everyday.pets import lying_cat, lying_dog

Facts = Mapping[str, str]


def _room(canvas: Canvas, rng: Random, floor: float = 96) -> None:
    wall = rng.choice(((240, 226, 196), (210, 224, 226), (232, 218, 226), (222, 228, 208)))
    canvas.rect((0, 0, 128, floor), wall)
    for i in range(9):
        canvas.rect((i * 16 + 4, 0, 5, floor), shade(wall, 0.97))
    canvas.rect((0, floor - 3, 128, 3), (250, 248, 244))
    wood = (190, 140, 96)
    canvas.rect((0, floor, 128, 129 - floor), wood)
    for i in range(4):
        canvas.line(((0, floor + 7 + i * 8), (128, floor + 7 + i * 8)), shade(wood, 0.88), 0.7)


def _picture(canvas: Canvas, at: Point) -> None:
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
    _room(canvas, rng, 104)
    flip = rng.random() < 0.5
    _picture(canvas, (rng.uniform(14, 88), 10))
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
    _room(canvas, rng)
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
    _room(canvas, rng)
    flip = rng.random() < 0.5
    _picture(canvas, (14 if not flip else 88, 12))
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
    _room(canvas, rng)
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
    _room(canvas, rng, 84)
    canvas.ellipse((64, 116), 60, 11, fill=(226, 214, 200))
    canvas.ellipse((64, 116), 52, 9, fill=(200, 180, 170))
    flip = rng.random() < 0.5
    _picture(canvas, (14 if flip else 88, 16))
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


ROOMS: Mapping[str, Callable[[Canvas, Random, Facts], None]] = {
    "couch": _couch,
    "television": _television,
    "laptop": _laptop,
    "reading": _reading,
    "blocks": _blocks,
}
