"""People, in the poses and clothes that racing scenes need."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from f1cap.training.canvas import Canvas, Color, Point, mix, shade
from f1cap.training.heads import SKINS, HairStyle, HeadLook, Mood, View, head

Pose = Literal[
    "stand",
    "arms_up",
    "hold_up",
    "wave",
    "hands_on_head",
    "hips",
    "hold_front",
    "point",
    "reach",
    "push",
    "walk",
    "run",
    "crouch",
    "sit",
]

_HAIRS: tuple[Color, ...] = (
    (38, 30, 30),
    (80, 48, 30),
    (150, 98, 46),
    (222, 176, 92),
    (176, 76, 34),
)


@dataclass(frozen=True)
class Look:
    """What one person wears and looks like."""

    top: Color
    bottom: Color
    head: HeadLook
    shoes: Color = (38, 38, 44)
    trim: Color | None = None  # a stripe down the sleeves and across the chest
    skirt: bool = False


def random_look(rng: Random, top: Color, bottom: Color | None = None) -> Look:
    """Return a person in given clothes, with hair and skin drawn at random."""
    styles: tuple[HairStyle, ...] = ("short", "short", "curly", "long", "bun")
    skin = rng.randrange(len(SKINS))
    # Fair hair would hide the forehead's edge on dark skin at small sizes.
    hairs = _HAIRS if skin < 3 else _HAIRS[:2]
    face = HeadLook(SKINS[skin], rng.choice(hairs), rng.choice(styles))
    return Look(top, bottom or shade(top, 0.8), face)


def in_overall(rng: Random, color: Color, trim: Color, style: HairStyle = "short") -> Look:
    """Return a person in a racing overall; `style` is a hair style, or a cap or a helmet."""
    base = random_look(rng, color, color)
    return replace(base, head=replace(base.head, style=style, hat=color, trim=trim), trim=trim)


@dataclass(frozen=True)
class _Joints:
    """Where the joints of a pose are, for a person 100 tall standing on (0, 0)."""

    far_arm: tuple[Point, Point]  # elbow, hand
    near_arm: tuple[Point, Point]
    far_leg: tuple[Point, Point] = ((-6, -23), (-7, 0))  # knee, ankle
    near_leg: tuple[Point, Point] = ((6, -23), (7, 0))
    neck: Point = (0, -74)
    hip: Point = (0, -45)
    sideways: bool = False  # a side view: narrow shoulders, the face turned to the right


_LEFT: tuple[Point, Point] = ((-16, -60), (-15, -45))
_RIGHT: tuple[Point, Point] = ((16, -60), (15, -45))

_POSES: dict[Pose, _Joints] = {
    "stand": _Joints(_LEFT, _RIGHT),
    "arms_up": _Joints(((-21, -82), (-25, -101)), ((21, -82), (25, -101))),
    "hold_up": _Joints(((-19, -88), (-8, -108)), ((19, -88), (8, -108))),
    "wave": _Joints(_LEFT, ((22, -80), (25, -101))),
    "hands_on_head": _Joints(((-24, -84), (-9, -97)), ((24, -84), (9, -97))),
    "hips": _Joints(((-23, -61), (-10, -48)), ((23, -61), (10, -48))),
    "hold_front": _Joints(((-15, -60), (1, -58)), ((15, -60), (7, -62))),
    "point": _Joints(_LEFT, ((21, -74), (36, -80))),
    "reach": _Joints(((-2, -62), (16, -66)), ((8, -62), (24, -68)), sideways=True),
    "push": _Joints(
        ((20, -58), (36, -58)),
        ((18, -54), (36, -52)),
        far_leg=((0, -20), (-4, 0)),
        near_leg=((-10, -24), (-27, -3)),
        neck=(13, -66),
        hip=(-5, -43),
        sideways=True,
    ),
    "walk": _Joints(
        ((-8, -60), (-12, -47)),
        ((8, -60), (15, -49)),
        far_leg=((-4, -23), (-14, -2)),
        near_leg=((6, -23), (12, 0)),
        neck=(1, -74),
        sideways=True,
    ),
    "run": _Joints(
        ((-11, -62), (-20, -52)),
        ((13, -62), (24, -68)),
        far_leg=((-6, -26), (-24, -16)),
        near_leg=((13, -32), (15, -8)),
        neck=(6, -74),
        sideways=True,
    ),
    "crouch": _Joints(
        ((16, -38), (30, -30)),
        ((14, -32), (29, -22)),
        far_leg=((12, -22), (4, 0)),
        near_leg=((4, -6), (-14, -2)),
        neck=(7, -54),
        hip=(-6, -24),
        sideways=True,
    ),
    "sit": _Joints(
        ((10, -44), (22, -40)),
        ((8, -40), (20, -36)),
        far_leg=((20, -26), (20, 0)),
        near_leg=((18, -23), (16, 0)),
        neck=(0, -58),
        hip=(-2, -26),
        sideways=True,
    ),
}


def person(  # noqa: PLR0913  a drawing call reads best as one line of keywords
    canvas: Canvas,
    at: Point,
    height: float,
    look: Look,
    pose: Pose = "stand",
    *,
    mood: Mood = "neutral",
    view: View | None = None,
    flip: bool = False,
) -> None:
    """Draw a person standing on `at` who would be `height` units tall upright.

    Side poses (reach, push, walk, run, crouch, sit) look to the right, or to the left with `flip`.
    """
    joints = _POSES[pose]
    seen: View = view or ("side" if joints.sideways else "front")
    with canvas.group(at, height / 100, flip=flip):
        far, near = _shoulders(joints)
        if joints.sideways:
            _arm(canvas, far, joints.far_arm, look, 0.78)
        _leg(canvas, joints, joints.far_leg, look, 0.82)
        _leg(canvas, joints, joints.near_leg, look, 0.94)
        _torso(canvas, joints, look, seen)
        raised = joints.near_arm[1][1] < -80
        if not joints.sideways and not raised:
            _arm(canvas, far, joints.far_arm, look, 0.9)
            _arm(canvas, near, joints.near_arm, look, 0.9)
        neck = joints.neck
        tilt = 0.18 if joints.sideways else 0.0
        center = (neck[0] + (neck[0] - joints.hip[0]) * tilt, neck[1] - 14)
        canvas.line((neck, center), shade(look.head.skin, 0.85), 6)
        head(canvas, center, 10.5, look.head, mood=mood, view=seen)
        if raised:
            _arm(canvas, far, joints.far_arm, look, 0.9)
        if raised or joints.sideways:
            _arm(canvas, near, joints.near_arm, look, 0.9)


def standing_shadow(canvas: Canvas, at: Point, height: float) -> None:
    """Draw the shadow on the floor of a person who stands on `at`; draw it first."""
    canvas.ellipse((at[0], at[1] - 0.3), height * 0.19, height * 0.026, fill=(0, 0, 0, 80))


def hand_of(pose: Pose, at: Point, height: float, *, flip: bool = False) -> Point:
    """Return where the near hand of a person is: the place for a thing held."""
    x, y = _POSES[pose].near_arm[1]
    scale = height / 100
    return at[0] + (-x if flip else x) * scale, at[1] + y * scale


def _shoulders(joints: _Joints) -> tuple[Point, Point]:
    x, y = joints.neck
    spread = 2.5 if joints.sideways else 10.5
    return (x - spread, y + 3.5), (x + spread, y + 3.5)


def _arm(
    canvas: Canvas, shoulder: Point, arm: tuple[Point, Point], look: Look, light: float
) -> None:
    elbow, hand = arm
    canvas.line((shoulder, elbow, hand), shade(look.top, light), 7.4, caps=True)
    if look.trim is not None:
        canvas.line((shoulder, elbow), look.trim, 1.8, caps=True)
    canvas.ellipse(hand, 4.0, fill=look.head.skin)


def _leg(
    canvas: Canvas, joints: _Joints, leg: tuple[Point, Point], look: Look, light: float
) -> None:
    knee, ankle = leg
    spread = 0.0 if joints.sideways else (4.6 if knee[0] > 0 else -4.6)
    start = (joints.hip[0] + spread, joints.hip[1])
    color = look.head.skin if look.skirt else look.bottom
    canvas.line((start, knee, (ankle[0], ankle[1] - 5)), shade(color, light), 9, caps=True)
    toe = 3.0 if joints.sideways else (1.5 if ankle[0] > 0 else -1.5)
    canvas.ellipse((ankle[0] + toe, ankle[1] - 2.6), 6.4, 3.4, fill=look.shoes)


def _torso(canvas: Canvas, joints: _Joints, look: Look, view: View) -> None:
    (nx, ny), (hx, hy) = joints.neck, joints.hip
    if joints.sideways:
        canvas.line(((nx, ny + 6), (hx, hy - 2)), look.top, 17, caps=True)
        return
    points = (
        (nx - 5, ny - 1.5),
        (nx + 5, ny - 1.5),
        (nx + 13.5, ny + 3),
        (nx + 11.5, ny + 16),
        (hx + 9.5, hy + 2),
        (hx - 9.5, hy + 2),
        (nx - 11.5, ny + 16),
        (nx - 13.5, ny + 3),
    )
    canvas.polygon(points, look.top)
    if look.skirt:
        canvas.polygon(
            ((hx - 8, hy - 6), (hx + 8, hy - 6), (hx + 14, hy + 20), (hx - 14, hy + 20)),
            look.bottom,
        )
    elif look.top != look.bottom:
        canvas.rect((hx - 9.5, hy - 2, 19, 7), look.bottom, radius=2)
    else:
        canvas.line(((hx - 9.5, hy - 1), (hx + 9.5, hy - 1)), mix(look.top, (0, 0, 0), 0.35), 2.4)
    if look.trim is not None and view != "back":
        canvas.line(((nx, ny), (hx, hy)), look.trim, 1.6)
        canvas.rect((nx + 3, ny + 8, 6, 4), look.trim, radius=1)
    elif look.trim is not None:
        canvas.rect((nx - 8, ny + 8, 16, 5), look.trim, radius=1)
