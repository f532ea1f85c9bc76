"""Scenes of drivers and what they feel, and of engineers with their data."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from f1cap.training.canvas import Canvas, Color, Point, shade
from f1cap.training.heads import HairStyle, Mood, View, head
from f1cap.training.racing.cars import bottle, microphone, spray, trophy
from f1cap.training.racing.facts import Team
from f1cap.training.racing.people import (
    Look,
    Pose,
    hand_of,
    in_overall,
    person,
    random_look,
    standing_shadow,
)
from f1cap.training.racing.tracks import light_of
from f1cap.training.racing.venues import draw_chart, draw_venue, mini_chart, podium_steps
from f1cap.training.scene import Facts, count_of

_STYLES: tuple[HairStyle, ...] = ("short", "curly", "long", "bun", "cap", "cap")


def draw_drivers(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    """Draw a scene of the theme drivers and emotions."""
    draw_venue(canvas, rng, facts, team.body)
    if facts["action"] in {"crying", "smiling"}:
        canvas.blur(0.7)
    _DRIVER_SCENES[facts["action"]](canvas, rng, facts, team)


def _look(rng: Random, team: Team) -> Look:
    look = in_overall(rng, team.body, team.trim, rng.choice(_STYLES))
    beard = look.head.style in {"short", "curly", "cap"} and rng.random() < 0.3
    return replace(look, head=replace(look.head, beard=beard))


def _stands(canvas: Canvas, rng: Random, facts: Facts) -> list[tuple[Point, float]]:
    """Return where the drivers stand and how tall they are, drawing podium steps if needed."""
    count = count_of(facts)
    if facts["place"] == "podium":
        height = (66, 60, 57)[count - 1] + rng.uniform(-2, 2)
        return [(spot, height) for spot in podium_steps(canvas, facts, count)]
    height = (88, 78, 68)[count - 1] + rng.uniform(-3, 3)
    shift = rng.uniform(-14, 14) if count == 1 else rng.uniform(-3, 3)
    xs = ((64,), (40, 88), (25, 64, 103))[count - 1]
    return [((x + shift, 123 + rng.uniform(-1.5, 1.5)), height) for x in xs]


def _trophy(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    for (x, y), height in _stands(canvas, rng, facts):
        standing_shadow(canvas, (x, y), height)
        person(canvas, (x, y), height, _look(rng, team), "hold_up", mood="joy")
        trophy(canvas, (x, y - height * 1.05), height * 0.3)


def _champagne(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
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


def _waving(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    for at, height in _stands(canvas, rng, facts):
        flip = rng.random() < 0.5
        standing_shadow(canvas, at, height)
        person(canvas, at, height, _look(rng, team), "wave", mood="happy", flip=flip)


def _despair(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    for at, height in _stands(canvas, rng, facts):
        look = _look(rng, team)
        if look.head.style == "cap":
            look = replace(look, head=replace(look.head, style="short"))
        standing_shadow(canvas, at, height)
        mood: Mood = "sad" if rng.random() < 0.6 else "cry"
        person(canvas, at, height, look, "hands_on_head", mood=mood)


def _interview(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
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


def _portrait(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
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


_DRIVER_SCENES: Mapping[str, Callable[[Canvas, Random, Facts, Team], None]] = {
    "trophy": _trophy,
    "champagne": _champagne,
    "waving": _waving,
    "despair": _despair,
    "interview": _interview,
    "crying": _portrait,
    "smiling": _portrait,
}


_FRAME: Color = (40, 46, 60)


def draw_strategy(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    """Draw a scene of the theme strategy and data."""
    draw_venue(canvas, rng, facts, team.body)
    count = count_of(facts)
    if facts["action"] == "screens":
        _pit_wall_stand(canvas, rng, facts, team)
        return
    flip = rng.random() < 0.5
    left = 6 if count == 1 and flip else 28 if count == 1 else 15
    box = (left + rng.uniform(-1, 1), 16 + rng.uniform(-1, 1), 94.0, 62.0)
    _big_screen(canvas, rng, facts, box)
    _people(canvas, rng, facts, team, flip)


def _engineer(rng: Random, team: Team) -> Look:
    styles: tuple[HairStyle, ...] = ("headset", "headset", "cap", "short", "long")
    style = rng.choice(styles)
    look = in_overall(rng, team.body, team.trim, style)
    hat = team.body if style == "cap" else (36, 38, 48)
    return replace(look, bottom=(50, 56, 72), head=replace(look.head, hat=hat))


def _big_screen(
    canvas: Canvas,
    rng: Random,
    facts: Facts,
    box: tuple[float, float, float, float],
) -> None:
    x, y, w, h = box
    if facts["place"] == "pit wall":
        for post in (x + 8, x + w - 8):
            canvas.rect((post - 1.5, y, 3, 84), light_of(facts).lit((150, 156, 168)))
    canvas.rect((x - 2.4, y - 2.4, w + 4.8, h + 4.8), _FRAME, radius=2)
    draw_chart(canvas, rng, facts["action"], box)


def _people(canvas: Canvas, rng: Random, facts: Facts, team: Team, flip: bool) -> None:
    count = count_of(facts)
    if count == 1:
        x = 110.0 if flip else 18.0
        pose: Pose = "point" if facts["action"] == "laptimes" or rng.random() < 0.5 else "hips"
        person(canvas, (x, 126), 86, _engineer(rng, team), pose, flip=flip)
        return
    xs = {2: (30, 98), 3: (20, 64, 108)}[count]
    for i, x in enumerate(xs):
        pose = "stand"
        view: View = "back"
        if i == 0 and facts["action"] == "laptimes":
            pose, view = "point", "front"
        elif rng.random() < 0.35:
            pose = "hips"
        at = (x + rng.uniform(-2, 2), 134 + rng.uniform(-1, 2))
        person(canvas, at, 66, _engineer(rng, team), pose, view=view)


def _pit_wall_stand(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    light = light_of(facts)
    for x in (8, 117):
        canvas.rect((x, 30, 3, 74), light.lit((130, 138, 152)))
    canvas.polygon(((0, 28), (128, 28), (122, 36), (6, 36)), team.body)
    canvas.rect((0, 26, 128, 3), shade(team.body, 0.8))
    for i in range(4):
        box = (14 + i * 25.4, 42.0, 22.0, 17.0)
        canvas.rect((box[0] - 1, box[1] - 1, 24, 19), _FRAME, radius=1)
        mini_chart(canvas, rng, box)
    for i in range(4):
        box = (14 + i * 25.4, 62.0, 22.0, 15.0)
        canvas.rect((box[0] - 1, box[1] - 1, 24, 17), _FRAME, radius=1)
        mini_chart(canvas, rng, box)
    canvas.rect((4, 92, 120, 5), light.lit((210, 216, 226)), radius=1)
    count = count_of(facts)
    xs = {2: (38, 90), 3: (26, 64, 102), 4: (19, 49, 79, 109)}[count]
    for x in xs:
        at = (x + rng.uniform(-2, 2), 137)
        look = _engineer(rng, team)
        canvas.rect((x - 7, 112, 14, 4), (60, 66, 80), radius=1.5)
        person(canvas, at, 64, look, "stand", view="back")
