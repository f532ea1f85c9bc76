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

FEW, IMAGES, MANY = 40, 150, 300
KILLS = 20


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
        if _count(journal) >= number:
            return
        time.sleep(0.01)


def _records(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def _count(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def _kill(process: "subprocess.Popen[str]", journal: Path, number: int, delay_s: float) -> None:
    """Kill a run once its journal has so many captions, and a moment more."""
    _wait_for_captions(journal, process, number)
    time.sleep(delay_s)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, "the run was over before it was killed"


def _finish(process: "subprocess.Popen[str]", journal: Path, images: int) -> dict[str, Any]:
    """Let a run come to its end, and see that no finished caption was made twice."""
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    (run,) = json.loads(stdout)["data"]["runs"]
    assert len(run["captions"]) == images
    times = Counter(record["image"] for record in _records(journal))
    assert len(times) == images
    assert set(times.values()) == {1}
    assert isinstance(run, dict)
    return run


def test_ctrl_c_and_then_a_kill_keep_what_is_done(tmp_path: Path, checkpoint: Path) -> None:
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

    _kill(_start(tmp_path / "photos", checkpoint, out), journal, len(done) + 20, 0.01)
    kept = _count(journal)  # of whole lines: what was being written is lost
    finished = _finish(_start(tmp_path / "photos", checkpoint, out), journal, IMAGES)
    assert (finished["kept"], finished["captioned"]) == (kept, IMAGES - kept)


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path: Path, checkpoint: Path) -> None:
    make_images(tmp_path / "photos", MANY)
    out = tmp_path / "out"
    journal = out / "tiny-git" / "captions.jsonl"
    moments = random.Random(KILLS)
    for kill in range(KILLS):
        before = _count(journal)
        share = (MANY - before) // (KILLS - kill + 1)
        number = before + moments.randint(1, max(1, share))
        process = _start(tmp_path / "photos", checkpoint, out)
        _kill(process, journal, number, moments.random() * 0.02)
    _finish(_start(tmp_path / "photos", checkpoint, out), journal, MANY)


def test_two_runs_on_one_folder(tmp_path: Path, checkpoint: Path, program: Program) -> None:
    make_images(tmp_path / "photos", FEW)
    out = tmp_path / "out"
    journal = out / "tiny-git" / "captions.jsonl"
    with _start(tmp_path / "photos", checkpoint, out) as first:
        _wait_for_captions(journal, first, 1)
        first.send_signal(signal.SIGSTOP)  # so that it is not over before the second has begun
        second = program("caption", tmp_path / "photos", "--model", checkpoint, "--output-dir", out)
        first.send_signal(signal.SIGCONT)
        assert second.returncode == 1
        assert "Another f1cap run is writing to" in second.stderr
        _finish(first, journal, FEW)
