"""The public Python API, from outside: what it offers, what it leaves alone, what it raises."""

import asyncio
import contextlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import f1cap
from f1cap.cli.app import app
from f1cap.errors import (
    CaptionSetError,
    ImageError,
    UnknownModelError,
    UnsupportedModelError,
    UsageError,
)

ROOT = Path(__file__).parent.parent
IMAGES = sorted((ROOT / "dataset").glob("*/*.jpg"))[:3]
REFERENCES = {"a.jpg": ["A red car on a track.", "A racing car."], "b.jpg": "A dog in a park."}


@pytest.fixture(scope="module")
def captioner() -> Iterator[f1cap.Captioner]:
    with f1cap.load("git-mini", device="cpu", offline=True) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def captions(captioner: f1cap.Captioner) -> list[f1cap.Caption]:
    return captioner.caption(IMAGES)


def test_what_is_public_is_there_and_documented() -> None:
    for name in f1cap.__all__:
        value = getattr(f1cap, name)
        assert name in dir(f1cap)
        if name != "__version__":
            assert inspect.getdoc(value), name
    assert issubclass(f1cap.errors.ImageError, f1cap.F1capError)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        f1cap.nothing  # noqa: B018


def test_importing_it_loads_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import f1cap; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("f1cap")} == {"f1cap", "f1cap.version"}
    assert not {"torch", "transformers", "numpy", "PIL", "typer", "rich"} & loaded


def test_the_catalogue_is_a_call_whatever_was_imported_before() -> None:
    from f1cap.models.catalog import CATALOG

    entries = f1cap.models()
    assert [entry.spec.name for entry in entries] == list(CATALOG)
    bundled = next(entry for entry in entries if entry.spec.name == "git-mini")
    assert bundled.to_dict()["availability"] == "bundled"


