"""`f1cap caption` through the front door, with a tiny checkpoint of a real class."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from f1cap.cli.app import app
from tests.zoo import build_zoo


def _run(runner: CliRunner, *args: str | Path) -> Result:
    return runner.invoke(app, ["caption", *map(str, args)])


def _json(result: Result) -> dict[str, Any]:
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    return document


def _captions(document: dict[str, Any]) -> dict[str, str]:
    (run,) = document["data"]["runs"]
    return {caption["image"]: caption["caption"] for caption in run["captions"]}


def _caption_json(runner: CliRunner, *args: str | Path, exit_code: int = 0) -> dict[str, Any]:
    result = _run(runner, *args, "--format", "json")
    assert result.exit_code == exit_code, result.output
    (run,) = _json(result)["data"]["runs"]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("model", ["git-mini", "blip-mini", "swin-mini"])
def test_bundled_models_caption_the_bundled_pictures(
    runner: CliRunner, at: Path, model: str
) -> None:
    result = _run(runner, "--model", model, "--format", "json")
    assert result.exit_code == 0, result.output
    document = _json(result)
    captions = _captions(document)
    assert document["status"] == "ok"
    assert document["errors"] == []
    assert len(captions) == 20
    assert all(len(caption.split()) >= 5 for caption in captions.values())
    assert next(iter(captions)) == "1_drivers_emotions/driver_01.jpg"


def test_table_and_summary(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = _run(runner, photos, "--model", checkpoint)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("tiny-git on photos\n")
    assert "5 captions in" in result.stdout
    assert "picture_0.jpg" in result.stdout
    assert "Results: " in result.stdout
    assert "captions in" in result.stderr, "progress goes to stderr"


def test_quiet_says_nothing_on_stderr(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = _run(runner, photos, "--model", checkpoint, "--quiet")
    assert result.stderr == ""


def test_verbose_says_what_is_loaded(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = _run(runner, photos, "--model", checkpoint, "--verbose")
    assert str(checkpoint) in result.stderr
    assert "loaded on cpu" in result.stderr


def test_results_folder(runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path) -> None:
    run = _caption_json(runner, photos, "--model", checkpoint, "--output-dir", tmp_path / "out")
    folder = tmp_path / "out" / "tiny-git"
    assert run["results_dir"] == str(folder)
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    journal = [json.loads(line) for line in lines]
    generated = json.loads((folder / "generated_captions.json").read_text(encoding="utf-8"))
    assert generated == {record["image"]: record["caption"] for record in journal}
    assert list(generated) == [caption["image"] for caption in run["captions"]]
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "complete"
    assert record["revision"].startswith("sha256:")
    assert record["settings"]["decoding"]["num_beams"] == 4
    assert record["latency_s"]["p50"] > 0
    assert record["versions"]["torch"]


def test_a_second_run_keeps_everything(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    first = _caption_json(runner, photos, "--model", checkpoint)
    second = _caption_json(runner, photos, "--model", checkpoint)
    assert (first["captioned"], first["kept"]) == (5, 0)
    assert (second["captioned"], second["kept"]) == (0, 5)
    assert [c["caption"] for c in first["captions"]] == [c["caption"] for c in second["captions"]]


def test_only_what_changed_is_captioned_again(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    _caption_json(runner, photos, "--model", checkpoint)
    (photos / "cars" / "picture_0.jpg").write_bytes(
        (photos / "pits" / "picture_1.jpg").read_bytes()
    )
    changed = _caption_json(runner, photos, "--model", checkpoint)
    assert (changed["captioned"], changed["kept"]) == (1, 4)
    beams = _caption_json(runner, photos, "--model", checkpoint, "--num-beams", "2")
    assert (beams["captioned"], beams["kept"]) == (5, 0)
    back = _caption_json(runner, photos, "--model", checkpoint)
    assert (back["captioned"], back["kept"]) == (0, 5), "settings of an earlier run are kept too"


def test_fresh_starts_over_and_keeps_the_old_journal(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    first = _caption_json(runner, photos, "--model", checkpoint)
    folder = Path(first["results_dir"])
    old = (folder / "captions.jsonl").read_bytes()
    fresh = _caption_json(runner, photos, "--model", checkpoint, "--fresh")
    assert (fresh["captioned"], fresh["kept"]) == (5, 0)
    (aside,) = folder.glob("captions.*.jsonl")
    assert aside.read_bytes() == old


def test_batch_size_does_not_change_captions(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    runs = [
        _caption_json(
            runner, photos, "--model", checkpoint, "--batch-size", size, "--fresh",
            "--dtype", "float32",
        )
        for size in ("1", "3", "auto")
    ]  # fmt: skip
    texts = [[caption["caption"] for caption in run["captions"]] for run in runs]
    assert texts[0] == texts[1] == texts[2]
    assert runs[1]["batch_size"] == 3


def test_limit(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    run = _caption_json(runner, photos, "--model", checkpoint, "--limit", "2")
    assert run["images"] == len(run["captions"]) == 2


def test_no_recursion(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = _run(runner, photos, "--model", checkpoint, "--no-recursive")
    assert result.exit_code == 1
    assert "--no-recursive" in result.stderr


def test_picture_files_may_be_named(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    run = _caption_json(
        runner,
        photos / "pits" / "picture_1.jpg",
        photos / "cars" / "picture_0.jpg",
        "--model",
        checkpoint,
    )
    assert {c["image"] for c in run["captions"]} == {"pits/picture_1.jpg", "cars/picture_0.jpg"}


def test_one_bad_picture_is_one_error(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    (photos / "cars" / "bad.jpg").write_bytes(b"")
    result = _run(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 3
    document = _json(result)
    assert document["status"] == "partial"
    (error,) = document["errors"]
    assert error["code"] == "image"
    assert error["image"] == "cars/bad.jpg"
    assert len(_captions(document)) == 5
    assert document["data"]["runs"][0]["failed"] == 1


def test_the_zoo(runner: CliRunner, tmp_path: Path, checkpoint: Path) -> None:
    zoo = tmp_path / "zoo"
    expected = build_zoo(zoo)
    result = _run(runner, zoo, "--model", checkpoint, "--format", "json", "--num-beams", "1")
    assert result.exit_code == 3, result.output
    document = _json(result)
    errors = {error["image"]: error["message"] for error in document["errors"]}
    assert set(_captions(document)) == {name for name, reason in expected.items() if not reason}
    assert set(errors) == {name for name, reason in expected.items() if reason}
    for name, reason in expected.items():
        if reason is not None:
            assert reason in errors[name]
    assert "\x1b" not in result.stderr
    assert "Traceback" not in result.stderr


def test_the_zoo_as_a_table_is_clean(runner: CliRunner, tmp_path: Path, checkpoint: Path) -> None:
    build_zoo(tmp_path / "zoo")
    result = _run(runner, tmp_path / "zoo", "--model", checkpoint, "--num-beams", "1")
    assert result.exit_code == 3
    shown = result.stdout + result.stderr
    assert not {character for character in shown if ord(character) < 32} - {"\n"}
    assert "\u202e" not in shown
    assert "[bold]" in shown, "markup in names is shown, not obeyed"


def test_missing_pictures_are_named(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    entries = [{"filename": "cars/picture_0.jpg", "caption": "a car"}, {"filename": "gone.jpg"}]
    (photos / "captions.json").write_text(json.dumps({"images": entries}), encoding="utf-8")
    result = _run(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 3
    (error,) = _json(result)["errors"]
    assert (error["code"], error["image"]) == ("image_missing", "gone.jpg")


def test_a_bad_captions_json_is_one_sentence(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "captions.json").write_text('{"images": [{"filename": "../x.jpg"}]}')
    result = _run(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 1
    assert "entry 1" in result.stderr
    assert _json(result)["errors"][0]["code"] == "dataset"


def test_an_empty_folder(runner: CliRunner, tmp_path: Path, checkpoint: Path) -> None:
    result = _run(runner, tmp_path, "--model", checkpoint)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: There are no pictures in")
    assert "hint: " in result.stderr


def test_an_unknown_model_names_the_nearest(runner: CliRunner, photos: Path) -> None:
    result = _run(runner, photos, "--model", "git-bse", "--format", "json")
    assert result.exit_code == 1
    assert "git-base" in result.stderr
    document = _json(result)
    assert document["status"] == "error"
    assert document["data"] is None
    assert document["errors"][0]["code"] == "unknown_model"


def test_no_model_is_wrong_usage(runner: CliRunner, photos: Path) -> None:
    result = _run(runner, photos)
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
    result = _run(runner, photos, *args)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_a_prompt_is_for_blip_only(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    result = _run(runner, photos, "--model", checkpoint, "--prompt", "a photo of")
    assert result.exit_code == 1
    assert "BLIP" in result.stderr


def test_a_prompt_begins_blips_captions(runner: CliRunner, at: Path) -> None:
    run = _caption_json(
        runner, "--model", "blip-mini", "--prompt", "two drivers in red", "--limit", "2"
    )
    assert all(c["caption"].startswith("two drivers in red") for c in run["captions"])


def test_one_model_of_several_may_fail(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "git"}')
    result = _run(runner, photos, "--model", broken, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 3
    document = _json(result)
    assert [run["model"] for run in document["data"]["runs"]] == ["tiny-git"]
    assert document["errors"][0]["model"] == "broken"
    alone = _run(runner, photos, "--model", broken)
    assert alone.exit_code == 1
    assert "Traceback" not in alone.output


def test_csv_to_a_file(runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "captions.csv"
    result = _run(runner, photos, "--model", checkpoint, "--output", path)
    assert result.exit_code == 0
    assert result.stdout == ""
    with path.open(newline="", encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 5


def test_an_output_folder_that_is_not_there_is_told_before_the_work(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    result = _run(runner, photos, "--model", checkpoint, "--output", tmp_path / "no" / "x.csv")
    assert result.exit_code == 1
    assert "does not exist" in result.stderr
    assert not Path(os.environ["F1CAP_CACHE_DIR"]).exists()


def test_coco_results(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    entries = [
        {"id": 40 + n, "filename": f"cars/picture_{n}.jpg", "caption": "a car"} for n in (0, 2)
    ]
    (photos / "captions.json").write_text(json.dumps({"images": entries}), encoding="utf-8")
    result = _run(runner, photos, "--model", checkpoint, "--format", "coco")
    assert [row["image_id"] for row in json.loads(result.stdout)][:2] == [40, 42]


def test_sidecars(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    mine = photos / "cars" / "picture_0.txt"
    mine.write_text("my own words\n", encoding="utf-8")
    result = _run(runner, photos, "--model", checkpoint, "--sidecar", ".txt", "--format", "json")
    assert result.exit_code == 3
    document = _json(result)
    assert [error["code"] for error in document["errors"]] == ["sidecar_exists"]
    assert mine.read_text(encoding="utf-8") == "my own words\n"
    captions = _captions(document)
    written = (photos / "pits" / "picture_1.txt").read_text(encoding="utf-8")
    assert written == captions["pits/picture_1.jpg"] + "\n"

    again = _run(runner, photos, "--model", checkpoint, "--sidecar", "txt", "--overwrite-sidecars")
    assert again.exit_code == 0
    assert mine.read_text(encoding="utf-8") == captions["cars/picture_0.jpg"] + "\n"


@pytest.mark.parametrize("suffix", [".jpg", "", "a/b", "."])
def test_a_sidecar_never_replaces_a_picture(
    runner: CliRunner, photos: Path, checkpoint: Path, suffix: str
) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*.jpg")}
    result = _run(
        runner, photos, "--model", checkpoint, "--sidecar", suffix, "--overwrite-sidecars"
    )
    assert result.exit_code == 2
    assert {path: path.read_bytes() for path in photos.rglob("*.jpg")} == before


def test_two_pictures_do_not_share_a_sidecar(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    jpeg = photos / "cars" / "picture_0.jpg"
    (photos / "cars" / "picture_0.png").write_bytes(jpeg.read_bytes())
    result = _run(runner, photos, "--model", checkpoint, "--sidecar", ".txt")
    assert result.exit_code == 2
    assert "would share the sidecar" in result.stderr


def test_results_where_a_file_stands(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = _run(runner, photos, "--model", checkpoint, "--output-dir", tmp_path / "file" / "out")
    assert result.exit_code == 1
    assert "error: " in result.stderr
    assert "Traceback" not in result.output


def test_the_output_dir_of_another_dataset(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _caption_json(runner, photos, "--model", checkpoint, "--output-dir", out)
    result = _run(runner, photos / "cars", "--model", checkpoint, "--output-dir", out)
    assert result.exit_code == 1
    assert "another dataset" in result.stderr


def test_a_sidecar_that_cannot_be_written_is_one_error(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "cars" / "picture_0.txt").mkdir()
    empty = photos / "pits" / "picture_1.txt"
    empty.touch()  # what a full disk leaves
    result = _run(runner, photos, "--model", checkpoint, "--sidecar", ".txt", "--format", "json")
    assert result.exit_code == 3
    document = _json(result)
    (error,) = document["errors"]
    assert (error["code"], error["image"]) == ("sidecar", "cars/picture_0.jpg")
    assert len(_captions(document)) == 5
    assert empty.read_text(encoding="utf-8").strip() == _captions(document)["pits/picture_1.jpg"]
    assert document["data"]["runs"][0]["sidecars_failed"] == 1
    again = _run(runner, photos, "--model", checkpoint, "--sidecar", ".txt")
    assert "1 sidecar not written" in again.stdout


def test_a_run_with_nothing_to_do_keeps_what_was_measured(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    folder = Path(_caption_json(runner, photos, "--model", checkpoint)["results_dir"])
    before = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert _caption_json(runner, photos, "--model", checkpoint)["kept"] == 5
    after = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert before["images_per_s"] == after["images_per_s"] > 0
    assert before["latency_s"] == after["latency_s"]


def test_photographs_that_nobody_can_decode_are_named(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "cars" / "IMG_1.HEIC").write_bytes(b"x")
    result = _run(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 0
    assert "HEIC or raw: cars/IMG_1.HEIC." in result.stderr
    assert _json(result)["data"]["passed_over"] == ["cars/IMG_1.HEIC"]


def test_output_through_a_link_and_into_what_is_no_file(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    link, target, pipe = tmp_path / "link.csv", tmp_path / "target.csv", tmp_path / "pipe"
    target.touch()
    link.symlink_to(target)
    assert _run(runner, photos, "--model", checkpoint, "--output", link).exit_code == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("model,image")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    args = (photos, "--model", checkpoint, "--format", "jsonl", "--output", pipe)
    assert _run(runner, *args).exit_code == 0
    assert os.read(reader, 1000).startswith(b'{"model"')
    os.close(reader)
    assert pipe.is_fifo()


def test_a_failure_on_a_full_stdout_is_one_sentence(photos: Path) -> None:
    with Path("/dev/full").open("w") as full:
        args = ["caption", str(photos), "--model", "nonsense", "--format", "json"]
        done = subprocess.run(
            [sys.executable, "-m", "f1cap", *args], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: There is no model named")
    assert "Traceback" not in done.stderr
