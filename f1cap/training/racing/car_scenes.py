"""Scenes of mechanics at pit stops, and of cars on the track."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from f1cap.training.canvas import (
    Canvas,
    Color,
    Point,
    shade,
    smooth,
)
from f1cap.training.heads import HairStyle
from f1cap.training.racing.cars import (
    Livery,
    car_jack,
    chequered_flag,
    chequered_line,
    front_car,
    front_wing,
    side_car,
    smoke,
    sparks,
    wheel,
)
from f1cap.training.racing.facts import Team
from f1cap.training.racing.people import (
    Look,
    hand_of,
    in_overall,
    person,
    random_look,
    standing_shadow,
)
from f1cap.training.racing.tracks import (
    draw_track,
    light_of,
)
from f1cap.training.racing.venues import draw_venue
from f1cap.training.scene import Facts, Light, count_of


def draw_pits(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    """Draw a scene of the theme pit stops."""
    draw_venue(canvas, rng, facts, team.body)
    count = count_of(facts)
    with _framed(canvas, rng):
        _PIT_SCENES[facts["action"]](canvas, rng, count, team)


@contextmanager
def _framed(canvas: Canvas, rng: Random) -> Iterator[None]:
    """Draw what follows a little nearer or farther and, half of the time, mirrored."""
    foot = (64 + rng.uniform(-2.5, 2.5), 118.0)
    closer, flip = rng.uniform(0.97, 1.06), rng.random() < 0.5
    with canvas.group(foot, closer, flip=flip), canvas.group((-64, -118)):
        yield


def _livery(rng: Random, team: Team) -> Livery:
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
        wheel(canvas, (at[0], at[1] - 28), 7, compound)
    side_car(canvas, (64, y), 76, _livery(rng, team))
    for x, flip in ((13.0, False), (115.0, True)):
        person(canvas, (x, y + 4), 46, _crew(rng, team), "crouch", flip=flip)
        hand = hand_of("crouch", (x, y + 4), 46, flip=flip)
        wheel(canvas, (hand[0], y - 2), 7.4, compound)


def _jack(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    y = 112 + rng.uniform(-2, 3)
    if count == 2:
        person(canvas, (40, y - 6), 50, _crew(rng, team, "headset", "cap"), "arms_up")
    side_car(canvas, (48, y - 7), 84, _livery(rng, team), angle=-11, shadow=False)
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
        wheel(canvas, (at[0], at[1] - height * 0.52), height * 0.155, compound)


def _pushing(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    y = 110 + rng.uniform(-2, 3)
    for x in ((), (58,), (50, 82))[count - 1]:
        person(canvas, (x, y - 3), 50, _crew(rng, team, "cap", "headset"), "push")
    side_car(canvas, (82, y), 80, _livery(rng, team), driver=False)
    person(canvas, (22, y + 2), 54, _crew(rng, team, "cap", "headset"), "push")


def _wing(canvas: Canvas, rng: Random, count: int, team: Team) -> None:
    y = 108 + rng.uniform(-2, 3)
    side_car(canvas, (26, y - 4), 86, _livery(rng, team))
    xs = ((98,), (84, 114))[count - 1]
    for x in xs:
        person(canvas, (x, y + 10), 60, _crew(rng, team, "cap", "headset", "short"), "hold_front")
    front_wing(canvas, (98, y - 24), 50, team.body, team.trim)


_PIT_SCENES: Mapping[str, Callable[[Canvas, Random, int, Team], None]] = {
    "tyres": _tyres,
    "jack": _jack,
    "waiting": _waiting,
    "pushing": _pushing,
    "wing": _wing,
}


_SILVER = Livery((196, 200, 208), (96, 102, 116), (120, 126, 140))


@dataclass(frozen=True)
class _Race:
    """What the drawing of a moment needs to know."""

    count: int
    team: Team
    light: Light


def draw_moment(canvas: Canvas, rng: Random, facts: Facts, team: Team) -> None:
    """Draw a scene of the theme cars, tracks and moments."""
    draw_track(canvas, rng, facts)
    race = _Race(count_of(facts), team, light_of(facts))
    with _framed(canvas, rng):
        _TRACK_SCENES[facts["action"]](canvas, rng, race)


def _overtaking(canvas: Canvas, rng: Random, race: _Race) -> None:
    far_y = 88 + rng.uniform(-1, 2)
    side_car(canvas, (88 + rng.uniform(-4, 6), far_y), 62, _SILVER)
    if race.count == 1:
        x, y = 56 + rng.uniform(-4, 4), 114 + rng.uniform(-2, 3)
        _speed_lines(canvas, rng, x - 40, y)
        side_car(canvas, (x, y), 88, _livery(rng, race.team))
    else:
        side_car(canvas, (30, 101 + rng.uniform(-1, 1)), 58, _livery(rng, race.team))
        side_car(canvas, (84 + rng.uniform(-3, 3), 121), 70, _livery(rng, race.team))


def _spinning(canvas: Canvas, rng: Random, race: _Race) -> None:
    sand = race.light.lit((224, 200, 154))
    edge = ((-20, 93), (24, 86), (60, 90), (100, 84), (150, 89), (150, 140), (-20, 140))
    canvas.polygon(edge, sand)
    for _ in range(60):
        at = rng.uniform(-6, 134), rng.uniform(92, 128)
        canvas.rect((*at, 1.1, 0.8), shade(sand, rng.choice((0.82, 1.2))))
    for offset in (0.0, 6.0):
        track = ((-8, 73 + offset), (30, 78 + offset), (52, 90 + offset), (66, 106 + offset))
        canvas.curve(track, (50, 48, 52), 1.8)
    x, y = 72 + rng.uniform(-6, 6), 112 + rng.uniform(-2, 2)
    dust = race.light.lit((214, 190, 150))
    smoke(canvas, rng, (x - 40, y - 2), 13, dust)
    turn = rng.uniform(14, 24)
    side_car(canvas, (x, y - 4), 84, _livery(rng, race.team), flip=True, angle=turn)
    smoke(canvas, rng, (x + 34, y + 10), 10, dust)


def _grid(canvas: Canvas, rng: Random, race: _Race) -> None:
    canvas.rect((6, 20, 3, 50), (110, 118, 132))
    canvas.rect((119, 20, 3, 50), (110, 118, 132))
    canvas.rect((4, 18, 120, 5), (70, 78, 94))
    for i in range(5):
        x = 30 + i * 17
        canvas.rect((x - 5, 16, 10, 16), (34, 36, 44), radius=1.6)
        for y in (20.5, 27.5):
            canvas.glow((x, y), 7, fill=(255, 80, 70), strength=0.6)
            canvas.ellipse((x, y), 2.6, fill=(255, 58, 48))
    spots = {
        2: ((36, 118, 50), (92, 106, 44)),
        3: ((64, 122, 44), (28, 108, 36), (100, 104, 34)),
        4: ((34, 123, 42), (92, 117, 40), (32, 96, 28), (88, 92, 26)),
    }[race.count]
    line = race.light.lit((246, 246, 244))
    for x, y, width in sorted(spots, key=lambda spot: spot[1]):
        shifted = x + rng.uniform(-1.5, 1.5)
        half = width * 0.6
        canvas.line(
            ((shifted - half, y - 6), (shifted - half, y + 2), (shifted + half, y + 2)), line, 1.1
        )
        canvas.line(((shifted + half, y + 2), (shifted + half, y - 6)), line, 1.1)
        front_car(canvas, (shifted, y), width, _livery(rng, race.team))


def _finish(canvas: Canvas, rng: Random, race: _Race) -> None:
    chequered_line(canvas, 88, 72, 127)
    official = random_look(rng, (236, 238, 242), (90, 96, 110))
    canvas.rect((86, 60, 22, 8), race.light.lit((150, 156, 168)))
    person(canvas, (97, 62), 40, official, "wave", mood="happy", flip=True)
    canvas.line(((86, 12), (88, 34)), (120, 90, 60), 1.2)
    chequered_flag(canvas, (50, 9), 36, 24)
    y = 110 + rng.uniform(-2, 4)
    if race.count == 2:
        side_car(canvas, (36, y - 17), 56, _livery(rng, race.team))
        side_car(canvas, (82 + rng.uniform(-4, 4), y + 8), 76, _livery(rng, race.team))
        return
    x = 66 + rng.uniform(-6, 8)
    _speed_lines(canvas, rng, x - 46, y)
    side_car(canvas, (x, y), 92, _livery(rng, race.team))


def _safety(canvas: Canvas, rng: Random, race: _Race) -> None:
    _safety_car(canvas, (96 + rng.uniform(-2, 2), 88), 50)
    spots = {
        1: ((54, 116, 86),),
        2: ((32, 100, 54), (86, 120, 66)),
        3: ((26, 94, 46), (96, 106, 50), (40, 122, 60)),
    }[race.count]
    for x, y, length in spots:
        side_car(canvas, (x + rng.uniform(-2, 2), y), length, _livery(rng, race.team))


def _safety_car(canvas: Canvas, at: tuple[float, float], length: float) -> None:
    body: Color = (206, 210, 216)
    with canvas.group(at, length / 100):
        canvas.ellipse((0, 0), 50, 3, fill=(0, 0, 0, 90))
        hull = ((-48, -8), (-47, -18), (-30, -21), (-12, -33), (14, -33), (28, -21), (46, -16))
        canvas.polygon((*smooth(hull, closed=False), (49, -8), (46, -4), (-46, -4)), body)
        canvas.polygon(((-24, -21), (-10, -30), (2, -30), (2, -21)), (52, 62, 80))
        canvas.polygon(((5, -21), (5, -30), (13, -30), (22, -21)), (52, 62, 80))
        canvas.rect((-46, -14, 92, 3), (110, 116, 130))
        canvas.rect((-12, -38, 26, 5), (40, 44, 54), radius=1)
        for x in (-6, 8):
            canvas.glow((x, -38), 22, fill=(255, 190, 40), strength=0.9)
            canvas.rect((x - 5, -40, 10, 6), (255, 186, 30), radius=1.6)
        canvas.ellipse((47, -13), 2.4, 2, fill=(255, 250, 210))
        for x in (-29, 29):
            canvas.ellipse((x, -8), 8.6, fill=(34, 34, 38))
            canvas.ellipse((x, -8), 5, fill=(170, 174, 184))


def _crash(canvas: Canvas, rng: Random, race: _Race) -> None:
    for row in range(5):
        for column in range(4):
            at = (104 + column * 11 - row % 2 * 3, 110 - row * 9)
            canvas.ellipse(at, 6, fill=(40, 42, 48))
            canvas.ellipse(at, 2.6, fill=(96, 100, 110))
    canvas.rect((97, 86, 50, 5), (244, 244, 244))
    canvas.rect((97, 86, 50, 1.6), (120, 128, 142))
    x, y = 62 + rng.uniform(-3, 3), 114 + rng.uniform(-2, 2)
    smoke(canvas, rng, (x + 24, y - 16), 17, (92, 94, 102))
    side_car(canvas, (x, y), 80, _livery(rng, race.team), angle=-9)
    smoke(canvas, rng, (x - 12, y - 22), 12, (150, 152, 160))
    wheel(canvas, (22 + rng.uniform(-4, 4), 121), 5.4, (244, 214, 60))
    for _ in range(9):
        bit = (rng.uniform(14, 104), rng.uniform(112, 125))
        color = rng.choice((race.team.body, (40, 42, 48)))
        canvas.polygon((bit, (bit[0] + 3, bit[1] - 1), (bit[0] + 2, bit[1] + 1.6)), color)


def _sparks(canvas: Canvas, rng: Random, race: _Race) -> None:
    spots = {1: ((74, 112, 92),), 2: ((86, 92, 62), (68, 119, 74))}[race.count]
    for x, y, length in spots:
        shifted = x + rng.uniform(-4, 6)
        side_car(canvas, (shifted, y), length, _livery(rng, race.team))
        sparks(canvas, rng, (shifted - length * 0.4, y - 1), length * 0.62)


def _cornering(canvas: Canvas, rng: Random, race: _Race) -> None:
    grass = race.light.lit((104, 178, 88))
    outer = [(142 - 7.8 * i, 74 + (i / 20) ** 2.2 * 62) for i in range(21)]
    inner = [(x, y + 4 + i * 0.28) for i, (x, y) in enumerate(outer)]
    canvas.polygon(((-14, 70), *reversed(outer), (142, 70)), race.light.lit((104, 108, 118)))
    canvas.polygon([*inner, (-14, 140), (142, 140)], race.light.lit((104, 108, 118)))
    canvas.polygon(((-14, 71), *reversed(outer), (142, 71)), grass)
    for i in range(20):
        strip = (outer[i], outer[i + 1], inner[i + 1], inner[i])
        canvas.polygon(strip, (206, 62, 60) if i % 2 else (248, 248, 246))
    spots = {
        1: ((78, 119, 66),),
        2: ((98, 96, 34), (70, 122, 50)),
        3: ((108, 91, 24), (92, 106, 34), (62, 123, 46)),
    }[race.count]
    for x, y, width in spots:
        front_car(canvas, (x + rng.uniform(-3, 3), y), width, _livery(rng, race.team), angle=-6)


def _speed_lines(canvas: Canvas, rng: Random, x: float, y: float) -> None:
    for i in range(4):
        level = y - 3 - i * 5 + rng.uniform(-1, 1)
        end = x - rng.uniform(4, 10)
        canvas.line(((end - rng.uniform(8, 18), level), (end, level)), (255, 255, 255, 150), 0.9)


_TRACK_SCENES: Mapping[str, Callable[[Canvas, Random, _Race], None]] = {
    "overtaking": _overtaking,
    "spinning": _spinning,
    "grid": _grid,
    "finish": _finish,
    "safety": _safety,
    "crash": _crash,
    "sparks": _sparks,
    "cornering": _cornering,
}
