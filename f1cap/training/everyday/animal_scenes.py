"""Scenes of animals."""

from collections.abc import Mapping
from random import Random

from f1cap.training.canvas import Canvas, Point, mix, shade
from f1cap.training.everyday.animals import beast, flying_bird, perched_bird, sitting_cat
from f1cap.training.everyday.facts import PAINTS
from f1cap.training.everyday.outdoors import draw_sky, landscape, light_of, shadow, tree
from f1cap.training.everyday.people import figure, make_body
from f1cap.training.scene import Drawing, Facts, count_of

_SPOTS: tuple[tuple[Point, ...], ...] = (
    ((64, 110),),
    ((37, 102), (90, 116)),
    ((32, 92), (97, 98), (62, 120)),
)


def _herd(rng: Random, facts: Facts) -> list[tuple[Point, bool]]:
    """Return where animals stand and which way they look, those behind first."""
    spots = _SPOTS[count_of(facts) - 1]
    jitter = 9 if len(spots) == 1 else 3
    return [
        ((x + rng.uniform(-jitter, jitter), y + rng.uniform(-2, 2)), rng.random() < 0.5)
        for x, y in spots
    ]


def _grazing(canvas: Canvas, rng: Random, facts: Facts) -> None:
    landscape(canvas, rng, facts)
    length = (78, 54, 46)[count_of(facts) - 1]
    for at, flip in _herd(rng, facts):
        coat = PAINTS[rng.choice(("brown", "brown", "black"))]
        shadow(canvas, at, length * 0.42)
        beast(
            canvas, facts["subject"], at, length, coat, "graze", flip=flip, seed=rng.randrange(99)
        )


