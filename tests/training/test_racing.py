"""Racing scenes: the same every time, split as promised, captions that can be read back."""

import json
from pathlib import Path
from random import Random

import pytest
from PIL import Image, ImageChops, ImageStat

from f1cap.training import dataset
from f1cap.training.racing import (
    FACTS,
    describe,
    read_facts,
    references,
    render,
    sample,
    vocabulary,
)
from f1cap.training.racing.facts import ACTIONS, THEMES
from f1cap.training.racing.grammar import MAX_WORDS, MIN_WORDS, compose
from f1cap.training.racing.sampling import is_held_out
from f1cap.training.scene import Scene

DATASET = Path(__file__).parents[2] / "dataset"


def _scene_with(action: str) -> Scene:
    theme = ACTIONS[action].theme
    scenes = (sample(seed, theme=theme) for seed in range(1000))
    return next(scene for scene in scenes if scene.facts["action"] == action)


def test_a_seed_always_gives_the_same_scene_picture_and_references() -> None:
    first, again = sample(7), sample(7)
    assert first == again
    assert render(first, 128).tobytes() == render(again, 128).tobytes()
    assert references(first) == references(again)


def test_held_out_combinations_never_occur_in_training() -> None:
    names = ("team", "action", "weather", "time")
    seen = {
        held_out: {
            tuple(sample(seed, held_out=held_out).facts.get(name) for name in names)
            for seed in range(2000)
        }
        for held_out in (False, True)
    }
    assert seen[False].isdisjoint(seen[True])
    assert len(seen[True]) > 50


def test_every_value_of_every_fact_occurs_in_training() -> None:
    scenes = [sample(seed) for seed in range(3000)]
    for name, values in FACTS.items():
        assert {scene.facts[name] for scene in scenes if name in scene.facts} == set(values)


def test_sample_keeps_to_the_theme_and_the_facts_to_their_values() -> None:
    for theme in THEMES:
        scene = sample(3, theme=theme, held_out=True)
        assert scene.theme == scene.facts["theme"] == theme
        assert is_held_out(scene.facts)
        assert all(value in FACTS[name] for name, value in scene.facts.items())


@pytest.mark.parametrize("action", ACTIONS)
def test_reading_a_caption_gives_exactly_the_facts_it_states(action: str) -> None:
    scene = _scene_with(action)
    rng = Random(action)
    words = set(vocabulary())
    for _ in range(300):
        caption, stated = compose(scene, rng)
        assert read_facts(caption) == stated
        assert {"theme", "colour", "action"} <= stated.keys()
        assert stated.items() <= dict(scene.facts).items()
        assert MIN_WORDS <= len(caption.split()) <= MAX_WORDS
        assert words.issuperset(caption.split())


def test_references_differ_and_describe_draws_many_phrasings() -> None:
    scene = sample(11)
    assert len(set(references(scene, n=4))) == 4
    rng = Random(0)
    assert len({describe(scene, rng) for _ in range(50)}) > 20


def test_read_facts_takes_any_text() -> None:
    assert read_facts("") == {}
    assert read_facts("a dog on a sofa") == {}
    assert read_facts("Veltro mechanics, in red suits.") == {
        "team": "veltro",
        "theme": "2_pit_stops",
        "colour": "red",
    }


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_drawn(action: str) -> None:
    picture = render(_scene_with(action), 96)
    assert picture.mode == "RGB"
    assert picture.size == (96, 96)
    assert min(ImageStat.Stat(picture.convert("L")).stddev) > 20


def test_a_large_picture_shows_the_same_as_a_small_one() -> None:
    scene = sample(5)
    large = render(scene, 384).resize((128, 128), Image.Resampling.BOX)
    difference = ImageChops.difference(large, render(scene, 128))
    assert max(ImageStat.Stat(difference).mean) < 8


def test_dataset_lists_five_pictures_of_each_category_with_three_references() -> None:
    images = json.loads((DATASET / "captions.json").read_text(encoding="utf-8"))["images"]
    assert [image["id"] for image in images] == list(range(1, 21))
    assert [image["filename"] for image in images] == list(dataset.pictures())
    for image in images:
        assert image["category"] == image["filename"].split("/")[0][2:]
        assert image["caption"] == image["captions"][0]
        assert len(set(image["captions"])) == 3
        assert all(8 <= len(caption.split()) <= 16 for caption in image["captions"])


def test_dataset_pictures_are_small_square_and_unseen_in_training() -> None:
    paths = [DATASET / name for name in dataset.pictures()]
    assert sorted(DATASET.glob("*/*")) == sorted(paths)
    assert sum(path.stat().st_size for path in paths) < 2_000_000
    for path in paths:
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("JPEG", (dataset.SIZE, dataset.SIZE))
    seeds = [seed for _, seed in dataset.pictures().values()]
    assert len(set(seeds)) == 20
    assert min(seeds) >= dataset.FIRST_SEED


def test_dataset_pictures_are_what_the_renderer_draws() -> None:
    for name, (theme, seed) in list(dataset.pictures().items())[::5]:
        with Image.open(DATASET / name) as stored:
            small = stored.resize((128, 128), Image.Resampling.BOX)
        difference = ImageChops.difference(small, render(sample(seed, theme=theme), 128))
        assert max(ImageStat.Stat(difference).mean) < 8


def test_write_pictures_renders_every_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "SIZE", 32)
    dataset.write_pictures(tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*.jpg")}
    assert written == set(dataset.pictures())
