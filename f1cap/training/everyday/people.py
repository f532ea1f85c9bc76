"""Men, women, boys and girls at their everyday doings, with what tells them apart at a glance."""

from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.heads import SKINS, HairStyle, HeadLook, View, head

_HAIRS: tuple[Color, ...] = ((44, 32, 28), (92, 58, 34), (150, 98, 46), (222, 180, 96))
_TROUSERS: tuple[Color, ...] = ((58, 76, 122), (74, 74, 84), (120, 104, 82))
_SHOE: Color = (48, 44, 50)


@dataclass(frozen=True)
class Body:
    """One person: clothes, face and build."""

    top: Color
    bottom: Color
    head: HeadLook
    skirt: bool = False
    child: bool = False
    bare: bool = False  # bare arms and legs, at the beach
    tails: bool = False  # the hair in two bunches

    @property
    def size(self) -> float:
        """How tall this person is beside an adult."""
        return 0.78 if self.child else 1.0


def make_body(
    rng: Random, subject: str, top: Color, *, bare: bool = False, warm: bool = False
) -> Body:
    """Return a man, woman, boy or girl in a shirt of the given colour.

    `bare` is for the beach; `warm` is for the snow, where nobody wears a skirt.
    """
    style: HairStyle = "long" if subject == "woman" else "short"
    if subject == "woman" and not warm and rng.random() < 0.25:
        style = "bun"
    skin = rng.choice(SKINS)
    # Hair in the colour of the skin makes people look bald.
    hair = rng.choice(_HAIRS if sum(skin) > 560 else _HAIRS[:1] if sum(skin) < 320 else _HAIRS[:2])
    beard = subject == "man" and rng.random() < 0.5
    female, child = subject in {"woman", "girl"}, subject in {"boy", "girl"}
    return Body(
        top,
        rng.choice(_TROUSERS),
        HeadLook(skin, hair, style, beard=beard),
        skirt=female and not warm,
        child=child,
        bare=bare,
        tails=female and child,
    )


@dataclass(frozen=True)
class _Pose:
    """Where the joints are, for an adult 100 tall who stands on (0, 0) or sits above it."""

    far_arm: tuple[Point, Point]  # elbow, hand
    near_arm: tuple[Point, Point]
    far_leg: tuple[Point, Point] = ((-6, -23), (-7, 0))  # knee, ankle
    near_leg: tuple[Point, Point] = ((6, -23), (7, 0))
    neck: Point = (0, -74)
    hip: Point = (0, -45)
    view: View = "front"


_DOWN: tuple[Point, Point] = ((-16, -60), (-15, -45))
_SEAT: tuple[Point, Point] = ((20, -27), (20, -2))

