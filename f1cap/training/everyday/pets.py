"""Cats, dogs at rest, and birds."""

from f1cap.training.canvas import Canvas, Color, Point, mix, shade

_INK: Color = (34, 30, 34)


def cat_face(canvas: Canvas, at: Point, radius: float, coat: Color) -> None:
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
        cat_face(canvas, (34, -28), 19, coat)


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
        cat_face(canvas, (0, -76), 20, coat)


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
