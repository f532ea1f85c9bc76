"""Animals: grazing, wild, lying about, perched and in flight."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Literal

from f1cap.training.canvas import (
    Canvas,
    Color,
    Point,
    mix,
    shade,
)

Stance = Literal["stand", "graze", "run"]

_INK: Color = (34, 30, 34)


def beast(  # noqa: PLR0913, PLR0917  a drawing call reads best as one line of keywords
    canvas: Canvas,
    name: str,
    at: Point,
    length: float,
    coat: Color,
    stance: Stance = "stand",
    *,
    flip: bool = False,
    seed: int = 0,
) -> None:
    """Draw one animal facing right, or left with `flip`, standing on `at`."""
    with canvas.group(at, length / 100, flip=flip):
        _BEASTS[name](canvas, coat, stance, Random(seed))


def _legs(canvas: Canvas, color: Color, stance: Stance, hoof: Color, width: float = 7) -> None:
    if stance == "run":
        joints = (
            ((-22, -42), (-40, -26), (-54, -12)),
            ((22, -42), (42, -36), (54, -20)),
            ((-20, -42), (-28, -22), (-44, -6)),
            ((20, -42), (34, -28), (44, -8)),
        )
    else:
        joints = (
            ((-17, -42), (-15, -20), (-16, 0)),
            ((17, -42), (18, -20), (16, 0)),
            ((-25, -42), (-28, -20), (-26, 0)),
            ((25, -42), (25, -20), (26, 0)),
        )
    for i, (hip, knee, foot) in enumerate(joints):
        tone = shade(color, 0.74) if i < 2 else color
        canvas.line((hip, knee, (foot[0], foot[1] - 2)), tone, width, caps=True)
        canvas.ellipse((foot[0] + 1, foot[1] - 1.8), width * 0.62, 2.6, fill=hoof)


def _horse(canvas: Canvas, coat: Color, stance: Stance, rng: Random) -> None:
    _equine(canvas, coat, shade(coat, 0.55), stance)


def _zebra(canvas: Canvas, coat: Color, stance: Stance, rng: Random) -> None:
    _equine(canvas, (246, 246, 242), _INK, stance)
    for i in range(9):
        x = -31 + i * 7.2
        bend = 3 if i < 5 else -2
        canvas.line(
            ((x, -61 + abs(i - 4) * 0.7), (x + bend, -50), (x + bend * 0.4, -39)), _INK, 2.9
        )
    for x in (-28, 25):
        for y in (-30, -22, -14):
            canvas.line(((x - 4, y), (x + 4, y)), _INK, 2.4)
    tips = ((34, -52, 42, -40), (40, -42, 48, -30), (44, -32, 53, -22))
    if stance != "graze":
        tips = ((26, -68, 36, -58), (30, -76, 40, -66), (34, -84, 44, -76))
    for x0, y0, x1, y1 in tips:
        canvas.line(((x0, y0), (x1, y1)), _INK, 2.9)


def _equine(canvas: Canvas, coat: Color, crest: Color, stance: Stance) -> None:
    tail = ((-33, -56), (-44, -50), (-47, -28))
    if stance == "run":
        tail = ((-33, -56), (-48, -60), (-60, -52))
    canvas.curve(tail, crest, 6)
    _legs(canvas, coat, stance, _INK)
    body = ((-35, -52), (-28, -63), (0, -60), (24, -64), (34, -52), (26, -38), (0, -35), (-26, -39))
    canvas.blob(body, coat)
    if stance == "graze":
        canvas.polygon(((20, -62), (34, -40), (56, -16), (44, -14), (22, -42)), coat)
        canvas.curve(((24, -64), (40, -46), (53, -24)), crest, 5)
        canvas.blob(((44, -22), (56, -22), (62, -6), (58, 0), (51, -2)), coat)
        canvas.polygon(((52, -22), (58, -30), (58, -19)), coat)
        canvas.ellipse((53, -14), 1.8, fill=_INK)
        return
    canvas.polygon(((14, -60), (28, -92), (42, -86), (33, -46)), coat)
    canvas.curve(((14, -64), (20, -80), (30, -93)), crest, 6.5)
    canvas.blob(((27, -92), (38, -97), (58, -80), (56, -72), (48, -73), (35, -78)), coat)
    canvas.polygon(((31, -93), (32, -104), (39, -95)), coat)
    canvas.ellipse((41, -87), 1.9, fill=_INK)
    canvas.ellipse((55, -76), 3.6, 3.4, fill=shade(coat, 0.8))


def _cow(canvas: Canvas, coat: Color, stance: Stance, rng: Random) -> None:
    white, patch = (250, 248, 242), rng.choice(((44, 40, 44), (134, 76, 40)))
    canvas.curve(((-40, -60), (-47, -44), (-46, -24)), patch, 3)
    _legs(canvas, white, "stand", _INK, 9)
    canvas.ellipse((-14, -32), 9, 6, fill=(242, 170, 166))
    canvas.rect((-42, -68, 76, 36), white, radius=13)
    for left, top, rx, ry in ((-26, -56, 11, 9), (2, -48, 11, 8), (22, -59, 8, 7), (-6, -64, 7, 4)):
        canvas.ellipse((left, top), rx, ry, fill=patch)
    if stance == "graze":
        canvas.polygon(((22, -64), (36, -44), (54, -26), (44, -14), (20, -40)), white)
        x, y = 50.0, -15.0
    else:
        canvas.polygon(((20, -66), (34, -72), (48, -62), (30, -40)), white)
        x, y = 46.0, -66.0
    canvas.line(((x - 5, y - 9), (x - 9, y - 18)), (222, 206, 170), 3, caps=True)
    canvas.line(((x + 4, y - 9), (x + 9, y - 17)), (222, 206, 170), 3, caps=True)
    canvas.ellipse((x - 12, y - 5), 6, 3.4, fill=patch)
    canvas.ellipse((x, y), 9, 12, fill=patch)
    canvas.ellipse((x + 3, y + 9), 8, 6.4, fill=(246, 186, 178))
    canvas.ellipse((x + 2, y - 4), 1.8, fill=(250, 250, 250))


def _sheep(canvas: Canvas, coat: Color, stance: Stance, rng: Random) -> None:
    face = (58, 52, 54)
    for leg in (-20, -10, 14, 23):
        canvas.line(((leg, -28), (leg, -2)), face, 6, caps=True)
    wool, shadow = (250, 248, 240), (216, 214, 206)
    for under in (-26, -9, 9, 24):
        canvas.ellipse((under, -34), 13, 12, fill=shadow)
    puffs = ((-32, -46), (-20, -54), (-4, -58), (12, -57), (26, -50), (-14, -42), (8, -42))
    for puff in puffs:
        canvas.ellipse(puff, 13, fill=wool)
    x, y = (46.0, -20.0) if stance == "graze" else (44.0, -58.0)
    canvas.line(((28, -46), (x - 5, y - 2)), wool, 17, caps=True)
    canvas.blob(((x - 8, y - 9), (x + 3, y - 11), (x + 11, y + 7), (x + 5, y + 12)), face)
    canvas.ellipse((x - 9, y - 6), 7, 3.2, fill=face)
    canvas.ellipse((x - 1, y - 11), 8.4, 5.4, fill=wool)
    canvas.ellipse((x + 3, y - 3), 1.6, fill=(250, 250, 250))


def _giraffe(canvas: Canvas, coat: Color, stance: Stance, rng: Random) -> None:
    fur, spot = (244, 204, 112), (164, 98, 40)
    canvas.curve(((-26, -76), (-34, -66), (-34, -50)), spot, 2.6)
    for x, tone in ((-12, 0.8), (14, 0.8), (-20, 1.0), (21, 1.0)):
        canvas.line(((x, -62), (x + 1, 0)), shade(fur, tone), 6, caps=True)
        canvas.ellipse((x + 2, -1.5), 4.6, 2.4, fill=(92, 66, 44))
    canvas.blob(
        ((-27, -74), (-18, -82), (10, -92), (26, -88), (27, -68), (0, -60), (-22, -62)), fur
    )
    canvas.polygon(((8, -90), (36, -150), (47, -148), (27, -72)), fur)
    canvas.blob(((35, -154), (44, -158), (64, -148), (64, -142), (50, -141), (37, -145)), fur)
    canvas.line(((37, -150), (10, -92)), spot, 3)
    for x in (38, 43):
        canvas.line(((x, -155), (x - 1, -166)), spot, 2.2, caps=True)
    canvas.polygon(((36, -154), (26, -157), (34, -149)), fur)
    canvas.ellipse((48, -151), 1.9, fill=_INK)
    spots = [(-18, -74), (-8, -69), (-6, -80), (4, -84), (5, -72), (15, -78), (19, -68), (-17, -66)]
    spots += [(18, -90), (24, -100), (26, -112), (33, -124), (36, -138), (29, -118), (21, -56)]
    for x, y in (*spots, (-19, -52), (-19, -42), (22, -44)):
        canvas.ellipse((x, y), 3.6, 3.9, fill=spot)


def _elephant(canvas: Canvas, coat: Color, stance: Stance, rng: Random) -> None:
    gray = rng.choice(((142, 146, 158), (156, 152, 154)))
    dark = shade(gray, 0.78)
    canvas.curve(((-42, -56), (-50, -44), (-49, -28)), dark, 2.8)
    for x in (-18, 12):
        canvas.rect((x - 7, -36, 14, 36), dark, radius=4)
    trunk = ((38, -62), (55, -46), (55, -24), (60, -6))
    if stance != "graze":
        trunk = ((38, -62), (55, -52), (57, -32), (53, -22))
    canvas.curve(trunk, gray, 11)
    canvas.curve(((40, -46), (52, -42), (62, -46)), (252, 250, 238), 4)
    canvas.blob(
        ((-44, -50), (-36, -72), (0, -80), (30, -72), (34, -42), (10, -28), (-34, -30)), gray
    )
    for x in (-30, 24):
        canvas.rect((x - 8, -40, 16, 40), gray, radius=4)
        for nail in (-4, 0.4, 5):
            canvas.ellipse((x + nail, -1.8), 2, 1.6, fill=(232, 226, 214))
    canvas.ellipse((34, -66), 17, 17, fill=gray)
    canvas.blob(((14, -80), (28, -78), (31, -62), (24, -42), (12, -50), (9, -66)), dark)
    canvas.blob(
        ((16, -76), (26, -74), (28, -62), (22, -48), (14, -54)), mix(dark, (220, 170, 170), 0.35)
    )
    canvas.ellipse((41, -68), 2.1, fill=_INK)


def _dog(canvas: Canvas, coat: Color, stance: Stance, rng: Random) -> None:
    dark = shade(coat, 0.66) if sum(coat) < 600 else (190, 180, 168)
    run = stance == "run"
    canvas.curve(((-32, -48), (-46, -58), (-48, -72)), coat, 6)
    _legs(canvas, coat, "run" if run else "stand", dark, 8)
    canvas.blob(
        ((-36, -46), (-26, -57), (6, -55), (28, -60), (34, -44), (20, -34), (-24, -37)), coat
    )
    canvas.polygon(((14, -58), (26, -76), (42, -66), (34, -42)), coat)
    canvas.ellipse((37, -74), 14, 12.4, fill=coat)
    canvas.rect((40, -75, 22, 12), coat, radius=5)
    canvas.ellipse((60, -73), 4, 3.4, fill=_INK)
    canvas.blob(((26, -86), (34, -86), (33, -68), (27, -58), (22, -66)), dark)
    canvas.ellipse((43, -78), 2.2, fill=_INK)
    canvas.line(((46, -64), (58, -65)), (214, 90, 100), 2.2, caps=True)
    canvas.line(((24, -60), (37, -53)), (226, 60, 60), 4, caps=True)


_BEASTS: Mapping[str, Callable[[Canvas, Color, Stance, Random], None]] = {
    "horse": _horse,
    "zebra": _zebra,
    "cow": _cow,
    "sheep": _sheep,
    "giraffe": _giraffe,
    "elephant": _elephant,
    "dog": _dog,
}


def _cat_face(canvas: Canvas, at: Point, radius: float, coat: Color) -> None:
    """Draw a cat's head from the front."""
    with canvas.group(at, radius / 10):
        for side in (-1, 1):
            canvas.polygon(((side * 9, -3), (side * 9.5, -14.5), (side * 1.5, -8.5)), coat)
            canvas.polygon(((side * 8, -6), (side * 8.4, -11.5), (side * 4, -8)), (240, 170, 170))
        canvas.ellipse((0, 0), 10.4, 9.4, fill=coat)
        for side in (-1, 1):
            canvas.ellipse((side * 4, -1), 2.5, 2.7, fill=(190, 226, 90))
            canvas.ellipse((side * 4, -1), 1.1, 2.4, fill=_INK)
            for dy in (-0.8, 1):
                canvas.line(((side * 4, 4), (side * 13, 4 + dy * 1.6)), (222, 218, 214), 0.6)
        canvas.ellipse((0, 4.2), 4.4, 3, fill=mix(coat, (255, 255, 255), 0.6))
        canvas.ellipse((0, 2.8), 1.5, 1.1, fill=(228, 120, 130))