_POSES = MappingProxyType(
    {
        "stand": _Pose(_DOWN, ((16, -60), (15, -45))),
        "hold": _Pose(((-16, -58), (-4, -54)), ((16, -58), (6, -56))),
        "hold_up": _Pose(_DOWN, ((17, -62), (14, -78))),
        "bite": _Pose(((-17, -56), (-8, -46)), ((20, -62), (11, -78))),
        "string": _Pose(_DOWN, ((20, -76), (26, -94))),
        "walk": _Pose(
            ((-8, -58), (-13, -46)), ((9, -59), (17, -50)),
            ((-5, -23), (-15, -3)), ((7, -23), (13, 0)), (1, -74), view="side",
        ),
        "lead": _Pose(
            ((-8, -58), (-13, -46)), ((12, -62), (26, -58)),
            ((-5, -23), (-15, -3)), ((7, -23), (13, 0)), (1, -74), view="side",
        ),
        "reach": _Pose(
            ((12, -60), (27, -58)), ((10, -58), (25, -54)),
            ((-3, -23), (-5, 0)), ((3, -23), (5, 0)), (2, -74), view="side",
        ),
        "throw": _Pose(
            ((-14, -68), (-26, -62)), ((18, -74), (34, -82)),
            ((-10, -23), (-18, 0)), ((10, -25), (16, 0)), (2, -74), view="side",
        ),
        "kick": _Pose(
            ((-16, -64), (-26, -54)), ((14, -68), (25, -74)),
            ((-7, -24), (-14, 0)), ((17, -34), (32, -16)), (-5, -75), view="side",
        ),
        "bat": _Pose(
            ((6, -66), (16, -74)), ((14, -66), (19, -77)),
            ((-12, -24), (-19, 0)), ((12, -24), (17, 0)), (-1, -72), view="side",
        ),
        "racket": _Pose(
            ((-16, -68), (-24, -78)), ((17, -66), (32, -70)),
            ((-13, -24), (-20, 0)), ((13, -25), (20, 0)), (2, -73), view="side",
        ),
        "surf": _Pose(
            ((-18, -50), (-33, -52)), ((18, -50), (34, -48)),
            ((-17, -20), (-17, 0)), ((16, -22), (17, 0)), (4, -58), (-4, -32), "side",
        ),
        "ski": _Pose(
            ((8, -42), (20, -40)), ((12, -38), (26, -36)),
            ((12, -24), (-1, -3)), ((14, -22), (2, 0)), (10, -60), (-6, -36), "side",
        ),
        "sit": _Pose(
            ((10, -44), (20, -40)), ((10, -42), (20, -37)),
            _SEAT, ((18, -25), (17, 0)), (0, -58), (-2, -29), "side",
        ),
        "sit_front": _Pose(
            ((-15, -42), (-8, -31)), ((15, -42), (8, -31)),
            ((-7, -24), (-7, 0)), ((7, -24), (7, 0)), (0, -59), (0, -32),
        ),
        "floor": _Pose(
            ((12, -22), (24, -17)), ((12, -20), (23, -12)),
            ((16, -16), (26, -2)), ((14, -14), (28, 0)), (0, -38), (-3, -9), "side",
        ),
        "pedal": _Pose(
            ((14, -60), (27, -53)), ((13, -58), (26, -51)),
            ((13, -33), (2, -18)), ((11, -26), (1, -7)), (8, -74), (-8, -46), "side",
        ),
        "ride": _Pose(
            ((10, -56), (20, -48)), ((9, -54), (19, -45)),
            ((11, -26), (5, -8)), ((10, -25), (4, -6)), (1, -71), (-3, -41), "side",
        ),
        "back": _Pose(
            ((-17, -58), (-12, -48)), ((17, -58), (12, -48)), view="back",
        ),
    }
)  # fmt: skip


def figure(  # noqa: PLR0913  a drawing call reads best as one line of keywords
    canvas: Canvas, at: Point, height: float, body: Body, pose: str, *, flip: bool = False
) -> Point:
    """Draw a person `height` tall for an adult, and return where the near hand is.

    `at` is where the feet stand. Side poses look to the right, or to the left with `flip`.
    """
    joints = _POSES[pose]
    scale = height * body.size / 100
    side = joints.view == "side"
    sleeve = body.head.skin if body.bare else shade(body.top, 0.86)
    near_hand = joints.near_arm[1]
    with canvas.group(at, scale, flip=flip):
        nx, ny = joints.neck
        spread = 2.5 if side else 10.5
        shoulders = ((nx - spread, ny + 4), (nx + spread, ny + 4))
        _arm(canvas, shoulders[0], joints.far_arm, shade(sleeve, 0.85), body.head.skin)
        hips = (
            (joints.hip[0] - (0 if side else 4.6), joints.hip[1]),
            (joints.hip[0] + (0 if side else 4.6), joints.hip[1]),
        )
        bare = body.bare or body.skirt
        cloth = body.head.skin if bare else body.bottom
        _leg(canvas, hips[0], joints.far_leg, shade(cloth, 0.82), body, side)
        _leg(canvas, hips[1], joints.near_leg, cloth, body, side)
        if body.bare or body.skirt:
            _shorts(canvas, joints, body)
        _torso(canvas, joints, body)
        _head(canvas, joints, body)
        _arm(canvas, shoulders[1], joints.near_arm, sleeve, body.head.skin)
    x, y = near_hand
    return at[0] + (-x if flip else x) * scale, at[1] + y * scale


