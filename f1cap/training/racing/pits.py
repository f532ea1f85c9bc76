"""Drawings of mechanics and pit stops."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random

from f1cap.training.canvas import Canvas, Point
from f1cap.training.figures import Look, hand_of, in_overall, person, standing_shadow
from f1cap.training.heads import HairStyle
from f1cap.training.racing.cars import Livery, side_car
from f1cap.training.racing.facts import COUNTS, Team
from f1cap.training.racing.props import car_jack, front_wing, tyre
from f1cap.training.racing.venues import draw_venue


def draw_pits(canvas: Canvas, rng: Random, facts: Mapping[str, str], team: Team) -> None:
    """Draw a scene of the theme pit stops."""
    draw_venue(canvas, rng, facts, team.body)
    count = COUNTS.index(facts["count"]) + 1
    with framed(canvas, rng):
        _ACTIONS[facts["action"]](canvas, rng, count, team)


@contextmanager
def framed(canvas: Canvas, rng: Random) -> Iterator[None]:
    """Draw what follows a little nearer or farther and, half of the time, mirrored."""
    foot = (64 + rng.uniform(-2.5, 2.5), 118.0)
    closer, flip = rng.uniform(0.97, 1.06), rng.random() < 0.5
    with canvas.group(foot, closer, flip=flip), canvas.group((-64, -118)):
        yield


def livery_of(rng: Random, team: Team) -> Livery:
    """Return a car of the team, with a number and a tyre compound drawn at random."""
    compound = rng.choice(((236, 70, 70), (244, 214, 60), (244, 244, 246)))
    return Livery(team.body, team.trim, team.helmet, str(rng.randint(2, 9)), compound)


def _crew(rng: Random, team: Team, *styles: HairStyle) -> Look:
    return in_overall(rng, team.body, team.trim, rng.choice(styles or ("helmet",)))


def _tyres(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    y = 108 + rng.uniform(-2, 3)
    compound = (244, 214, 60)
    for middle in ((), (), (62,), (48, 80))[count - 1]:
        at: Point = (middle + rng.uniform(-2, 2), y - 3)
        person(canvas, at, 46, _crew(rng, team), "hold_front")
        tyre(canvas, (at[0], at[1] - 28), 7, compound)
    side_car(canvas, (64, y), 76, livery_of(rng, team))
    for x, flip in ((13.0, False), (115.0, True)):
        person(canvas, (x, y + 4), 46, _crew(rng, team), "crouch", flip=flip)
        hand = hand_of("crouch", (x, y + 4), 46, flip=flip)
        tyre(canvas, (hand[0], y - 2), 7.4, compound)


def _jack(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    y = 112 + rng.uniform(-2, 3)
    if count == 2:
        person(canvas, (40, y - 6), 50, _crew(rng, team, "headset", "cap"), "arms_up")
    side_car(canvas, (48, y - 7), 84, livery_of(rng, team), angle=-11, shadow=False)
    canvas.ellipse((46, y), 36, 2.2, fill=(0, 0, 0, 80))
    car_jack(canvas, (87, y - 13), 13)
    person(canvas, (114, y + 2), 52, _crew(rng, team, "helmet"), "reach", flip=True)


def _waiting(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    height = (0, 74, 68, 58)[count - 1] + rng.uniform(-2, 2)
    xs = ((), (40, 88), (24, 64, 104), (18, 49, 80, 111))[count - 1]
    for x in xs:
        at = (x + rng.uniform(-1.5, 1.5), 122 + rng.uniform(-1.5, 1.5))
        standing_shadow(canvas, at, height)
        person(canvas, at, height, _crew(rng, team), "hold_front")
        compound = rng.choice(((244, 214, 60), (236, 70, 70), (244, 244, 246)))
        tyre(canvas, (at[0], at[1] - height * 0.52), height * 0.155, compound)


def _pushing(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    y = 110 + rng.uniform(-2, 3)
    for x in ((), (58,), (50, 82))[count - 1]:
        person(canvas, (x, y - 3), 50, _crew(rng, team, "cap", "headset"), "push")
    side_car(canvas, (82, y), 80, livery_of(rng, team), driver=False)
    person(canvas, (22, y + 2), 54, _crew(rng, team, "cap", "headset"), "push")


def _wing(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    y = 108 + rng.uniform(-2, 3)
    side_car(canvas, (26, y - 4), 86, livery_of(rng, team))
    xs = ((98,), (84, 114))[count - 1]
    for x in xs:
        person(canvas, (x, y + 10), 60, _crew(rng, team, "cap", "headset", "short"), "hold_front")
    front_wing(canvas, (98, y - 24), 50, team.body, team.trim)


_ACTIONS: Mapping[str, Callable[[Canvas, Random, int, Team], None]] = {
    "tyres": _tyres,
    "jack": _jack,
    "waiting": _waiting,
    "pushing": _pushing,
    "wing": _wing,
}
