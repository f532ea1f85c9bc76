"""A square drawing canvas of 128 x 128 units, anti-aliased, at any size in pixels."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

UNITS = 128.0

Color = tuple[int, ...]  # (r, g, b) or (r, g, b, alpha), 0 to 255
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, width, height
_Affine = tuple[float, float, float, float, float, float]


def mix(first: Color, second: Color, amount: float) -> Color:
    """Return the colour `amount` (0 to 1) of the way from `first` to `second`."""
    return tuple(round(a + (b - a) * amount) for a, b in zip(first[:3], second[:3], strict=True))


def shade(color: Color, factor: float) -> Color:
    """Darken (`factor` < 1) or lighten (`factor` > 1) a colour."""
    if factor <= 1:
        return mix((0, 0, 0), color, factor)
    return mix(color, (255, 255, 255), min(1.0, factor - 1))


def alpha(color: Color, opacity: float) -> Color:
    """Return the colour with an opacity of 0 to 1."""
    return (*color[:3], round(255 * opacity))


@lru_cache(maxsize=4096)
def smooth(points: tuple[Point, ...], closed: bool = True, steps: int = 6) -> tuple[Point, ...]:
    """Return a Catmull-Rom curve through `points`, as points of a polygon or a line."""
    count = len(points)
    curve: list[Point] = []
    for i in range(count if closed else count - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2))
        curve.extend(_catmull(p0, p1, p2, p3, step / steps) for step in range(steps))
    if not closed:
        curve.append(points[-1])
    return tuple(curve)


def _catmull(p0: Point, p1: Point, p2: Point, p3: Point, t: float) -> Point:
    def along(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t * t
            + (3 * b - a - 3 * c + d) * t * t * t
        )

    return along(p0[0], p1[0], p2[0], p3[0]), along(p0[1], p1[1], p2[1], p3[1])


def circle_points(center: Point, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Return points along an elliptical arc; angles in degrees, clockwise from three o'clock."""
    count = max(6, math.ceil(abs(end - start) / 12))
    angles = [math.radians(start + (end - start) * i / count) for i in range(count + 1)]
    return [(center[0] + rx * math.cos(a), center[1] + ry * math.sin(a)) for a in angles]


@lru_cache(maxsize=64)
def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=pixels)


