"""A folder that is finished, or partly: what a second run loads, and what --fresh keeps."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from f1cap.models.device import machine
from f1cap.services.caption import prepare
from f1cap.services.caption import run as caption_run
from tests.cli.conftest import document_of, run_caption, run_of

GOLDEN = Path(__file__).parents[1] / "golden" / "journal" / "captions.jsonl"
HEAVY = {"torch", "transformers", "huggingface_hub", "safetensors"}


def _loaded(*args: str | Path, exit_code: int = 0) -> set[str]:
    """Run the program and return the modules that it has loaded at its end."""
    code = f"""
import sys
sys.argv = ["f1cap", *{[str(arg) for arg in args]!r}]
from f1cap.cli.app import main
try:
    main()
except SystemExit as error:
    assert (error.code or 0) == {exit_code}, error.code
print("LOADED", *sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("LOADED")[2].split())


def test_a_finished_folder_loads_no_torch(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "cars" / "bad.jpg").write_bytes(b"not an image")
    arguments = ("caption", photos, "--model", checkpoint, "--device", "cpu")
    assert HEAVY & _loaded(*arguments, exit_code=3), "the first run does"
    assert not HEAVY & _loaded(*arguments, exit_code=3)
    again = run_of(runner, *arguments[1:], exit_code=3)
    assert (again["captioned"], again["kept"], again["failed"]) == (0, 5, 1)
    assert again["load_s"] is None


def test_auto_loads_no_torch_where_nothing_but_a_cpu_is(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    if machine.probe_without_torch("auto") is None:
        pytest.skip("this machine has a GPU that torch must be asked of")
    run_of(runner, photos, "--model", checkpoint)
    assert not HEAVY & _loaded("caption", photos, "--model", checkpoint)


def test_where_torch_must_be_asked_the_model_is_not_loaded(
    runner: CliRunner, photos: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_of(runner, photos, "--model", checkpoint)
    monkeypatch.setattr(machine, "probe_without_torch", lambda _: None)
    monkeypatch.setattr(caption_run, "open_captioner", None)
    again = run_of(runner, photos, "--model", checkpoint)
    assert again["kept"] == 5
    assert (again["device"], again["dtype"]) == (first["device"], first["dtype"])


def test_the_journal_of_an_earlier_version_is_reused(runner: CliRunner, tmp_path: Path) -> None:
    """The golden lines were written by the code that loaded the model before it looked for them."""
    folder = tmp_path / "out" / "git-mini"
    folder.mkdir(parents=True)
    shutil.copy(GOLDEN, folder)
    dataset = Path(__file__).parents[2] / "dataset"
    arguments = (dataset, "--model", "git-mini", "--output-dir", tmp_path / "out")
    run = run_of(runner, *arguments, "--limit", "3", "--device", "cpu")
    assert (run["captioned"], run["kept"]) == (1, 2)
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    written = [json.loads(line)["caption"] for line in lines]
    assert [caption["caption"] for caption in run["captions"]][:2] == written


@pytest.mark.parametrize("missing", [0, 2, 4])
def test_what_is_missing_is_captioned_in_its_place(
    runner: CliRunner, photos: Path, checkpoint: Path, missing: int
) -> None:
    first = run_of(runner, photos, "--model", checkpoint)
    journal = Path(first["results_dir"]) / "captions.jsonl"
    name = first["captions"][missing]["image"]
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if name not in line), encoding="utf-8")
    (photos / "cars" / "image_0a.jpg").write_bytes(b"no image, and before most others")
    again = run_of(runner, photos, "--model", checkpoint, exit_code=3)
    assert (again["captioned"], again["kept"], again["failed"]) == (1, 4, 1)
    assert [(c["image"], c["caption"]) for c in again["captions"]] == [
        (c["image"], c["caption"]) for c in first["captions"]
    ]


def test_ctrl_c_before_the_model_is_needed_leaves_all_as_it_was(
    runner: CliRunner, photos: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(run_of(runner, photos, "--model", checkpoint)["results_dir"])
    names = ("captions.jsonl", "generated_captions.json", "run.json")
    before = {name: (folder / name).read_bytes() for name in names}
    real = prepare.reuse

    def interrupted(*args: Any, **options: Any) -> Iterator[object]:
        yield next(real(*args, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr(caption_run, "reuse", interrupted)
    assert run_caption(runner, photos, "--model", checkpoint).exit_code == 130
    assert {name: (folder / name).read_bytes() for name in names} == before


def test_other_settings_are_not_finished(runner: CliRunner, photos: Path, checkpoint: Path) -> None:
    run_of(runner, photos, "--model", checkpoint)
    other = run_of(runner, photos, "--model", checkpoint, "--dtype", "bfloat16")
    assert (other["captioned"], other["kept"]) == (5, 0)


@pytest.mark.parametrize("fault", ["device", "model"])
def test_fresh_keeps_the_journal_of_a_run_that_cannot_begin(
    runner: CliRunner, photos: Path, checkpoint: Path, tmp_path: Path, fault: str
) -> None:
    model = tmp_path / "model"
    shutil.copytree(checkpoint, model)
    folder = Path(run_of(runner, photos, "--model", model)["results_dir"])
    before = (folder / "captions.jsonl").read_bytes()
    if fault == "model":
        weights = model / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
    device = "cuda:9" if fault == "device" else "cpu"
    failed = run_caption(runner, photos, "--model", model, "--fresh", "--device", device)
    assert failed.exit_code == 1
    assert (folder / "captions.jsonl").read_bytes() == before
    assert not list(folder.glob("captions.*.jsonl"))


def test_a_device_that_is_not_there_is_told_of_a_finished_folder_too(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    run_of(runner, photos, "--model", checkpoint)
    arguments = ("--model", checkpoint, "--device", "cuda:9", "--format", "json")
    result = run_caption(runner, photos, *arguments)
    assert result.exit_code == 1
    assert document_of(result)["errors"][0]["code"] == "device"


@pytest.mark.parametrize(("name", "left"), [("nb_func", False), ("function", True)])
def test_the_collector_is_given_back_what_nanobind_looks_for(name: str, left: bool) -> None:
    """Modules built with nanobind report at the exit what the collector was kept from."""
    code = f"""
import atexit, gc
from f1cap.models import loading
atexit.register(lambda: print(gc.get_freeze_count()))
with loading._without_collector():
    import _json
_json.stand_in = type({name!r}, (), {{}})()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert (int(done.stdout) > 0) is left