def lying_cat(canvas: Canvas, at: Point, length: float, coat: Color) -> None:
    """Draw a cat that lies on `at`, its head to the right."""
    with canvas.group(at, length / 100):
        dark = shade(coat, 0.78)
        canvas.curve(((-38, -10), (-56, -6), (-50, -24)), dark, 8)
        canvas.blob(((-46, -12), (-32, -34), (2, -38), (30, -28), (36, -4), (0, 1), (-40, 0)), coat)
        canvas.ellipse((-24, -12), 18, 12, fill=mix(coat, dark, 0.45))
        for x in (-20, -8, 4):
            canvas.curve(((x, -37), (x + 3, -30), (x + 2, -24)), dark, 3)
        canvas.rect((18, -9, 32, 9), coat, radius=4.5)
        _cat_face(canvas, (34, -28), 19, coat)


def lying_dog(canvas: Canvas, at: Point, length: float, coat: Color) -> None:
    """Draw a dog that lies on `at`, its head to the right."""
    with canvas.group(at, length / 100):
        dark = shade(coat, 0.6)
        canvas.curve(((-42, -12), (-58, -12), (-62, -22)), coat, 7)
        canvas.blob(((-48, -12), (-36, -32), (2, -33), (28, -32), (34, -4), (0, 1), (-44, 0)), coat)
        canvas.ellipse((-28, -13), 17, 13, fill=mix(coat, dark, 0.3))
        canvas.rect((14, -9, 38, 9), coat, radius=4.5)
        canvas.ellipse((34, -32), 17, 15, fill=coat)
        canvas.blob(((32, -28), (46, -32), (60, -27), (60, -17), (46, -14), (34, -17)), coat)
        canvas.ellipse((59, -26), 4.6, 3.8, fill=_INK)
        canvas.blob(((18, -45), (28, -47), (30, -26), (23, -12), (15, -22)), dark)
        canvas.ellipse((41, -36), 2.6, fill=_INK)
        canvas.line(((48, -18), (58, -18.6)), dark, 1.8)