@lru_cache(maxsize=256)
def _ramp(width: int, height: int, kind: str, strength: int) -> Image.Image:
    if kind == "radial":
        # Pillow's ramp is 0 at the centre, 255 in the corners: 181 where the circle meets the edge.
        table = [round(strength * max(0.0, 1 - i / 180) ** 1.5) for i in range(256)]
        ramp = Image.radial_gradient("L").point(table)
    else:
        ramp = Image.linear_gradient("L").point([strength * i // 255 for i in range(256)])
        if kind == "horizontal":
            ramp = ramp.transpose(Image.Transpose.ROTATE_90)
    return ramp.resize((width, height), Image.Resampling.BILINEAR)


class Canvas:
    """Draws in units (0 to 128 both ways, y down), whatever the size in pixels.

    Colours with four numbers are blended. `group` moves, scales, mirrors and turns what is drawn
    inside it, so that a car or a person is drawn once, around its own origin.
    """

    def __init__(self, size: int, background: Color = (255, 255, 255)) -> None:
        """Open a canvas whose finished image is `size` pixels wide and high."""
        # Three times keeps thin lines even at 128 px; large images need less, and memory grows
        # with the square.
        self._oversampling = 3 if size <= 320 else 2
        self.size = size
        self._pixels = size * self._oversampling
        scale = self._pixels / UNITS
        self._image = Image.new("RGB", (self._pixels, self._pixels), background[:3])
        self._opaque = ImageDraw.Draw(self._image)
        self._blend = ImageDraw.Draw(self._image, "RGBA")
        self._affine: _Affine = (scale, 0.0, 0.0, 0.0, scale, 0.0)
        self._stretch = scale

    def image(self) -> Image.Image:
        """Return the finished RGB image."""
        return self._image.reduce(self._oversampling)

    @property
    def unit_pixels(self) -> float:
        """Pixels of the finished image per unit here: skip details that would be a smudge."""
        return self._stretch / self._oversampling

    @contextmanager
    def group(
        self, at: Point, scale: float = 1.0, *, angle: float = 0.0, flip: bool = False
    ) -> Iterator[None]:
        """Draw around `at` as the new origin: scaled, turned clockwise (degrees), mirrored."""
        saved, stretch = self._affine, self._stretch
        cos, sin = math.cos(math.radians(angle)) * scale, math.sin(math.radians(angle)) * scale
        mirror = -1.0 if flip else 1.0
        a, b, c, d, e, f = saved
        x, y = at
        self._affine = (
            (a * cos + b * sin) * mirror,
            b * cos - a * sin,
            a * x + b * y + c,
            (d * cos + e * sin) * mirror,
            e * cos - d * sin,
            d * x + e * y + f,
        )
        self._stretch = stretch * scale
        try:
            yield
        finally:
            self._affine, self._stretch = saved, stretch

    @contextmanager
    def skewed(self, at: Point, x_axis: Point, y_axis: Point) -> Iterator[None]:
        """Draw on a slanted plane: `x_axis` and `y_axis` say where one unit of each goes."""
        saved = self._affine
        a, b, c, d, e, f = saved
        self._affine = (
            a * x_axis[0] + b * x_axis[1],
            a * y_axis[0] + b * y_axis[1],
            a * at[0] + b * at[1] + c,
            d * x_axis[0] + e * x_axis[1],
            d * y_axis[0] + e * y_axis[1],
            d * at[0] + e * at[1] + f,
        )
        try:
            yield
        finally:
            self._affine = saved

    def polygon(self, points: Sequence[Point], fill: Color) -> None:
        """Fill a polygon."""
        self._pen(fill).polygon(self._map(points), fill=fill)

    def blob(self, points: Sequence[Point], fill: Color) -> None:
        """Fill the smooth closed curve through `points`."""
        self.polygon(smooth(tuple(points)), fill)

    def rect(self, box: Box, fill: Color, *, radius: float = 0.0) -> None:
        """Fill a rectangle, with rounded corners if `radius` is given."""
        x, y, w, h = box
        if radius > 0:
            self._rounded(box, fill, min(radius, w / 2, h / 2))
        else:
            self.polygon(((x, y), (x + w, y), (x + w, y + h), (x, y + h)), fill)

    def ellipse(self, center: Point, rx: float, ry: float | None = None, *, fill: Color) -> None:
        """Fill an ellipse, or a circle if only `rx` is given."""
        ry = rx if ry is None else ry
        if self._upright:
            (x0, y0), (x1, y1) = self._map(
                ((center[0] - rx, center[1] - ry), (center[0] + rx, center[1] + ry))
            )
            box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            self._pen(fill).ellipse(box, fill=fill)
        else:
            self.polygon(circle_points(center, rx, ry, 0, 360), fill)

    def line(
        self, points: Sequence[Point], fill: Color, width: float = 1.0, *, caps: bool = False
    ) -> None:
        """Draw a line through `points`, with round ends if `caps`."""
        mapped = self._map(points)
        pixels = max(1, round(width * self._stretch))
        pen = self._pen(fill)
        pen.line(mapped, fill=fill, width=pixels, joint="curve" if len(mapped) > 2 else None)
        if caps:
            r = pixels / 2
            for x, y in (mapped[0], mapped[-1]):
                pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def curve(
        self, points: Sequence[Point], fill: Color, width: float = 1.0, *, caps: bool = True
    ) -> None:
        """Draw a smooth line through `points`."""
        self.line(smooth(tuple(points), closed=False), fill, width, caps=caps)

    def arc(
        self,
        center: Point,
        radius: float | Point,
        span: tuple[float, float],
        fill: Color,
        width: float = 1.0,
    ) -> None:
        """Draw an arc; `span` in degrees, clockwise from three o'clock; radius or (rx, ry)."""
        rx, ry = radius if isinstance(radius, tuple) else (radius, radius)
        self.line(circle_points(center, rx, ry, *span), fill, width, caps=True)

    def ring(self, center: Point, radius: float, fill: Color, width: float = 1.0) -> None:
        """Draw a circle's outline."""
        self.line(circle_points(center, radius, radius, 0, 360), fill, width)

    def gradient(self, box: Box, first: Color, second: Color, *, horizontal: bool = False) -> None:
        """Fill an upright box from `first` (top or left) to `second`; alpha of each is kept."""
        left, top, width, height = self._pixel_box(box)
        if len(first) == 3:
            self._image.paste(first, (left, top, left + width, top + height))
        strength = second[3] if len(second) == 4 else 255
        kind = "horizontal" if horizontal else "vertical"
        mask = _ramp(width, height, kind, strength)
        self._image.paste(second[:3], (left, top, left + width, top + height), mask)

    def glow(
        self, center: Point, rx: float, ry: float | None = None, *, fill: Color, strength: float
    ) -> None:
        """Blend a soft spot: light (a lamp, a flame) or, in a dark colour, a shadow."""
        ry = rx if ry is None else ry
        box = (center[0] - rx, center[1] - ry, 2 * rx, 2 * ry)
        left, top, width, height = self._pixel_box(box)
        mask = _ramp(width, height, "radial", round(255 * strength))
        self._image.paste(fill[:3], (left, top, left + width, top + height), mask)

    def text(self, at: Point, text: str, fill: Color, height: float, *, anchor: str = "mm") -> None:
        """Write `text` with capitals about 0.7 `height` tall; `anchor` is Pillow's two letters."""
        pixels = max(4, round(height * self._stretch))
        ((x, y),) = self._map((at,))
        self._pen(fill).text((x, y), text, fill=fill, font=_font(pixels), anchor=anchor)

    def veil(self, fill: Color, opacity: float) -> None:
        """Lay a translucent colour over the whole image so far: dusk, fog, night."""
        layer = Image.new("RGB", self._image.size, fill[:3])
        self._image.paste(Image.blend(self._image, layer, opacity))

    def blur(self, radius: float) -> None:
        """Blur the whole image so far, for a background out of focus (slow: about 2 ms)."""
        soft = self._image.filter(ImageFilter.BoxBlur(radius * self._stretch))
        self._image.paste(soft)

    @property
    def _upright(self) -> bool:
        return abs(self._affine[1]) < 1e-9 and abs(self._affine[3]) < 1e-9

    def _pen(self, fill: Color) -> ImageDraw.ImageDraw:
        return self._opaque if len(fill) == 3 else self._blend

    def _map(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d, e, f = self._affine
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]

    def _pixel_box(self, box: Box) -> tuple[int, int, int, int]:
        x, y, w, h = box
        (x0, y0), (x1, y1) = self._map(((x, y), (x + w, y + h)))
        left, top = math.floor(min(x0, x1)), math.floor(min(y0, y1))
        return left, top, max(1, math.ceil(abs(x1 - x0))), max(1, math.ceil(abs(y1 - y0)))

    def _rounded(self, box: Box, fill: Color, r: float) -> None:
        x, y, w, h = box
        if self._upright:
            (x0, y0), (x1, y1) = self._map(((x, y), (x + w, y + h)))
            bounds = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            self._pen(fill).rounded_rectangle(bounds, radius=r * abs(self._stretch), fill=fill)
            return
        corners = ((x + w - r, y + r, 270), (x + w - r, y + h - r, 0), (x + r, y + h - r, 90))
        points = circle_points((x + r, y + r), r, r, 180, 270)
        for cx, cy, start in corners:
            points += circle_points((cx, cy), r, r, start, start + 90)
        self.polygon(points, fill)
