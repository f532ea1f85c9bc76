"""Drawings of drivers and what they feel."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, shade
from f1cap.training.figures import (
    Look,
    Pose,
    hand_of,
    in_overall,
    person,
    random_look,
    standing_shadow,
)
from f1cap.training.heads import HairStyle, Mood, head
from f1cap.training.racing.facts import COUNTS, Team
from f1cap.training.racing.props import bottle, microphone, spray, trophy
from f1cap.training.racing.venues import draw_venue, podium_steps

_STYLES: tuple[HairStyle, ...] = ("short", "curly", "long", "bun", "cap", "cap")


def draw_drivers(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    """Draw a scene of the theme drivers and emotions."""
    draw_venue(canvas, rng, facts, team.body)
    if facts["action"] in {"crying", "smiling"}:
        canvas.blur(0.7)
    _ACTIONS[facts["action"]](canvas, rng, facts, team)


def _look(rng: Random, team: Team) -> Look:
    look = in_overall(rng, team.body, team.trim, rng.choice(_STYLES))
    beard = look.head.style in {"short", "curly", "cap"} and rng.random() < 0.3
    return replace(look, head=replace(look.head, beard=beard))


def _stands(canvas: Canvas, rng: Random, facts: Mapping[str, str]) -> list[tuple[Point, float]]:
    """Return where the drivers stand and how tall they are, drawing podium steps if needed."""
    count = COUNTS.index(facts["count"]) + 1
    if facts["place"] == "podium":
        height = (66, 60, 57)[count - 1] + rng.uniform(-2, 2)
        return [(spot, height) for spot in podium_steps(canvas, facts, count)]
    height = (88, 78, 68)[count - 1] + rng.uniform(-3, 3)
    shift = rng.uniform(-14, 14) if count == 1 else rng.uniform(-3, 3)
    xs = ((64,), (40, 88), (25, 64, 103))[count - 1]
    return [((x + shift, 123 + rng.uniform(-1.5, 1.5)), height) for x in xs]


def _trophy(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    for (x, y), height in _stands(canvas, rng, facts):
        standing_shadow(canvas, (x, y), height)
        person(canvas, (x, y), height, _look(rng, team), "hold_up", mood="joy")
        trophy(canvas, (x, y - height * 1.05), height * 0.3)


def _champagne(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    stands = _stands(canvas, rng, facts)
    sprays: list[tuple[Point, float]] = []
    for at, height in stands:
        # Outwards, so that the foam hides no face.
        right = rng.random() < 0.5 if at[0] == 64 else at[0] > 64
        standing_shadow(canvas, at, height)
        angle = rng.uniform(24, 40) * (1 if right else -1)
        person(canvas, at, height, _look(rng, team), "hold_front", mood="joy", flip=not right)
        x, y = hand_of("hold_front", at, height, flip=not right)
        bottle(canvas, (x, y), height * 0.3, angle)
        reach = height * 0.25
        mouth = (x + reach * (0.55 if right else -0.55), y - reach * 0.8)
        sprays.append((mouth, angle))
    for mouth, angle in sprays:
        spray(canvas, rng, mouth, angle * 0.9, 40)


def _waving(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    for at, height in _stands(canvas, rng, facts):
        flip = rng.random() < 0.5
        standing_shadow(canvas, at, height)
        person(canvas, at, height, _look(rng, team), "wave", mood="happy", flip=flip)


def _despair(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    for at, height in _stands(canvas, rng, facts):
        look = _look(rng, team)
        if look.head.style == "cap":
            look = replace(look, head=replace(look.head, style="short"))
        standing_shadow(canvas, at, height)
        mood: Mood = "sad" if rng.random() < 0.6 else "cry"
        person(canvas, at, height, look, "hands_on_head", mood=mood)


def _interview(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    flip = rng.random() < 0.5
    driver_x, reporter_x = (86.0, 38.0) if flip else (42.0, 90.0)
    driver_x += rng.uniform(-4, 4)
    pose: Pose = "stand" if rng.random() < 0.5 else "hips"
    for x in (driver_x, reporter_x):
        standing_shadow(canvas, (x, 123), 84)
    person(canvas, (driver_x, 123), 84, _look(rng, team), pose, mood="happy", flip=flip)
    suit: Color = rng.choice(((70, 76, 92), (120, 116, 110), (164, 148, 128)))
    reporter = random_look(rng, suit, shade(suit, 0.7))
    person(canvas, (reporter_x, 123), 80, reporter, "reach", flip=not flip)
    hand = hand_of("reach", (reporter_x, 123), 80, flip=not flip)
    microphone(canvas, (hand[0] + (2 if flip else -2), hand[1] - 8), -16 if not flip else 16)


def _portrait(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    sad = facts["action"] == "crying"
    look = _look(rng, team)
    x, y = 64 + rng.uniform(-12, 12), 58 + rng.uniform(-3, 3) + (4 if sad else 0)
    radius = 29 + rng.uniform(-2.5, 2.5)
    with canvas.group((x, y), radius / 10):
        body = team.body
        shoulders = ((-9, 14), (-4, 12), (4, 12), (9, 14), (17, 17), (21, 30), (-21, 30), (-17, 17))
        canvas.polygon(((-4.5, 6), (4.5, 6), (5, 16), (-5, 16)), shade(look.head.skin, 0.84))
        canvas.polygon(shoulders, body)
        canvas.polygon(((-6, 12), (0, 16.5), (-2.6, 19), (-9, 14)), shade(body, 0.75))
        canvas.polygon(((6, 12), (0, 16.5), (2.6, 19), (9, 14)), shade(body, 0.75))
        canvas.line(((0, 16.5), (0, 30)), team.trim, 0.9)
        canvas.polygon(((-17, 17), (-13.4, 15.6), (-15, 30), (-18.6, 30)), team.trim)
        canvas.polygon(((17, 17), (13.4, 15.6), (15, 30), (18.6, 30)), team.trim)
        canvas.rect((4.5, 19, 6.6, 3.4), team.trim, radius=0.8)
    head(canvas, (x, y), radius, look.head, mood="cry" if sad else "joy")


_ACTIONS: Mapping[str, Callable[[Canvas, Random, Mapping[str, str], Team], None]] = {
    "trophy": _trophy,
    "champagne": _champagne,
    "waving": _waving,
    "despair": _despair,
    "interview": _interview,
    "crying": _portrait,
    "smiling": _portrait,
}