def sitting_cat(canvas: Canvas, at: Point, height: float, coat: Color) -> None:
    """Draw a cat that sits upright on `at`, looking at us."""
    with canvas.group(at, height / 100):
        dark = shade(coat, 0.78)
        canvas.curve(((20, -8), (44, -4), (50, -20), (42, -30)), dark, 9)
        canvas.blob(((-14, -66), (14, -66), (28, -24), (24, 0), (-24, 0), (-28, -24)), coat)
        canvas.ellipse((0, -40), 10, 16, fill=mix(coat, (255, 255, 255), 0.45))
        for x in (-9, 9):
            canvas.rect((x - 6, -34, 12, 34), mix(coat, dark, 0.3), radius=6)
        _cat_face(canvas, (0, -76), 20, coat)


def perched_bird(
    canvas: Canvas, at: Point, height: float, coat: Color, *, flip: bool = False
) -> None:
    """Draw a bird that sits on `at` and looks to the right."""
    dark = shade(coat, 0.66) if sum(coat) < 640 else (196, 200, 208)
    if sum(coat) < 180:
        dark = (92, 92, 108)
    with canvas.group(at, height / 100, flip=flip):
        canvas.polygon(((-18, -36), (-30, -28), (-62, 20), (-46, 22)), dark)
        for x in (-4, 10):
            canvas.line(((x, -14), (x + 2, 2)), (224, 150, 60), 4)
        canvas.blob(((-32, -30), (-16, -66), (14, -74), (34, -52), (26, -20), (0, -8)), coat)
        canvas.ellipse((16, -34), 14, 18, fill=mix(coat, (255, 255, 255), 0.4))
        canvas.ellipse((14, -78), 21, 19, fill=coat)
        canvas.polygon(((32, -84), (56, -75), (32, -70)), (246, 170, 40))
        canvas.ellipse((21, -82), 4.6, fill=(255, 255, 255))
        canvas.ellipse((22, -82), 3, fill=_INK)
        canvas.blob(((-8, -56), (4, -46), (-6, -20), (-36, -8), (-26, -34)), dark)


