"""Training: three steps of each family, twice the same, and resumed in between."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from safetensors.torch import load_file

from f1cap.training import train as training
from f1cap.training.pictures import Pictures, prepare_pictures
from f1cap.training.recipe import RECIPES
from f1cap.training.score import write_captions
from f1cap.training.train import Job, train

SCENES = 16


class Case(NamedTuple):
    """A checkpoint to train for three steps, and the pictures of its domain."""

    name: str
    pictures: Pictures

    def job(self, folder: Path) -> Job:
        recipe = replace(RECIPES[self.name], steps=3, batch=4, pictures=SCENES)
        return Job(self.name, recipe, seed=3, out=folder / "out", work=folder / "work")


@pytest.fixture(scope="module", params=sorted(RECIPES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    domain = RECIPES[request.param].domain
    folder = tmp_path_factory.mktemp(domain)
    return Case(request.param, prepare_pictures(domain, SCENES, folder, processes=1))


def test_the_same_seed_gives_the_same_weights_also_when_resumed(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = train(case.job(tmp_path / "straight"), case.pictures)
    assert straight is not None

    interrupted = case.job(tmp_path / "interrupted")
    assert train(interrupted, case.pictures, stop_at=1) is None
    assert not interrupted.out.exists()
    resumed = train(interrupted, case.pictures)
    assert resumed is not None

    expected, actual = (load_file(folder / "model.safetensors") for folder in (straight, resumed))
    assert expected.keys() == actual.keys()
    assert all(expected[key].equal(actual[key]) for key in expected)
    for name in ("config.json", "generation_config.json", "preprocessor_config.json"):
        assert (straight / name).read_bytes() == (resumed / name).read_bytes()


def test_another_seed_gives_other_weights(case: Case, tmp_path: Path) -> None:
    first = train(case.job(tmp_path / "first"), case.pictures)
    second = train(replace(case.job(tmp_path / "second"), seed=4), case.pictures)
    assert first is not None
    assert second is not None
    one, other = (load_file(folder / "model.safetensors") for folder in (first, second))
    assert any(not one[key].equal(other[key]) for key in one)


def test_what_was_trained_writes_captions(case: Case, tmp_path: Path) -> None:
    job = case.job(tmp_path)
    folder = train(job, case.pictures)
    assert folder is not None
    from PIL import Image

    pictures = [Image.new("RGB", (160, 120), colour) for colour in ("red", "blue")]
    captions = write_captions(folder, pictures, job.recipe)
    assert len(captions.texts) == len(captions.ended) == 2


def test_the_log_tells_of_every_step_once(case: Case, tmp_path: Path) -> None:
    job = case.job(tmp_path)
    train(job, case.pictures)
    lines = job.log.read_text("utf-8").splitlines()
    assert len(lines) == 1
    assert '"step": 3' in lines[0]


def test_pictures_are_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare_pictures("racing", 2, tmp_path, processes=1)
    monkeypatch.setattr(
        "f1cap.training.pictures.multiprocessing", None
    )  # a second drawing would fail
    second = prepare_pictures("racing", 2, tmp_path, processes=1)
    assert (first.images == second.images).all()
    assert first.captions == second.captions


def test_the_command_trains_into_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Job] = []
    monkeypatch.setattr(training, "train", lambda job, _pictures: jobs.append(job))
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    options = ["--work", str(tmp_path), "--out", str(tmp_path / "x"), "--pictures", "2"]
    training.main(["git-mini", *options, "--seed", "9", "--core-minutes", "2"])
    assert jobs[0].seed == 9
    assert jobs[0].out == tmp_path / "x"
    assert jobs[0].recipe.steps == 2 * RECIPES["git-mini"].steps_per_minute