def _arm(
    canvas: Canvas, shoulder: Point, arm: tuple[Point, Point], color: Color, skin: Color
) -> None:
    canvas.line((shoulder, *arm), color, 7.4, caps=True)
    canvas.ellipse(arm[1], 4.2, fill=skin)


def _leg(  # noqa: PLR0913, PLR0917  the parts of one limb
    canvas: Canvas, hip: Point, leg: tuple[Point, Point], color: Color, body: Body, side: bool
) -> None:
    knee, ankle = leg
    canvas.line((hip, knee, (ankle[0], ankle[1] - 4)), color, 8.6, caps=True)
    toe = 3.4 if side else 0.0
    shoe = color if body.bare else _SHOE
    canvas.ellipse((ankle[0] + toe, ankle[1] - 2.6), 6.2, 3.2, fill=shoe)


def _shorts(canvas: Canvas, joints: _Pose, body: Body) -> None:
    """Draw a skirt, or the shorts of somebody with bare legs, half way down the thighs."""
    hx, hy = joints.hip
    cloth = body.bottom
    if joints.view == "side" or not body.skirt:
        for knee in (joints.far_leg[0], joints.near_leg[0]):
            start = (hx + (3 if knee[0] > hx else -3) * (joints.view != "side"), hy)
            middle = (hx + (knee[0] - hx) * 0.62, hy + (knee[1] - hy) * 0.62)
            canvas.line((start, middle), cloth, 12, caps=True)
    else:
        low = min(hy + 20, -4)
        points = ((hx - 8, hy - 6), (hx + 8, hy - 6), (hx + 15, low), (hx - 15, low))
        canvas.polygon(points, cloth)


def _torso(canvas: Canvas, joints: _Pose, body: Body) -> None:
    (nx, ny), (hx, hy) = joints.neck, joints.hip
    if joints.view == "side":
        canvas.line(((nx, ny + 7), (hx, hy - 3)), body.top, 17, caps=True)
        return
    waist = 8.0 if body.skirt else 10.0
    points = (
        (nx - 5, ny - 1.5),
        (nx + 5, ny - 1.5),
        (nx + 13.5, ny + 3),
        (hx + waist, hy - 2),
        (hx + 9.5, hy + 4),
        (hx - 9.5, hy + 4),
        (hx - waist, hy - 2),
        (nx - 13.5, ny + 3),
    )
    canvas.polygon(points, body.top)
    canvas.rect((hx - 9.5, hy, 19, 6), body.bottom, radius=2)


def _head(canvas: Canvas, joints: _Pose, body: Body) -> None:
    radius = 14.5 if body.child else 11.0
    (nx, ny), (hx, _) = joints.neck, joints.hip
    lean = (nx - hx) * 0.2 if joints.view == "side" else 0.0
    center = (nx + lean, ny - radius * 1.25)
    canvas.line(((nx, ny + 2), center), shade(body.head.skin, 0.85), 6.4)
    hair = body.head.hair
    x, y = center
    if body.tails:
        for dx in (-1.25, 1.25) if joints.view != "side" else (-1.2,):
            canvas.ellipse((x + dx * radius, y + 2), radius * 0.42, radius * 0.62, fill=hair)
            canvas.ellipse((x + dx * radius * 0.82, y - 3), 2.6, fill=mix(body.top, hair, 0.2))
    elif body.head.style == "long" and joints.view == "side":
        tail = ((x - 4, y - 6), (x - radius * 1.2, y + 2), (x - radius * 1.35, y + 19))
        canvas.curve((*tail, (x - radius * 0.8, y + 21)), hair, 7.5)
    head(canvas, center, radius, body.head, mood="happy", view=joints.view)
    if body.head.style == "long" and joints.view == "back":
        canvas.rect((x - 10.5, y - 4, 21, 22), hair, radius=6)