def flying_bird(  # noqa: PLR0913  a drawing call reads best as one line of keywords
    canvas: Canvas, at: Point, width: float, coat: Color, *, flip: bool = False, rise: float = 1.0
) -> None:
    """Draw a sea bird on spread wings, `width` units from tip to tip; `rise` lifts them."""
    tip = (60, 64, 78) if sum(coat) > 400 else (96, 98, 116)
    with canvas.group(at, width / 100, flip=flip):
        far = ((2, -4), (16, -30 * rise), (46, -36 * rise), (28, -14 * rise), (14, 3))
        canvas.polygon(far, shade(coat, 0.82))
        canvas.polygon(((28, -33 * rise), (46, -36 * rise), (34, -22 * rise)), tip)
        canvas.polygon(((-18, -2), (-38, -6), (-36, 5)), coat)
        canvas.ellipse((0, 0), 22, 7.4, fill=coat)
        canvas.ellipse((20, -4), 7.4, 6.4, fill=coat)
        canvas.polygon(((25, -6), (37, -2), (25, 0)), (246, 166, 40))
        canvas.ellipse((22, -5.4), 1.5, fill=_INK if sum(coat) > 400 else (255, 255, 255))
        near = ((8, -3), (-8, -32 * rise), (-48, -44 * rise), (-28, -16 * rise), (-14, 3))
        canvas.polygon(near, mix(coat, (160, 168, 182), 0.28))
        canvas.polygon(((-28, -38 * rise), (-48, -44 * rise), (-36, -28 * rise)), tip)
