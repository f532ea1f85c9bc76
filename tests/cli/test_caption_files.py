"""What `f1cap caption` writes beside the screen: --output, sidecars and run.json."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import captions_of, document_of, run_caption, run_of


def test_csv_to_a_file(runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "captions.csv"
    result = run_caption(runner, photos, "--model", checkpoint, "--output", path)
    assert result.exit_code == 0
    assert result.stdout == ""
    with path.open(newline="", encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 5


def test_an_output_folder_that_is_not_there_is_told_before_the_work(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    result = run_caption(
        runner, photos, "--model", checkpoint, "--output", tmp_path / "no" / "x.csv"
    )
    assert result.exit_code == 1
    assert "does not exist" in result.stderr
    assert not Path(os.environ["F1CAP_CACHE_DIR"]).exists()


def test_coco_results(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    entries = [
        {"id": 40 + n, "filename": f"cars/image_{n}.jpg", "caption": "a car"} for n in (0, 2)
    ]
    (photos / "captions.json").write_text(json.dumps({"images": entries}), encoding="utf-8")
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "coco")
    assert [row["image_id"] for row in json.loads(result.stdout)][:2] == [40, 42]


def test_sidecars(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    mine = photos / "cars" / "image_0.txt"
    mine.write_text("my own words\n", encoding="utf-8")
    result = run_caption(
        runner, photos, "--model", checkpoint, "--sidecar", ".txt", "--format", "json"
    )
    assert result.exit_code == 3
    document = document_of(result)
    assert [error["code"] for error in document["errors"]] == ["sidecar_exists"]
    assert mine.read_text(encoding="utf-8") == "my own words\n"
    captions = captions_of(document)
    written = (photos / "pits" / "image_1.txt").read_text(encoding="utf-8")
    assert written == captions["pits/image_1.jpg"] + "\n"

    again = run_caption(
        runner, photos, "--model", checkpoint, "--sidecar", "txt", "--overwrite-sidecars"
    )
    assert again.exit_code == 0
    assert mine.read_text(encoding="utf-8") == captions["cars/image_0.jpg"] + "\n"


@pytest.mark.parametrize("suffix", [".jpg", "", "a/b", "."])
def test_a_sidecar_never_replaces_a_image(
    runner: CliRunner, photos: Path, checkpoint: Path, suffix: str
) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*.jpg")}
    result = run_caption(
        runner, photos, "--model", checkpoint, "--sidecar", suffix, "--overwrite-sidecars"
    )
    assert result.exit_code == 2
    assert {path: path.read_bytes() for path in photos.rglob("*.jpg")} == before


def test_two_images_do_not_share_a_sidecar(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    jpeg = photos / "cars" / "image_0.jpg"
    (photos / "cars" / "image_0.png").write_bytes(jpeg.read_bytes())
    result = run_caption(runner, photos, "--model", checkpoint, "--sidecar", ".txt")
    assert result.exit_code == 2
    assert "would share the sidecar" in result.stderr


def test_results_where_a_file_stands(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = run_caption(
        runner, photos, "--model", checkpoint, "--output-dir", tmp_path / "file" / "out"
    )
    assert result.exit_code == 1
    assert "error: " in result.stderr
    assert "Traceback" not in result.output


def test_the_output_dir_of_another_dataset(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_of(runner, photos, "--model", checkpoint, "--output-dir", out)
    result = run_caption(runner, photos / "cars", "--model", checkpoint, "--output-dir", out)
    assert result.exit_code == 1
    assert "another dataset" in result.stderr


def test_a_sidecar_that_cannot_be_written_is_one_error(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "cars" / "image_0.txt").mkdir()
    empty = photos / "pits" / "image_1.txt"
    empty.touch()  # what a full disk leaves
    result = run_caption(
        runner, photos, "--model", checkpoint, "--sidecar", ".txt", "--format", "json"
    )
    assert result.exit_code == 3
    document = document_of(result)
    (error,) = document["errors"]
    assert (error["code"], error["image"]) == ("sidecar", "cars/image_0.jpg")
    assert len(captions_of(document)) == 5
    assert empty.read_text(encoding="utf-8").strip() == captions_of(document)["pits/image_1.jpg"]
    assert document["data"]["runs"][0]["sidecars_failed"] == 1
    again = run_caption(runner, photos, "--model", checkpoint, "--sidecar", ".txt")
    assert "1 sidecar not written" in again.stdout


def test_a_run_with_nothing_to_do_keeps_what_was_measured(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    folder = Path(run_of(runner, photos, "--model", checkpoint)["results_dir"])
    before = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run_of(runner, photos, "--model", checkpoint)["kept"] == 5
    after = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert before["images_per_s"] == after["images_per_s"] > 0
    assert before["latency_s"] == after["latency_s"]


def test_photographs_that_nobody_can_decode_are_named(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "cars" / "IMG_1.NEF").write_bytes(b"x")
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 0
    assert "cannot decode: cars/IMG_1.NEF." in result.stderr
    assert document_of(result)["data"]["passed_over"] == ["cars/IMG_1.NEF"]


def test_output_through_a_link_and_into_what_is_no_file(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path
) -> None:
    link, target, pipe = tmp_path / "link.csv", tmp_path / "target.csv", tmp_path / "pipe"
    target.touch()
    link.symlink_to(target)
    assert run_caption(runner, photos, "--model", checkpoint, "--output", link).exit_code == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("model,image")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    args = (photos, "--model", checkpoint, "--format", "jsonl", "--output", pipe)
    assert run_caption(runner, *args).exit_code == 0
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
