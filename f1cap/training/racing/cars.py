"""Open-wheel racing cars of invented teams, from the side and from the front."""

from dataclasses import dataclass

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
