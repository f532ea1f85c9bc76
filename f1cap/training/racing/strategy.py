"""Drawings of engineers, strategists and their data."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from f1cap.training.canvas import Canvas, Color, shade
from f1cap.training.figures import Look, Pose, in_overall, person
from f1cap.training.racing.charts import draw_chart, mini_chart
from f1cap.training.racing.facts import COUNTS, Team
from f1cap.training.racing.sky import light_of
from f1cap.training.racing.venues import draw_venue

if TYPE_CHECKING:
    from f1cap.training.heads import HairStyle, View

_FRAME: Color = (40, 46, 60)


def draw_strategy(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    """Draw a scene of the theme strategy and data."""
    draw_venue(canvas, rng, facts, team.body)
    count = COUNTS.index(facts["count"]) + 1
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
    facts: Mapping[str, str],
    box: tuple[float, float, float, float],
) -> None:
    x, y, w, h = box
    if facts["place"] == "pit wall":
        for post in (x + 8, x + w - 8):
            canvas.rect((post - 1.5, y, 3, 84), light_of(facts).lit((150, 156, 168)))
    canvas.rect((x - 2.4, y - 2.4, w + 4.8, h + 4.8), _FRAME, radius=2)
    draw_chart(canvas, rng, facts["action"], box)


def _people(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team, flip: bool) -> None:
    count = COUNTS.index(facts["count"]) + 1
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


def _pit_wall_stand(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
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
    count = COUNTS.index(facts["count"]) + 1
    xs = {2: (38, 90), 3: (26, 64, 102), 4: (19, 49, 79, 109)}[count]
    for x in xs:
        at = (x + rng.uniform(-2, 2), 137)
        look = _engineer(rng, team)
        canvas.rect((x - 7, 112, 14, 4), (60, 66, 80), radius=1.5)
        person(canvas, at, 64, look, "stand", view="back")
