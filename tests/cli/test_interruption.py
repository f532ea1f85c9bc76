"""What a run leaves behind when it is interrupted or killed, and how it goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, make_images

IMAGES = 300


def _start(folder: Path, checkpoint: Path, out: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            sys.executable, "-m", "f1cap", "caption", str(folder), "--model", str(checkpoint),
            "--num-beams", "1", "--batch-size", "1", "--output-dir", str(out), "--format", "json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def _wait_for_captions(journal: Path, process: "subprocess.Popen[str]", number: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") >= number:
            return
        time.sleep(0.01)


def _records(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def test_ctrl_c_keeps_what_is_done(tmp_path: Path, checkpoint: Path, program: Program) -> None:
    make_images(tmp_path / "photos", IMAGES)
    out = tmp_path / "out"
    journal = out / "tiny-git" / "captions.jsonl"
    process = _start(tmp_path / "photos", checkpoint, out)
    _wait_for_captions(journal, process, 3)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "go" in stderr
    assert stdout == ""
    done = _records(journal)
    generated = json.loads((journal.parent / "generated_captions.json").read_text("utf-8"))
    assert generated == {record["image"]: record["caption"] for record in done}
    assert 3 <= len(done) < IMAGES
    run = json.loads((journal.parent / "run.json").read_text("utf-8"))
    assert run["status"] == "interrupted"

    again = program(
        "caption", tmp_path / "photos", "--model", checkpoint, "--num-beams", "1",
        "--output-dir", out, "--format", "json",
    )  # fmt: skip
    (finished,) = json.loads(again.stdout)["data"]["runs"]
    assert finished["kept"] == len(done)
    assert finished["captioned"] == IMAGES - len(done)


@pytest.mark.parametrize("kills", [pytest.param(3), pytest.param(20, marks=pytest.mark.slow)])
def test_kill_at_random_moments(tmp_path: Path, checkpoint: Path, kills: int) -> None:
    make_images(tmp_path / "photos", IMAGES)
    out = tmp_path / "out"
    journal = out / "tiny-git" / "captions.jsonl"
    moments = random.Random(kills)
    for kill in range(kills):
        process = _start(tmp_path / "photos", checkpoint, out)
        before = journal.read_bytes().count(b"\n") if journal.exists() else 0
        share = (IMAGES - before) // (kills - kill + 1)
        _wait_for_captions(journal, process, before + moments.randint(1, max(1, share)))
        time.sleep(moments.random() * 0.02)
        process.kill()
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, "the run was over before it was killed"
    process = _start(tmp_path / "photos", checkpoint, out)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    (run,) = json.loads(stdout)["data"]["runs"]
    assert len(run["captions"]) == IMAGES
    times = Counter(record["image"] for record in _records(journal))
    assert len(times) == IMAGES
    assert set(times.values()) == {1}, "no finished caption was made twice"


def test_two_runs_on_one_folder(tmp_path: Path, checkpoint: Path, program: Program) -> None:
    make_images(tmp_path / "photos", IMAGES)
    out = tmp_path / "out"
    journal = out / "tiny-git" / "captions.jsonl"
    first = _start(tmp_path / "photos", checkpoint, out)
    try:
        _wait_for_captions(journal, first, 1)
        second = program("caption", tmp_path / "photos", "--model", checkpoint, "--output-dir", out)
        assert second.returncode == 1
        assert "Another f1cap run is writing to" in second.stderr
    finally:
        stdout, stderr = first.communicate(timeout=120)
    assert first.returncode == 0, stderr
    assert len(json.loads(stdout)["data"]["runs"][0]["captions"]) == IMAGES
