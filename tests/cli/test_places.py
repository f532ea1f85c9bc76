"""Places that are not a home folder on a local disk with a terminal before it."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from f1cap.render.terminal import message_console
from tests.cli.conftest import run_caption, run_of


@pytest.fixture
def finished(runner: CliRunner, photos: Path, checkpoint: Path) -> Path:
    """Return the images of a run that is finished, so that another takes no time."""
    run_of(runner, photos, "--model", checkpoint)
    return photos


def test_a_share_that_refuses_chmod(
    runner: CliRunner,
    photos: Path,
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    monkeypatch.setattr(os, "chmod", refuse)
    output = tmp_path / "captions.jsonl"
    arguments = ("--output-dir", tmp_path / "out", "--output", output, "--sidecar", ".txt")
    result = run_caption(runner, photos, "--model", checkpoint, *arguments)
    assert result.exit_code == 0, result.output
    assert len(output.read_text(encoding="utf-8").splitlines()) == 5
    assert (tmp_path / "out" / "tiny-git" / "run.json").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_share_without_locks(
    runner: CliRunner,
    finished: Path,
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    result = run_caption(runner, finished, "--model", checkpoint)
    assert result.exit_code == 0, result.output
    assert "has no locks: start no second run" in result.stderr


@pytest.mark.parametrize("how", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_without_stderr_results_come(finished: Path, checkpoint: Path, how: str) -> None:
    if how == "2>/dev/full" and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    command = f'exec "$0" -m f1cap caption "$1" --model "$2" --format json {how}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, finished, checkpoint],
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    (run,) = json.loads(done.stdout)["data"]["runs"]
    assert run["kept"] == 5


def _on_a_terminal(finished: Path, checkpoint: Path, **environment: str) -> str:
    """Return what a finished run writes to a terminal."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "f1cap", "caption", str(finished), "--model", str(checkpoint)],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "NO_COLOR": "", **environment},
    ) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                text += (more := os.read(ours, 4096))
            except OSError:  # the process has closed its side
                break
            if not more:
                break
        assert process.wait() == 0
    os.close(ours)
    return text.decode()


@pytest.mark.parametrize(
    ("environment", "is_plain"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "dumb"}, True),
        ({"TERM": "xterm-color", "JPY_PARENT_PID": "1"}, True),
        ({"TERM": "xterm-color", "PAGER": "cat", "GIT_PAGER": "cat"}, True),
        ({"TERM": "xterm-color", "PAGER": "less"}, False),
    ],
    ids=["terminal", "dumb", "Jupyter", "another front end of ipykernel", "old terminal"],
)
def test_where_nothing_can_be_drawn_anew_there_are_lines(
    finished: Path, checkpoint: Path, environment: dict[str, str], is_plain: bool
) -> None:
    text = _on_a_terminal(finished, checkpoint, **environment)
    assert ("\x1b" not in text) is is_plain
    assert ("tiny-git: no new captions" in text) is is_plain


def test_a_stream_that_breaks_later_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        console = message_console()
        console.print("before")
        os.dup2(os.open("/dev/full", os.O_WRONLY), stream.fileno())
        console.print("after")
        console.print("and on")
    assert (tmp_path / "log").read_text() == "before\n"
