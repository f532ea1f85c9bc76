"""Heads and faces, from a few pixels in a crowd to a portrait that shows what somebody feels."""

from dataclasses import dataclass
from typing import Literal

from f1cap.training.canvas import Canvas, Color, Point, circle_points, mix, shade, smooth

HairStyle = Literal["short", "curly", "long", "bun", "bald", "cap", "helmet", "headset"]
Mood = Literal["neutral", "happy", "joy", "sad", "cry", "angry"]
View = Literal["front", "side", "back"]

SKINS: tuple[Color, ...] = (
    (255, 219, 187),
    (241, 194, 155),
    (224, 168, 122),
    (188, 126, 84),
    (140, 88, 58),
    (104, 66, 46),
)

_INK: Color = (46, 30, 34)


@dataclass(frozen=True)
class HeadLook:
    """Skin, hair and what is worn on the head."""

    skin: Color
    hair: Color
    style: HairStyle = "short"
    hat: Color = (200, 30, 30)  # colour of a cap or helmet
    trim: Color = (255, 255, 255)  # second colour of a cap or helmet
    beard: bool = False


def head(  # noqa: PLR0913  a drawing call reads best as one line of keywords
    canvas: Canvas,
    at: Point,
    radius: float,
    look: HeadLook,
    *,
    mood: Mood = "neutral",
    view: View = "front",
) -> None:
    """Draw a head centred on `at`; details that would be smudges at this size are left out."""
    with canvas.group(at, radius / 10):
        if look.style == "helmet":
            _helmet(canvas, look, view)
            return
        detailed = canvas.unit_pixels * 10 > 3.4
        _back_hair(canvas, look)
        if view == "front":
            for side in (-1, 1):
                canvas.ellipse((side * 9.2, 1), 2.1, 2.8, fill=shade(look.skin, 0.88))
        canvas.ellipse((0, 0.4), 9.2, 10.4, fill=look.hair if view == "back" else look.skin)
        if view == "front" and detailed:
            _face(canvas, look, mood)
        elif view == "side":
            _profile(canvas, look)
        _front_hair(canvas, look, view)


def _face(canvas: Canvas, look: HeadLook, mood: Mood) -> None:
    dark = mix(look.skin, _INK, 0.85)
    fine = canvas.unit_pixels * 10 > 14
    if fine:
        for side in (-1, 1):
            canvas.glow((side * 5.4, 3.6), 3.4, 2.6, fill=(236, 92, 92), strength=0.42)
    if look.beard:
        chin = ((9.1, 1), (8.2, 6.4), (4.6, 10.6), (0, 11.6), (-4.6, 10.6), (-8.2, 6.4), (-9.1, 1))
        cheek = ((-6.6, 4.2), (-3, 3), (0, 3.4), (3, 3), (6.6, 4.2))
        canvas.polygon((*smooth(chin, closed=False), *smooth(cheek, closed=False)), look.hair)
    _eyes(canvas, mood, dark, fine)
    _brows(canvas, look, mood)
    _mouth(canvas, mood, dark)
    canvas.line(((0, 0.6), (0.9, 2.6), (-0.5, 2.9)), shade(look.skin, 0.72), 0.7)
    if mood == "cry":
        for side in (-1, 1):
            canvas.line(((side * 4.2, 1), (side * 4.8, 6.5)), (96, 182, 250), 1.7, caps=True)
            canvas.ellipse((side * 4.9, 7.2), 1.3, 1.7, fill=(96, 182, 250))


def _eyes(canvas: Canvas, mood: Mood, dark: Color, fine: bool) -> None:
    for side in (-1, 1):
        x = side * 3.7
        if mood == "joy":
            canvas.arc((x, 0.2), (1.9, 1.8), (195, 345), dark, 1.1)
        elif mood == "cry":
            canvas.arc((x, -1.6), (1.9, 1.5), (15, 165), dark, 1.1)
        elif fine:
            canvas.ellipse((x, -0.7), 2.0, 1.7, fill=(255, 255, 255))
            canvas.ellipse((x, -0.5), 1.3, 1.4, fill=dark)
            canvas.ellipse((x + 0.4, -1.0), 0.42, fill=(255, 255, 255))
        else:
            canvas.ellipse((x, -0.6), 1.3, 1.6, fill=dark)


def _brows(canvas: Canvas, look: HeadLook, mood: Mood) -> None:
    tilt = {"sad": -1.5, "cry": -1.8, "angry": 1.4}.get(mood, 0.0)
    lift = 0.8 if mood in {"joy", "happy"} else 0.0
    color = mix(look.hair, _INK, 0.3)
    for side in (-1, 1):
        inner, outer = (side * 2.0, -4.0 + tilt - lift), (side * 5.8, -4.2 - tilt * 0.5 - lift)
        canvas.line((inner, outer), color, 1.1, caps=True)


