"""Training: three steps of each family, twice the same, and resumed in between."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image
from safetensors.torch import load_file

from f1cap.training import train as training
from f1cap.training.images import TrainingSet, prepare_training_set
from f1cap.training.recipe import RECIPES
from f1cap.training.score import write_captions
from f1cap.training.train import Job, train

SCENES = 16


class Case(NamedTuple):
    """A checkpoint trained for three steps, and what it takes to train it again."""

    data: TrainingSet
    make_job: Callable[[Path], Job]
    job: Job
    folder: Path


@pytest.fixture(scope="module", params=sorted(RECIPES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    recipe = replace(RECIPES[request.param], steps=3, batch_size=4, images=SCENES)
    data = prepare_training_set(
        recipe.domain, SCENES, tmp_path_factory.mktemp(recipe.domain), processes=1
    )

    def make_job(folder: Path) -> Job:
        return Job(request.param, recipe, seed=3, out=folder / "out", work=folder / "work")

    job = make_job(tmp_path_factory.mktemp(request.param))
    folder = train(job, data)
    assert folder is not None
    return Case(data, make_job, job, folder)


def test_an_interrupted_run_goes_on_to_the_same_weights(case: Case, tmp_path: Path) -> None:
    interrupted = case.make_job(tmp_path)
    assert train(interrupted, case.data, stop_at=1) is None
    assert not interrupted.out.exists()
    resumed = train(interrupted, case.data)
    assert resumed is not None

    expected, actual = (load_file(path / "model.safetensors") for path in (case.folder, resumed))
    assert expected.keys() == actual.keys()
    assert all(expected[key].equal(actual[key]) for key in expected)
    for name in ("config.json", "generation_config.json", "preprocessor_config.json"):
        assert (case.folder / name).read_bytes() == (resumed / name).read_bytes()


def test_another_seed_gives_other_weights(case: Case, tmp_path: Path) -> None:
    other = train(replace(case.make_job(tmp_path), seed=4), case.data)
    assert other is not None
    first, second = (load_file(path / "model.safetensors") for path in (case.folder, other))
    assert any(not first[key].equal(second[key]) for key in first)


def test_what_was_trained_writes_captions(case: Case) -> None:
    images = [Image.new("RGB", (160, 120), colour) for colour in ("red", "blue")]
    captions = write_captions(case.folder, images, case.job.recipe)
    assert len(captions.texts) == len(captions.ended) == 2


def test_the_log_tells_of_every_step_once(case: Case) -> None:
    (line,) = case.job.log.read_text("utf-8").splitlines()
    assert '"step": 3' in line


def test_images_are_drawn_once(tmp_path: Path) -> None:
    first = prepare_training_set("racing", 2, tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    second = prepare_training_set("racing", 2, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written
    assert (first.images == second.images).all()
    assert first.captions == second.captions


def test_the_command_trains_into_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Job] = []
    monkeypatch.setattr(training, "train", lambda job, _data: jobs.append(job))
    monkeypatch.setattr(training, "prepare_training_set", lambda *_: None)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    options = ["--work", str(tmp_path), "--out", str(tmp_path / "x"), "--images", "2"]
    training.main(["git-mini", *options, "--seed", "9", "--cpu-minutes", "2"])
    assert jobs[0].seed == 9
    assert jobs[0].out == tmp_path / "x"
    assert jobs[0].recipe.images == 2
    assert jobs[0].recipe.steps == 2 * RECIPES["git-mini"].steps_per_minute
