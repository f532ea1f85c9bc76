"""`f1cap caption` through the front door, with a tiny checkpoint of a real class."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.cli.conftest import captions_of, document_of, run_caption, run_of
from tests.zoo import build_zoo


@pytest.mark.parametrize("model", ["git-mini", "blip-mini", "swin-mini"])
def test_bundled_models_caption_the_bundled_images(runner: CliRunner, at: Path, model: str) -> None:
    result = run_caption(runner, "--model", model, "--format", "json")
    assert result.exit_code == 0, result.output
    document = document_of(result)
    captions = captions_of(document)
    assert document["status"] == "ok"
    assert document["errors"] == []
    assert len(captions) == 20
    assert all(len(caption.split()) >= 5 for caption in captions.values())
    assert next(iter(captions)) == "1_drivers_emotions/driver_01.jpg"


def test_table_and_summary(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = run_caption(runner, photos, "--model", checkpoint)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("tiny-git on photos\n")
    assert "5 captions in" in result.stdout
    assert "image_0.jpg" in result.stdout
    assert "Results: " in result.stdout
    assert "captions in" in result.stderr, "progress goes to stderr"


def test_quiet_says_nothing_on_stderr(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = run_caption(runner, photos, "--model", checkpoint, "--quiet")
    assert result.stderr == ""


def test_verbose_says_what_is_loaded(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = run_caption(runner, photos, "--model", checkpoint, "--verbose")
    assert str(checkpoint) in result.stderr
    assert "loaded on cpu" in result.stderr


def test_results_folder(runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path) -> None:
    run = run_of(runner, photos, "--model", checkpoint, "--output-dir", tmp_path / "out")
    folder = tmp_path / "out" / "tiny-git"
    assert run["results_dir"] == str(folder)
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    journal = [json.loads(line) for line in lines]
    generated = json.loads((folder / "generated_captions.json").read_text(encoding="utf-8"))
    assert generated == {record["image"]: record["caption"] for record in journal}
    assert list(generated) == [caption["image"] for caption in run["captions"]]
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (record["schema"], record["status"]) == (2, "complete")
    assert record["revision"].startswith("sha256:")
    assert record["settings"]["decoding"]["num_beams"] == 4
    assert record["latency_s"]["p50"] > 0
    assert record["versions"]["torch"]
    alone = {"schema", "status", "latency_s", "versions", "problems"}
    elsewhere = {"images", "sidecars_failed", "results_dir", "captions"}
    assert record.keys() == (run.keys() - elsewhere) | alone
    for name in run.keys() - elsewhere - {"dataset"}:
        assert record[name] == run[name], name
    assert record["dataset"] == {"name": "photos", "root": str(photos), "images": 5}


def test_a_second_run_keeps_everything(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    first = run_of(runner, photos, "--model", checkpoint)
    second = run_of(runner, photos, "--model", checkpoint)
    assert (first["captioned"], first["kept"]) == (5, 0)
    assert (second["captioned"], second["kept"]) == (0, 5)
    assert [c["caption"] for c in first["captions"]] == [c["caption"] for c in second["captions"]]


def test_only_what_changed_is_captioned_again(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    run_of(runner, photos, "--model", checkpoint)
    (photos / "cars" / "image_0.jpg").write_bytes((photos / "pits" / "image_1.jpg").read_bytes())
    changed = run_of(runner, photos, "--model", checkpoint)
    assert (changed["captioned"], changed["kept"]) == (1, 4)
    beams = run_of(runner, photos, "--model", checkpoint, "--num-beams", "2")
    assert (beams["captioned"], beams["kept"]) == (5, 0)
    back = run_of(runner, photos, "--model", checkpoint)
    assert (back["captioned"], back["kept"]) == (0, 5), "settings of an earlier run are kept too"


def test_fresh_starts_over_and_keeps_the_old_journal(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    first = run_of(runner, photos, "--model", checkpoint)
    folder = Path(first["results_dir"])
    old = (folder / "captions.jsonl").read_bytes()
    fresh = run_of(runner, photos, "--model", checkpoint, "--fresh")
    assert (fresh["captioned"], fresh["kept"]) == (5, 0)
    (aside,) = folder.glob("captions.*.jsonl")
    assert aside.read_bytes() == old


def test_batch_size_does_not_change_captions(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    runs = [
        run_of(
            runner, photos, "--model", checkpoint, "--batch-size", size, "--fresh",
            "--dtype", "float32",
        )
        for size in ("1", "3", "auto")
    ]  # fmt: skip
    texts = [[caption["caption"] for caption in run["captions"]] for run in runs]
    assert texts[0] == texts[1] == texts[2]
    assert runs[1]["batch_size"] == 3


def test_limit(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    run = run_of(runner, photos, "--model", checkpoint, "--limit", "2")
    assert run["images"] == len(run["captions"]) == 2


def test_no_recursion(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = run_caption(runner, photos, "--model", checkpoint, "--no-recursive")
    assert result.exit_code == 1
    assert "--no-recursive" in result.stderr


def test_image_files_may_be_named(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    run = run_of(
        runner,
        photos / "pits" / "image_1.jpg",
        photos / "cars" / "image_0.jpg",
        "--model",
        checkpoint,
    )
    assert {c["image"] for c in run["captions"]} == {"pits/image_1.jpg", "cars/image_0.jpg"}


def test_one_bad_image_is_one_error(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    (photos / "cars" / "bad.jpg").write_bytes(b"")
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 3
    document = document_of(result)
    assert document["status"] == "partial"
    (error,) = document["errors"]
    assert error["code"] == "image"
    assert error["image"] == "cars/bad.jpg"
    assert len(captions_of(document)) == 5
    assert document["data"]["runs"][0]["failed"] == 1


def test_the_zoo(runner: CliRunner, tmp_path: Path, checkpoint: Path) -> None:
    zoo = tmp_path / "zoo"
    expected = build_zoo(zoo)
    result = run_caption(runner, zoo, "--model", checkpoint, "--format", "json", "--num-beams", "1")
    assert result.exit_code == 3, result.output
    document = document_of(result)
    errors = {error["image"]: error["message"] for error in document["errors"]}
    assert set(captions_of(document)) == {name for name, reason in expected.items() if not reason}
    assert set(errors) == {name for name, reason in expected.items() if reason}
    for name, reason in expected.items():
        if reason is not None:
            assert reason in errors[name]
    assert "\x1b" not in result.stderr
    assert "Traceback" not in result.stderr


def test_the_zoo_as_a_table_is_clean(runner: CliRunner, tmp_path: Path, checkpoint: Path) -> None:
    build_zoo(tmp_path / "zoo")
    result = run_caption(runner, tmp_path / "zoo", "--model", checkpoint, "--num-beams", "1")
    assert result.exit_code == 3
    shown = result.stdout + result.stderr
    assert not {character for character in shown if ord(character) < 32} - {"\n"}
    assert "\u202e" not in shown
    assert "[bold]" in shown, "markup in names is shown, not obeyed"


def test_missing_images_are_named(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    entries = [{"filename": "cars/image_0.jpg", "caption": "a car"}, {"filename": "gone.jpg"}]
    (photos / "captions.json").write_text(json.dumps({"images": entries}), encoding="utf-8")
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 3
    (error,) = document_of(result)["errors"]
    assert (error["code"], error["image"]) == ("image_missing", "gone.jpg")


def test_a_bad_captions_json_is_one_sentence(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "captions.json").write_text('{"images": [{"filename": "../x.jpg"}]}')
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 1
    assert "entry 1" in result.stderr
    assert document_of(result)["errors"][0]["code"] == "dataset"


def test_an_empty_folder(runner: CliRunner, tmp_path: Path, checkpoint: Path) -> None:
    result = run_caption(runner, tmp_path, "--model", checkpoint)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: There are no images in")
    assert "hint: " in result.stderr


def test_an_unknown_model_names_the_nearest(runner: CliRunner, photos: Path) -> None:
    result = run_caption(runner, photos, "--model", "git-bse", "--format", "json")
    assert result.exit_code == 1
    assert "git-base" in result.stderr
    document = document_of(result)
    assert document["status"] == "error"
    assert document["data"] is None
    assert document["errors"][0]["code"] == "unknown_model"


def test_no_model_is_wrong_usage(runner: CliRunner, photos: Path) -> None:
    result = run_caption(runner, photos)
    assert result.exit_code == 2
    assert "git-mini" in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("--all", "--model", "git-mini"),
        ("--all", "--mini"),
        ("--model", "git-mini", "--batch-size", "0"),
        ("--model", "git-mini", "--batch-size", "many"),
        ("--model", "git-mini", "--device", "tpu"),
        ("--model", "git-mini", "--num-beams", "0"),
        ("--model", "git-mini", "--limit", "0"),
        ("--model", "git-mini", "--dtype", "int8"),
        ("--model", "git-mini", "--format", "xml"),
        ("--mini", "--format", "coco"),
        ("--mini", "--sidecar", ".txt"),
        ("--model", "git-mini", "--nonsense"),
    ],
)
def test_wrong_usage(runner: CliRunner, photos: Path, args: tuple[str, ...]) -> None:
    result = run_caption(runner, photos, *args)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_reduced_jpegs_are_an_option_that_the_run_records(
    runner: CliRunner, checkpoint: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.mkdir()
    image = Image.effect_mandelbrot((1600, 1200), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    image.save(large / "a.jpg")
    arguments = ("--model", checkpoint, "--format", "json", "--output-dir", tmp_path / "out")
    whole = document_of(run_caption(runner, large, *arguments))["data"]["runs"][0]
    assert whole["settings"]["reduced_jpeg"] is False
    reduced = document_of(run_caption(runner, large, *arguments, "--reduced-jpeg"))
    run = reduced["data"]["runs"][0]
    assert run["settings"]["reduced_jpeg"] is True
    assert run["captioned"] == 1  # other pixels may give another caption: nothing is kept
    again = document_of(run_caption(runner, large, *arguments, "--reduced-jpeg"))
    assert again["data"]["runs"][0]["kept"] == 1


def test_the_search_is_as_the_options_say(runner: CliRunner, at: Path) -> None:
    args = ("--model", "git-mini", "--limit", "2")
    usual = _texts(run_of(runner, *args))
    search = (
        "--min-new-tokens",
        "20",
        "--no-repeat-ngram-size",
        "2",
        "--repetition-penalty",
        "1.5",
    )
    ranking = ("--length-penalty", "-1.5", "--early-stopping", "never")
    run = run_of(runner, *args, *search, *ranking)
    assert run["captioned"] == 2  # other settings, other captions
    assert run["settings"]["decoding"] == {
        "num_beams": 4,
        "max_new_tokens": 50,
        "min_new_tokens": 20,
        "no_repeat_ngram_size": 2,
        "repetition_penalty": 1.5,
        "length_penalty": -1.5,
        "early_stopping": "never",
    }
    assert all(caption["tokens"] >= 20 for caption in run["captions"])
    assert _texts(run) != usual
    assert run_of(runner, *args, *search, *ranking)["kept"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--repetition-penalty", "0"), "greater than or equal to 0.01"),
        (("--length-penalty", "nan"), "Invalid value for '--length-penalty'"),
        (("--early-stopping", "always"), "'true', 'false', 'never'"),
        (("--min-new-tokens", "60", "--max-new-tokens", "50"), "60 new tokens at least and 50"),
    ],
)
def test_a_search_that_cannot_be_is_refused_at_once(
    runner: CliRunner, at: Path, options: tuple[str, ...], message: str
) -> None:
    result = run_caption(runner, "--model", "git-mini", *options)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_prompt_is_for_blip_only(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = run_caption(runner, photos, "--model", checkpoint, "--prompt", "a photo of")
    assert result.exit_code == 1
    assert "BLIP" in result.stderr


def test_a_prompt_begins_blips_captions(runner: CliRunner, at: Path) -> None:
    run = run_of(runner, "--model", "blip-mini", "--prompt", "two drivers in red", "--limit", "2")
    assert all(c["caption"].startswith("two drivers in red") for c in run["captions"])


def test_one_model_of_several_may_fail(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "git"}')
    result = run_caption(
        runner, photos, "--model", broken, "--model", checkpoint, "--format", "json"
    )
    assert result.exit_code == 3
    document = document_of(result)
    assert [run["model"] for run in document["data"]["runs"]] == ["tiny-git"]
    assert document["errors"][0]["model"] == "broken"
    alone = run_caption(runner, photos, "--model", broken)
    assert alone.exit_code == 1
    assert "Traceback" not in alone.output


def _texts(run: dict[str, Any]) -> list[str]:
    return [caption["caption"] for caption in run["captions"]]