def _mouth(canvas: Canvas, mood: Mood, dark: Color) -> None:
    if mood == "joy":
        canvas.polygon(circle_points((0, 3.9), 4.7, 4.7, 0, 180), (122, 30, 40))
        canvas.polygon(((-4.7, 3.9), (4.7, 3.9), (4.2, 5.7), (-4.2, 5.7)), (255, 255, 255))
    elif mood == "happy":
        canvas.arc((0, 3.4), (4.2, 3.4), (20, 160), dark, 1.2)
    elif mood in {"sad", "angry"}:
        canvas.arc((0, 8.4), (3.6, 3.0), (205, 335), dark, 1.2)
    elif mood == "cry":
        canvas.polygon(circle_points((0, 8.4), 3.5, 3.6, 180, 360), (122, 30, 40))
    else:
        canvas.line(((-2.6, 6), (2.6, 6)), dark, 1.1, caps=True)


def _profile(canvas: Canvas, look: HeadLook) -> None:
    canvas.polygon(((8.2, -0.5), (11.2, 3), (8, 4)), look.skin)
    canvas.ellipse((4.8, -0.6), 1.2, 1.6, fill=_INK)
    canvas.line(((5, 6), (8, 5.6)), mix(look.skin, _INK, 0.7), 1.0)
    canvas.ellipse((-1.5, 1), 1.8, 2.4, fill=shade(look.skin, 0.85))


def _back_hair(canvas: Canvas, look: HeadLook) -> None:
    if look.style == "long":
        # Two locks that leave the neck free: one mass below the chin would look like a beard.
        dark = shade(look.hair, 0.85)
        for side in (-1, 1):
            lock = ((0, -10), (9, -8), (11.6, 3), (11.8, 11), (9.4, 16), (6.4, 14), (6, 4))
            canvas.blob(tuple((side * x, y) for x, y in lock), dark)
    elif look.style == "bun":
        canvas.ellipse((0, -12), 4.2, fill=look.hair)


def _front_hair(canvas: Canvas, look: HeadLook, view: View) -> None:
    if look.style == "bald":
        return
    if look.style == "cap":
        _cap(canvas, look, view)
        return
    top = ((-9.9, 0), (-9.7, -6), (-5, -11.3), (2, -11.6), (8, -9), (10, -4), (9.7, 0))
    if view == "side":
        fringe: tuple[Point, ...] = ((6.5, -4.5), (0, -4), (-3, -1), (-4, 6), (-8.5, 6))
    else:
        fringe = ((8.0, -3.2), (3, -5.6), (-3, -6.4), (-7.6, -3.6))
    canvas.polygon((*smooth(top, closed=False), *fringe), look.hair)
    if look.style == "curly":
        for x, y in ((-8, -6), (-4, -9.8), (1, -10.8), (6, -9), (9, -5)):
            canvas.ellipse((x, y), 3.6, fill=look.hair)
    if look.style == "headset":
        canvas.arc((0, 0), (10.2, 11), (185, 355), look.hat, 2.4)
        for ear in (-1.5,) if view == "side" else (-9.6, 9.6):
            canvas.rect((ear - 2.3, -2.4, 4.6, 7), look.hat, radius=2)


def _cap(canvas: Canvas, look: HeadLook, view: View) -> None:
    dome = ((-10, -3.8), (-9.6, -8), (-5.5, -12.8), (0, -13.8), (5.5, -12.8), (9.6, -8), (10, -3.8))
    if view == "back":
        canvas.ellipse((0, 3), 9, 7, fill=look.hair)
    canvas.polygon(smooth(dome, closed=False), look.hat)
    if view == "side":
        canvas.rect((4, -6.2, 13, 2.6), shade(look.hat, 0.75), radius=1.2)
    elif view == "front":
        canvas.ellipse((0, -5.2), 10.4, 2.0, fill=shade(look.hat, 0.72))
        canvas.ellipse((0, -9.6), 2.5, 1.9, fill=look.trim)


def _helmet(canvas: Canvas, look: HeadLook, view: View) -> None:
    shell = ((0, -12.4), (8.5, -9.4), (11.6, -1), (10, 8), (5, 12.2), (-5, 12.2), (-10, 8))
    canvas.blob((*shell, (-11.6, -1), (-8.5, -9.4)), look.hat)
    canvas.arc((0, -0.5), (7.5, 9.4), (215, 325), look.trim, 2.6)
    glass, shine = (30, 36, 52), (112, 140, 180)
    if view == "front":
        canvas.rect((-9.4, -4, 18.8, 7.2), glass, radius=3.2)
        canvas.line(((-6, -1.6), (-1, -2.2)), shine, 1.3, caps=True)
        canvas.rect((-3.4, 6.4, 6.8, 1.6), shade(look.hat, 0.55), radius=0.8)
    elif view == "side":
        canvas.polygon(((1, -4.2), (11, -4.4), (11.4, 3), (3, 3)), glass)
        canvas.line(((5, -1.8), (9.5, -1.8)), shine, 1.3, caps=True)
    else:
        canvas.rect((-6, 2, 12, 3), look.trim, radius=1)