def test_captions_are_those_of_the_command(
    captions: list[f1cap.Caption], runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names = [str(image.relative_to(ROOT)) for image in IMAGES]
    result = runner.invoke(app, ["caption", *names, "--model", "git-mini", "--format", "json"])
    (run,) = json.loads(result.stdout)["data"]["runs"]
    assert [caption.caption for caption in captions] == [one["caption"] for one in run["captions"]]
    assert [caption.image for caption in captions] == [str(image) for image in IMAGES]
    assert set(captions[0].to_dict()) == set(run["captions"][0])


def test_an_image_may_be_a_path_bytes_an_image_or_an_array(
    captioner: f1cap.Captioner, captions: list[f1cap.Caption]
) -> None:
    path = IMAGES[0]
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    sources: list[Any] = [path, str(path), path.read_bytes(), image, np.asarray(image)]
    found = captioner.caption(sources)
    assert {caption.caption for caption in found} == {captions[0].caption}
    assert [caption.image for caption in found] == [
        str(path),
        str(path),
        "images[2]",
        "images[3]",
        "images[4]",
    ]


@pytest.mark.parametrize("kind", ["path", "bytes", "image", "array"])
def test_one_image_alone_is_a_list_of_one(
    kind: str, captioner: f1cap.Captioner, captions: list[f1cap.Caption]
) -> None:
    with Image.open(IMAGES[0]) as opened:
        image = opened.convert("RGB")
    sources: dict[str, Any] = {
        "path": IMAGES[0],
        "bytes": IMAGES[0].read_bytes(),
        "image": image,
        "array": np.asarray(image),
    }
    (caption,) = captioner.caption(sources[kind])
    assert caption.caption == captions[0].caption


def test_a_bad_image_is_a_caption_with_an_error(
    captioner: f1cap.Captioner, captions: list[f1cap.Caption], tmp_path: Path
) -> None:
    missing = tmp_path / "missing.jpg"
    wrong: Any = np.zeros((8, 8), np.float32)
    found = captioner.caption([missing, IMAGES[0], b"no image", wrong])
    assert [bool(caption.error) for caption in found] == [True, False, True, True]
    assert found[1].caption == captions[0].caption
    assert found[0].error is not None
    assert found[0].error.message == f"{missing} does not exist."
    assert found[0].error.image == found[0].image == str(missing)
    assert found[3].error is not None
    assert "[8, 8] of float32" in found[3].error.message
    error = found[2].to_dict()["error"]
    assert isinstance(error, dict)
    assert error["code"] == "image"
    with pytest.raises(ImageError, match=r"missing.jpg does not exist"):
        captioner.caption([IMAGES[0], missing], errors="raise")


def test_what_is_no_list_of_images_is_one(captioner: f1cap.Captioner) -> None:
    """Not one failure for each row, line or byte of it."""
    encoded = IMAGES[0].read_bytes()
    wrong: list[Any] = [np.zeros((8, 8), np.uint8), io.BytesIO(encoded), 5]
    for source in wrong:
        (caption,) = captioner.caption(source)
        assert caption.error is not None, source
    whole: list[Any] = [bytearray(encoded), memoryview(encoded)]
    for source in whole:
        (caption,) = captioner.caption(source)
        assert caption.error is None
    with Image.open(IMAGES[0]) as opened:
        several: Any = np.stack([np.asarray(opened.convert("RGB"))] * 2)
    assert len(captioner.caption(several)) == 2


def test_images_are_drawn_as_they_are_needed(captioner: f1cap.Captioner) -> None:
    drawn: list[int] = []

    def endless() -> Iterator[Path]:
        while True:
            drawn.append(len(drawn))
            yield IMAGES[len(drawn) % len(IMAGES)]

    stream = captioner.iter_captions(endless(), batch_size=2)
    assert not drawn
    assert next(stream).caption
    assert len(drawn) < 20
    stream.close()  # type: ignore[attr-defined]  # a generator, though typed as an iterator


def test_options_are_obeyed(captioner: f1cap.Captioner, captions: list[f1cap.Caption]) -> None:
    (short,) = captioner.caption(IMAGES[0], max_new_tokens=3)
    assert (short.tokens, short.truncated) == (3, True)
    (greedy,) = captioner.caption(IMAGES[0], num_beams=1)
    assert greedy.caption != captions[0].caption
    (longer,) = captioner.caption(IMAGES[0], min_new_tokens=captions[0].tokens + 3)
    assert longer.tokens >= captions[0].tokens + 3
    (varied,) = captioner.caption(
        IMAGES[0], no_repeat_ngram_size=1, repetition_penalty=5.0, num_beams=1
    )
    words = varied.caption.split()
    assert len(words) == len(set(words)) < len(greedy.caption.split())
    (short,) = captioner.caption(IMAGES[0], length_penalty=-10.0, early_stopping="never")
    assert short.tokens < captions[0].tokens


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_beams": 0}, "num_beams must be an integer from 1 to 64, not 0"),
        ({"max_new_tokens": -1}, "max_new_tokens must be an integer from 1"),
        ({"batch_size": 5000}, "batch_size must be an integer from 1 to 4096, not 5000"),
        ({"batch_size": "2"}, "batch_size must be an integer from 1 to 4096, not '2'"),
        ({"batch_size": True}, "batch_size must be an integer from 1 to 4096, not True"),
        ({"num_beams": 2.5}, "num_beams must be an integer from 1 to 64, not 2.5"),
        ({"num_beams": 65}, "num_beams must be an integer from 1 to 64, not 65"),
        ({"min_new_tokens": -1}, "min_new_tokens must be an integer from 0, not -1"),
        ({"no_repeat_ngram_size": 1.5}, "no_repeat_ngram_size must be an integer from 0"),
        ({"repetition_penalty": 0}, "repetition_penalty must be a number from 0.01 to 100, not 0"),
        ({"length_penalty": float("nan")}, "length_penalty must be a number from -10 to 10"),
        ({"early_stopping": "always"}, "early_stopping must be True, False or 'never'"),
        ({"early_stopping": 1}, "early_stopping must be True, False or 'never', not 1"),
        ({"min_new_tokens": 9, "max_new_tokens": 8}, "9 new tokens at least and 8 at most"),
        ({"prompt": 3}, "prompt must be a text, not 3"),
        ({"errors": "ignore"}, "errors must be 'return' or 'raise', not 'ignore'"),
        ({"max_new_tokens": 400}, "cannot generate 400 new tokens"),
    ],
)
def test_options_out_of_range(
    captioner: f1cap.Captioner, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        captioner.caption(IMAGES[0], **options)


def test_a_prompt_is_for_families_that_take_one(captioner: f1cap.Captioner) -> None:
    with pytest.raises(UnsupportedModelError, match="git-mini takes no prompt"):
        captioner.iter_captions(IMAGES, prompt="a photo of")


def test_a_closed_captioner_says_so() -> None:
    captioner = f1cap.load(ROOT / "f1cap" / "bundled" / "checkpoints" / "blip-mini", device="cpu")
    assert repr(captioner) == "<f1cap.Captioner blip-mini cpu float32>"
    (caption,) = captioner.caption(IMAGES[0], prompt="a photo of")
    assert caption.caption.startswith("a photo of")
    rest = captioner.iter_captions(IMAGES, batch_size=1)
    next(rest)
    captioner.close()
    captioner.close()
    assert "closed" in repr(captioner)
    with pytest.raises(UsageError, match="captioner of blip-mini is closed"):
        captioner.caption(IMAGES)
    with pytest.raises(UsageError, match="captioner of blip-mini is closed"):
        next(rest)


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("git-minni", {}, UnknownModelError, "Did you mean git-mini"),
        ("git-mini", {"dtype": "int3"}, UsageError, "dtype must be one of 'auto', 'float32'"),
        ("git-mini", {"engine": "slow"}, UsageError, "engine must be one of"),
        ("git-mini", {"device": "tpu"}, f1cap.F1capError, "tpu"),
    ],
)
def test_what_cannot_be_loaded(
    name: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        f1cap.load(name, **options)


def test_nothing_is_written_printed_or_tuned(tmp_path: Path) -> None:
    code = f"""
import gc, os
before = dict(os.environ)
import f1cap
with f1cap.load("git-mini", device="cpu") as captioner:
    captions = captioner.caption([{str(IMAGES[0])!r}, b"no image"])
f1cap.evaluate(captions[:1], {{captions[0].image: "a driver"}}, metrics=["cider", "bleu"])
after = dict(os.environ)
after.pop("TORCHINDUCTOR_CACHE_DIR", None)  # set by importing transformers
assert after == before
assert gc.get_freeze_count() == 0
assert not os.path.exists(os.environ["F1CAP_CACHE_DIR"])
assert os.listdir() == []
"""
    quiet = {"TOKENIZERS_PARALLELISM", "TORCHINDUCTOR_CACHE_DIR", "OMP_WAIT_POLICY"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_scores_are_those_of_the_command(tmp_path: Path, runner: CliRunner) -> None:
    candidates = {"a.jpg": "a red car on a track", "b.jpg": "a cat"}
    files = tmp_path / "captions.json", tmp_path / "references.json"
    files[0].write_text(json.dumps(candidates))
    entries = [
        {"id": 1, "filename": "a.jpg", "captions": REFERENCES["a.jpg"]},
        {"id": 2, "filename": "b.jpg", "caption": REFERENCES["b.jpg"]},
    ]
    files[1].write_text(json.dumps({"images": entries}))
    options = ["--captions", str(files[0]), "--references", str(files[1])]
    chosen = ["--metrics", "cider,bleu,rouge_l", "--format", "json"]
    result = runner.invoke(app, ["eval", *options, *chosen])
    (report,) = json.loads(result.stdout)["data"]["reports"]
    metrics = ["cider", "bleu", "rouge_l"]
    evaluation = f1cap.evaluate(candidates, REFERENCES, metrics=metrics)
    (scored,) = evaluation.report.models
    assert {name: score.value for name, score in scored.scores.items()} == {
        name: score["value"] for name, score in report["scores"].items()
    }
    json.dumps(evaluation.to_dict())


def test_models_are_compared() -> None:
    good = {"a.jpg": "a red car on a track", "b.jpg": "a dog in a park"}
    bad = {"a.jpg": "a cat", "b.jpg": "a cat"}
    comparison = f1cap.compare(
        {"good": good, "bad": bad}, REFERENCES, metrics=["bleu", "cider"], primary="bleu_1"
    )
    (pair,) = [pair for pair in comparison.evaluation.report.pairs if pair.metric == "bleu_1"]
    assert (pair.a, pair.b) == ("good", "bad")
    assert pair.difference > 0
    assert "BLEU-1" in comparison.conclusion
    assert [model["model"] for model in json.loads(json.dumps(comparison.to_dict()))["models"]]


def test_captions_carry_what_was_recorded(captions: list[f1cap.Caption]) -> None:
    references = {caption.image: caption.caption for caption in captions}
    evaluation = f1cap.evaluate(captions, references, name="git-mini", metrics=["rouge_l"])
    (scored,) = evaluation.report.models
    assert scored.model == "git-mini"
    assert scored.scores["rouge_l"].value == pytest.approx(1.0)
    assert scored.text.truncated == 0.0
    assert {one.category for one in scored.categories} == {str(IMAGES[0].parent)}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metrics": ["ciderr"]}, UsageError, "no metric ciderr"),
        ({"metrics": ["bleu"], "primary": "cider"}, UsageError, "cider is not among"),
        ({"confidence": 95}, UsageError, "confidence must lie between 0 and 1"),
        ({"missing": "ignore"}, UsageError, "missing must be one of 'error', 'skip', 'empty'"),
        ({"resamples": 0}, UsageError, "resamples must be an integer from 1"),
        ({"resamples": 2.5}, UsageError, "resamples must be an integer from 1, not 2.5"),
        ({"seed": -1}, UsageError, "seed must be an integer from 0, not -1"),
        ({"seed": None}, UsageError, "seed must be an integer from 0, not None"),
        ({"metrics": "cider"}, UsageError, "metrics must be names in a list, such as"),
        ({"metrics": ["bleu"]}, CaptionSetError, "b.jpg"),
    ],
)
def test_what_cannot_be_scored(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        f1cap.evaluate({"a.jpg": "a car"}, REFERENCES, **options)


def test_two_captions_of_one_name_are_refused(captioner: f1cap.Captioner) -> None:
    """Images in memory are numbered in each call; joined lists would hide all but the last."""
    captions = [caption for path in IMAGES[1:] for caption in captioner.caption(path.read_bytes())]
    assert {caption.image for caption in captions} == {"images[0]"}
    with pytest.raises(CaptionSetError, match=r"captions has two captions of images\[0\]"):
        f1cap.evaluate(captions, {"images[0]": "a car"}, metrics=["bleu"])
    twice = [captions[0], captions[0]]
    evaluation = f1cap.evaluate(twice, {"images[0]": "a car"}, metrics=["bleu"])
    assert evaluation.report.images == 1


def test_images_are_named_by_text() -> None:
    paths: Any = {Path("a.jpg"): "a car"}
    for candidates, references in ((paths, REFERENCES), ({"a.jpg": "a car"}, paths)):
        with pytest.raises(CaptionSetError, match=r"name of an image is a .*Path, not text"):
            f1cap.evaluate(candidates, references, metrics=["bleu"])


def _example() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    return str(code)


def _run_example() -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(_example(), "README.md", "exec"), {})  # noqa: S102 - our own page
    return printed.getvalue()


def test_the_example_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert len(_example().strip().splitlines()) <= 14
    printed = _run_example()
    assert "dataset/1_drivers_emotions/driver_01.jpg" in printed
    assert "racing drivers in green suits" in printed


def test_it_runs_beside_an_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    async def cell() -> str:
        assert asyncio.get_running_loop().is_running()
        return _run_example()

    assert "racing drivers in green suits" in asyncio.run(cell())
