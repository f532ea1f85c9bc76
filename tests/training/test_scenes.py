"""Scenes of both domains: always the same, split as promised, with captions that read back."""

import hashlib
import itertools
import json
from functools import cache
from random import Random

import pytest
from PIL import Image, ImageChops, ImageStat

from f1cap.training.domain import Domain, load_domain
from f1cap.training.grammar import MAX_WORDS, MIN_WORDS
from f1cap.training.scene import Scene

RACING, EVERYDAY = load_domain("racing"), load_domain("everyday")
RACING_WORDS = (
    "race races racing racer driver drivers formula f1 pit stop-go team teams lap laps circuit "
    "track tracks tyre tyres tire tires podium flag chequered checkered mechanic mechanics "
    "engineer engineers strategist grid garage champagne trophy helmet helmets marshal motor "
    "motorcycle motorsport speed telemetry wing overtaking grandstand paddock livery kerb winner"
)

# Digests of the references of seeds 0 to 199.
LEARNED = {"racing": "06097e6d3bf03350", "everyday": "a8ab8db35873d3da"}

domains = pytest.mark.parametrize("domain", [RACING, EVERYDAY], ids=lambda domain: domain.name)


@cache
def scenes(name: str) -> list[Scene]:
    domain = load_domain(name)
    return [domain.sample(seed) for seed in range(1500)]


@cache
def one_of_each_action(name: str) -> dict[str, Scene]:
    return {scene.facts["action"]: scene for scene in reversed(scenes(name))}


@domains
def test_a_seed_always_gives_the_same_scene_image_and_captions(domain: Domain) -> None:
    for seed in (0, 7, 20_000_001):
        first, again = domain.sample(seed), domain.sample(seed)
        assert first == again
        assert domain.render(first, 48).tobytes() == domain.render(again, 48).tobytes()
        assert domain.grammar.references(first) == domain.grammar.references(again)


@domains
def test_every_action_is_drawn_in_the_size_asked_for(domain: Domain) -> None:
    examples = one_of_each_action(domain.name)
    assert set(examples) == set(domain.facts["action"])
    images = [domain.render(scene, 64) for scene in examples.values()]
    assert {(image.size, image.mode) for image in images} == {((64, 64), "RGB")}
    assert len({image.tobytes() for image in images}) == len(images)
    assert all(min(ImageStat.Stat(image.convert("L")).stddev) > 10 for image in images)


@domains
def test_a_large_image_shows_the_same_as_a_small_one(domain: Domain) -> None:
    scene = domain.sample(5)
    large = domain.render(scene, 384).resize((128, 128), Image.Resampling.BOX)
    difference = ImageChops.difference(large, domain.render(scene, 128))
    assert max(ImageStat.Stat(difference).mean) < 8


@domains
@pytest.mark.parametrize("held_out", [False, True])
def test_a_scene_has_the_theme_and_the_half_that_were_asked_for(
    domain: Domain, held_out: bool
) -> None:
    for theme in domain.facts["theme"]:
        for seed in range(10):
            scene = domain.sample(seed, theme=theme, held_out=held_out)
            assert scene.facts["theme"] == theme
            assert domain.is_held_out(scene.facts) is held_out


@domains
def test_every_value_of_every_fact_occurs_in_training(domain: Domain) -> None:
    seen = {pair for scene in scenes(domain.name) for pair in scene.facts.items()}
    assert seen == {(name, value) for name, values in domain.facts.items() for value in values}


@domains
def test_held_out_combinations_never_occur_in_training(domain: Domain) -> None:
    def combination(scene: Scene) -> tuple[str | None, ...]:
        return tuple(scene.facts.get(name) for name in domain.split_by)

    held_out = {combination(domain.sample(seed, held_out=True)) for seed in range(300)}
    assert held_out.isdisjoint(map(combination, scenes(domain.name)))
    assert len(held_out) > 50


@domains
def test_facts_read_from_a_caption_are_those_it_states(domain: Domain) -> None:
    grammar, rng = domain.grammar, Random(1)
    known = set(grammar.vocabulary())
    some, actions = scenes(domain.name)[:1000], one_of_each_action(domain.name).values()
    for scene in (*some, *actions, *actions):
        caption, stated = grammar.compose(scene, rng)
        assert grammar.read_facts(caption) == stated
        assert stated.items() <= scene.facts.items()
        assert {"theme", "action"} <= stated.keys()
        words = caption.split()
        assert MIN_WORDS <= len(words) <= MAX_WORDS
        assert known.issuperset(words)


@domains
def test_references_differ_and_describe_draws_many_captions(domain: Domain) -> None:
    scene = domain.sample(11)
    assert len(set(domain.grammar.references(scene, n=4))) == 4
    rng = Random(0)
    assert len({domain.grammar.describe(scene, rng) for _ in range(50)}) > 20


@domains
def test_the_captions_are_those_that_the_checkpoints_learned(domain: Domain) -> None:
    captions = [domain.grammar.references(scene) for scene in scenes(domain.name)[:200]]
    digest = hashlib.sha256(json.dumps(captions).encode()).hexdigest()
    assert digest.startswith(LEARNED[domain.name]), "scenes or captions changed: retrain, then pin"


def test_racing_facts_are_read_from_any_text() -> None:
    read = RACING.grammar.read_facts
    assert read("") == {}
    assert read("a dog on a sofa") == {}
    assert read("Veltro mechanics, in red suits.") == {
        "team": "veltro",
        "theme": "2_pit_stops",
        "colour": "red",
    }


def test_everyday_facts_are_read_from_any_text() -> None:
    read = EVERYDAY.grammar.read_facts
    assert read("") == {}
    assert read("two drivers of team veltro on podium") == {"count": "two"}
    assert read("An elephant, drinking water!") == {
        "subject": "elephant",
        "count": "one",
        "action": "drinking",
        "theme": "animals",
    }


def test_everyday_captions_can_be_written_under_a_bigram_ban() -> None:
    for scene in scenes("everyday")[:300]:
        for caption in EVERYDAY.grammar.references(scene):
            bigrams = list(itertools.pairwise(caption.split()))
            assert len(set(bigrams)) == len(bigrams)


def test_captions_in_everyday_words() -> None:
    facts = {"theme": "beach", "subject": "man", "action": "surfing", "count": "one"}
    scene = Scene("everyday", facts | {"colour": "blue"}, seed=0)
    captions = {EVERYDAY.grammar.describe(scene, Random(seed)) for seed in range(40)}
    assert "a man riding a wave on top of a blue surfboard" in captions


def test_nothing_in_the_everyday_vocabulary_is_about_racing() -> None:
    assert not set(EVERYDAY.grammar.vocabulary()) & set(RACING_WORDS.split())
