"""Trains, airplanes and boats in their surroundings."""

from collections.abc import Callable, Mapping
from random import Random

from f1cap.training.canvas import Canvas, shade
from f1cap.training.everyday.colours import PAINTS
from f1cap.training.everyday.outdoors import Light, cloud, draw_sky, landscape, light_of, mountains
from f1cap.training.everyday.people import figure, make_body
from f1cap.training.everyday.streets import glass_of
from f1cap.training.everyday.vehicles import airplane, sail_boat, train

Facts = Mapping[str, str]


def _rails(canvas: Canvas, light: Light, y: float) -> None:
    canvas.rect((0, y - 3, 128, 10), light.lit((168, 156, 144)))
    for i in range(17):
        canvas.rect((i * 8, y + 1, 4, 4), light.lit((104, 78, 58)))
    canvas.rect((0, y - 0.6, 128, 1.8), light.lit((206, 210, 216)))


def _station(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 60)
    canvas.rect((0, 50, 128, 50), light.lit((206, 196, 178)))
    pane = glass_of(facts)
    for i in range(5):
        canvas.rect((5 + i * 26, 58, 14, 22), light.lit((122, 96, 78)), radius=6)
        canvas.rect((7 + i * 26, 60, 10, 19), pane, radius=5)
    canvas.polygon(((-2, 42), (130, 42), (124, 51), (4, 51)), light.lit((104, 112, 128)))
    canvas.rect((44, 34, 40, 9), light.lit((40, 70, 120)), radius=1)
    canvas.text((64, 38.6), "STATION", (255, 255, 255), 7)
    _rails(canvas, light, 101)
    front = (104 + rng.uniform(-6, 16), 102.0)
    train(canvas, front, 38, PAINTS[facts["colour"]], pane)
    canvas.rect((0, 109, 128, 20), light.lit((196, 196, 200)))
    canvas.rect((0, 107.5, 128, 2.4), light.lit((250, 216, 60)))
    for x in (18, 108):
        canvas.rect((x, 44, 2.4, 66), light.lit((84, 92, 110)))
    for x in (30, 52, 90)[: rng.randint(1, 3)]:
        top = rng.choice(((232, 226, 214), (110, 116, 130), (150, 120, 96)))
        body = make_body(rng, rng.choice(("man", "woman")), top)
        pose = rng.choice(("stand", "walk"))
        figure(canvas, (x + rng.uniform(-6, 6), 122), 46, body, pose, flip=rng.random() < 0.5)


def _countryside(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = landscape(canvas, rng, facts)
    _rails(canvas, light, 102)
    front = (112 + rng.uniform(-10, 6), 103.0)
    train(canvas, front, 34, PAINTS[facts["colour"]], glass_of(facts))
    for x in (12, 76):
        canvas.rect((x, 56, 1.8, 44), light.lit((120, 92, 66)))
        canvas.rect((x - 5, 58, 12, 1.6), light.lit((120, 92, 66)))
    canvas.line(((0, 57), (12, 60), (76, 60), (128, 57)), light.lit((60, 60, 70)), 0.7)


def _airborne(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 128)
    for _ in range(4):
        at = (rng.uniform(0, 128), rng.uniform(84, 122))
        cloud(canvas, at, rng.uniform(12, 18), light.lit((250, 252, 255)))
    at = (64 + rng.uniform(-6, 6), 60 + rng.uniform(-6, 6))
    angle = rng.uniform(-20, -6)
    airplane(canvas, at, rng.uniform(92, 102), PAINTS[facts["colour"]], angle=angle, gear=False)


def _runway(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 74)
    canvas.rect((6, 54, 62, 22), light.lit((206, 214, 222)))
    for i in range(7):
        canvas.rect((9 + i * 8.4, 59, 6, 9), glass_of(facts))
    canvas.rect((94, 36, 7, 40), light.lit((196, 200, 210)))
    canvas.polygon(((89, 28), (106, 28), (103, 38), (92, 38)), light.lit((90, 130, 170)))
    canvas.rect((88, 25, 19, 3.4), light.lit((150, 156, 168)))
    canvas.rect((0, 74, 128, 12), light.lit((112, 184, 84)))
    gray = light.lit((128, 132, 140))
    canvas.gradient((0, 84, 128, 45), shade(gray, 0.92), shade(gray, 1.06))
    for i in range(5):
        canvas.rect((i * 30 + 2, 116, 18, 2.4), light.lit((250, 250, 250)))
    at = (62 + rng.uniform(-3, 3), 91 + rng.uniform(-1, 2))
    canvas.ellipse((at[0], at[1] + 16), 48, 3.6, fill=(0, 0, 0, 80))
    airplane(canvas, at, rng.uniform(98, 106), PAINTS[facts["colour"]], angle=0, gear=True)


def _sailing(canvas: Canvas, rng: Random, facts: Facts) -> None:
    light = draw_sky(canvas, rng, facts, 74)
    if facts["place"] == "mountains":
        mountains(canvas, rng, light, 72)
    else:
        x = -4.0
        while x < 128:
            width, height = rng.uniform(9, 14), rng.uniform(14, 40)
            wall = light.lit(rng.choice(((150, 158, 178), (176, 168, 164), (120, 132, 156))))
            canvas.rect((x, 74 - height, width, height), wall)
            for row in range(int(height / 6)):
                for dx in (2, 5.6):
                    canvas.rect((x + dx, 76 - height + row * 6, 2, 3), shade(wall, 0.7))
            x += width
    canvas.gradient((0, 72, 128, 57), light.lit((30, 124, 190)), light.lit((70, 176, 216)))
    for i in range(12):
        x, y = rng.uniform(0, 116), 76 + i * 4.2
        canvas.line(((x, y), (x + 10, y)), light.lit((190, 230, 246)), 0.8)
    at = (64 + rng.uniform(-20, 20), 108 + rng.uniform(-3, 4))
    canvas.ellipse((at[0], at[1] + 3), 42, 4, fill=light_of(facts).lit((20, 96, 160)))
    sail_boat(canvas, at, rng.uniform(82, 92), PAINTS[facts["colour"]])


TRAVEL: Mapping[str, Callable[[Canvas, Random, Facts], None]] = {
    "station": _station,
    "rails": _countryside,
    "airborne": _airborne,
    "runway": _runway,
    "sailing": _sailing,
}