def _leaves(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = landscape(canvas, rng, facts)
    left = rng.random() < 0.5
    x, side = (8.0, -1) if left else (120.0, 1)
    canvas.rect((x - 3, 40, 6, 74), light.lit((116, 82, 54)))
    leaf = light.lit((50, 128, 56))
    for dx, y, r in ((0, 22, 18), (8, 36, 13), (-6, 40, 14), (-14, 26, 12)):
        canvas.ellipse((x + side * dx, y), r, fill=leaf)
    canvas.ellipse((x, 18), 11, fill=shade(leaf, 1.14))
    count = count_of(facts)
    spots = (((74.0, 0.62),), ((86.0, 0.56), (44.0, 0.5)), ((94.0, 0.5), (62.0, 0.44), (30.0, 0.4)))
    for place, scale in reversed(spots[count - 1]):
        at = (place + rng.uniform(-3, 3), 92 + scale * 42)
        at = (128 - at[0], at[1]) if left else at
        shadow(canvas, at, scale * 30)
        beast(canvas, "giraffe", at, scale * 100, (0, 0, 0), flip=left)


def _drinking(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = landscape(canvas, rng, facts)
    canvas.ellipse((64, 122), 92, 19, fill=light.lit((176, 150, 96)))
    canvas.ellipse((64, 126), 88, 18, fill=light.lit((66, 156, 210)))
    for _ in range(7):
        x, y = rng.uniform(6, 112), rng.uniform(115, 126)
        canvas.line(((x, y), (x + 10, y)), light.lit((180, 224, 244)), 0.7)
    count = count_of(facts)
    length = (76, 48, 34)[count - 1]
    xs = ((60,), (31, 97), (20, 60, 107))[count - 1]
    for x in xs:
        at = (x + rng.uniform(-1, 1) * (6 - 2 * count), 108 + rng.uniform(-1.5, 1.5))
        flip = x > 64 if count > 1 else rng.random() < 0.5
        beast(
            canvas,
            facts["subject"],
            at,
            length,
            (0, 0, 0),
            "graze",
            flip=flip,
            seed=rng.randrange(99),
        )
        mouth = at[0] + (-0.58 if flip else 0.58) * length
        canvas.ellipse((mouth, at[1] - 1), 6, 1.8, fill=light.lit((220, 240, 250)))


def _galloping(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = landscape(canvas, rng, facts)
    length = (78, 52, 45)[count_of(facts) - 1] * 0.9
    flip = rng.random() < 0.5
    side = -1 if flip else 1
    for (x, y), _ in _herd(rng, facts):
        shadow(canvas, (x, y + 2), length * 0.46, 2.6)
        dust = light.lit((206, 214, 150))
        for k in range(3):
            at = (x - side * length * (0.5 + k * 0.1), y - k)
            canvas.ellipse(at, length * 0.07, length * 0.045, fill=dust)
        coat = PAINTS[facts["colour"]]
        beast(canvas, facts["subject"], (x, y - 3), length, coat, "run", flip=flip)


def _riding(canvas: Canvas, rng: Random, facts: Facts) -> None:
    landscape(canvas, rng, facts)
    at, flip = (64 + rng.uniform(-10, 10), 116 + rng.uniform(-2, 3)), rng.random() < 0.5
    shadow(canvas, at, 32, 2.8)
    length = rng.uniform(74, 80)
    beast(canvas, "horse", at, length, PAINTS[facts["colour"]], flip=flip)
    side = -1 if flip else 1
    top = rng.choice(((222, 60, 60), (60, 110, 210), (240, 236, 226)))
    body = make_body(rng, facts["subject"], top)
    saddle = (at[0] - side * 2, at[1] - length * 0.6)
    canvas.rect((saddle[0] - 8, saddle[1] - 1, 16, 6), (96, 58, 36), radius=2)
    height = 62.0
    figure(canvas, (saddle[0], saddle[1] + height * 0.37), height, body, "ride", flip=flip)
    canvas.line(
        (
            (at[0] + side * length * 0.12, at[1] - length * 0.88),
            (at[0] + side * length * 0.5, at[1] - length * 0.78),
        ),
        (70, 44, 34),
        1,
    )


def _perched(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 128)
    flip = rng.random() < 0.5
    leaf = light.lit((70, 146, 66))
    with canvas.group((64, rng.uniform(-4, 4)), flip=flip):
        bark = light.lit((116, 80, 50))
        canvas.curve(((-70, 106), (-30, 96), (20, 95), (72, 86)), bark, 7)
        canvas.curve(((-30, 96), (-46, 116), (-48, 134)), bark, 4)
        canvas.curve(((34, 93), (54, 106), (66, 108)), bark, 3.6)
        for x, y in ((-58, 92), (-40, 110), (-56, 122), (48, 80), (62, 76), (58, 104), (44, 116)):
            size = rng.uniform(0.9, 1.2)
            with canvas.group((x, y), size, angle=rng.uniform(-60, 60)):
                canvas.blob(((-9, 0), (0, -4.6), (9, 0), (0, 4.6)), leaf)
                canvas.line(((-8, 0), (8, 0)), shade(leaf, 0.8), 0.7)
    count = count_of(facts)
    height = (54, 42, 34)[count - 1]
    for x in ((64,), (42, 86), (30, 64, 98))[count - 1]:
        at = (x + rng.uniform(-3, 3), 91.5 - (x - 64) * (-0.13 if flip else 0.13) * 0.9)
        perched_bird(canvas, at, height, PAINTS[facts["colour"]], flip=rng.random() < 0.5)


def _flying(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 92)
    canvas.gradient((0, 90, 128, 39), light.lit((22, 116, 184)), light.lit((60, 170, 210)))
    for i in range(12):
        x, y = rng.uniform(0, 120), 94 + i * 2.8
        canvas.curve(((x - 8, y + 1), (x, y - 1.4), (x + 8, y + 1)), light.lit((206, 236, 248)), 1)
    count = count_of(facts)
    width = (86, 56, 46)[count - 1]
    spots = (((64, 58),), ((38, 38), (88, 68)), ((34, 30), (96, 42), (60, 74)))[count - 1]
    flip = rng.random() < 0.5
    for x, y in spots:
        at = (x + rng.uniform(-4, 4), y + rng.uniform(-4, 4))
        rise = rng.uniform(0.6, 1.0)
        flying_bird(canvas, at, width, PAINTS[facts["colour"]], flip=flip, rise=rise)


def _windowsill(canvas: Canvas, rng: Random, facts: Facts) -> None:
    wall = rng.choice(((244, 226, 196), (214, 226, 232), (236, 214, 208)))
    draw_sky(canvas, rng, facts, 100)
    light = light_of(facts)
    canvas.rect((0, 78, 128, 40), light.lit((110, 180, 86)))
    for middle in (26, 60, 100):
        tree(canvas, (middle + rng.uniform(-5, 5), 84), rng.uniform(22, 30), light)
    if facts["sky"] == "rainy":
        for _ in range(26):
            x, y = rng.uniform(16, 114), rng.uniform(10, 90)
            canvas.line(((x, y), (x - 2, y + 7)), (220, 232, 246), 0.8)
    for part in ((0, 0, 14, 128), (114, 0, 14, 128), (0, 0, 128, 8), (0, 104, 128, 24)):
        canvas.rect(part, wall)
    frame = (250, 250, 248)
    for box in (
        (14, 8, 3.4, 92),
        (110.6, 8, 3.4, 92),
        (14, 8, 100, 3.4),
        (62, 8, 3, 92),
        (14, 46, 100, 2.6),
    ):
        canvas.rect(box, frame)
    cloth = mix(wall, (150, 90, 90), 0.4)
    for x in (4, 112):
        canvas.rect((x, 4, 13, 92), cloth, radius=3)
        for dx in (3, 7):
            canvas.line(((x + dx, 6), (x + dx, 94)), shade(cloth, 0.86), 0.8)
    canvas.rect((6, 99, 116, 7), frame, radius=1.5)
    canvas.rect((6, 105, 116, 2.4), (214, 210, 204))
    at = (64 + rng.uniform(-22, 22), 101.0)
    sitting_cat(canvas, at, rng.uniform(56, 64), PAINTS[facts["colour"]])


ANIMALS: Mapping[str, Drawing] = {
    "grazing": _grazing,
    "leaves": _leaves,
    "drinking": _drinking,
    "galloping": _galloping,
    "riding": _riding,
    "perched": _perched,
    "flying": _flying,
    "windowsill": _windowsill,
}
