"""Everyday scenes: sampled, drawn and described the same way each time, and never about racing."""

import itertools
import random

import pytest

from f1cap.training import everyday
from f1cap.training.everyday.facts import ACTIONS
from f1cap.training.everyday.grammar import MAX_WORDS, MIN_WORDS, compose
from f1cap.training.everyday.sampling import is_held_out
from f1cap.training.scene import Scene

_SCENES = [everyday.sample(seed) for seed in range(1500)]
_RACING_WORDS = (
    "race races racing racer driver drivers formula f1 pit stop-go team teams lap laps circuit "
    "track tracks tyre tyres tire tires podium flag chequered checkered mechanic mechanics "
    "engineer engineers strategist grid garage champagne trophy helmet helmets marshal motor "
    "motorcycle motorsport speed telemetry wing overtaking grandstand paddock livery kerb winner"
)


def _one_of_each() -> list[Scene]:
    first: dict[str, Scene] = {}
    for scene in _SCENES:
        first.setdefault(scene.facts["action"], scene)
    return list(first.values())


def test_a_seed_always_gives_the_same_scene_picture_and_captions() -> None:
    for seed in (0, 7, 20_000_001):
        first, again = everyday.sample(seed), everyday.sample(seed)
        assert dict(first.facts) == dict(again.facts)
        assert everyday.render(first, 48).tobytes() == everyday.render(again, 48).tobytes()
        assert everyday.references(first) == everyday.references(again)


def test_every_kind_of_scene_is_drawn_in_the_size_asked_for() -> None:
    scenes = _one_of_each()
    assert {scene.facts["action"] for scene in scenes} == set(ACTIONS)
    pictures = [everyday.render(scene, 40) for scene in scenes]
    assert {(picture.size, picture.mode) for picture in pictures} == {((40, 40), "RGB")}
    assert len({picture.tobytes() for picture in pictures}) == len(ACTIONS)


@pytest.mark.parametrize("theme", everyday.FACTS["theme"])
@pytest.mark.parametrize("held_out", [False, True])
def test_a_scene_has_the_theme_and_the_half_that_were_asked_for(theme: str, held_out: bool) -> None:
    for seed in range(10):
        scene = everyday.sample(seed, theme=theme, held_out=held_out)
        assert scene.theme == scene.facts["theme"] == theme
        assert is_held_out(scene.facts) is held_out


def test_each_single_value_occurs_in_training() -> None:
    seen = {(name, value) for scene in _SCENES for name, value in scene.facts.items()}
    assert seen == {(name, value) for name, values in everyday.FACTS.items() for value in values}


def test_about_a_tenth_of_the_combinations_is_held_out() -> None:
    rest = {tuple(everyday.sample(seed, held_out=True).facts.items()) for seed in range(300)}
    assert rest.isdisjoint(tuple(scene.facts.items()) for scene in _SCENES)
    assert len(rest) > 100


def test_facts_read_from_a_caption_are_those_it_states() -> None:
    rng = random.Random(1)
    for scene in _SCENES:
        caption, stated = compose(scene, rng)
        assert everyday.read_facts(caption) == stated
        assert stated.items() <= scene.facts.items()
        assert {"theme", "subject", "action", "count"} <= set(stated)


def test_captions_are_short_lower_case_sentences_that_a_bigram_ban_allows() -> None:
    known = set(everyday.vocabulary())
    for scene in _SCENES[:400]:
        references = everyday.references(scene)
        assert len(set(references)) == 3
        for caption in references:
            words = caption.split()
            pairs = list(itertools.pairwise(words))
            assert MIN_WORDS <= len(words) <= MAX_WORDS
            assert len(set(pairs)) == len(pairs)
            assert set(words) <= known


def test_captions_in_everyday_words() -> None:
    scene = Scene(
        "everyday",
        "beach",
        {"theme": "beach", "subject": "man", "action": "surfing", "count": "one", "colour": "blue"},
        0,
    )
    captions = {everyday.describe(scene, random.Random(seed)) for seed in range(40)}
    assert "a man riding a wave on top of a blue surfboard" in captions


def test_what_is_no_caption_states_nothing() -> None:
    assert everyday.read_facts("") == {}
    assert everyday.read_facts("two drivers of team veltro on podium") == {"count": "two"}


def test_nothing_in_the_vocabulary_is_about_racing() -> None:
    assert not set(everyday.vocabulary()) & set(_RACING_WORDS.split())
