"""The files in completions/ are what the program would write, and they work in real shells."""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer._completion_shared import get_completion_script

from tests.conftest import Golden

COMPLETIONS = Path(__file__).parent.parent / "completions"
FILES = {"bash": "f1cap.bash", "zsh": "_f1cap", "fish": "f1cap.fish", "powershell": "f1cap.ps1"}
GIT_MODELS = {"git", "git-base", "git-base-coco", "git-large-coco", "git-mini"}


# compinit loads the file as a function and calls it for the first completion; Typer's script only
# defines another function then, so that the first tab would offer nothing.
_ZSH_FIRST_CALL = '\n[[ ${funcstack[1]} = _f1cap ]] && _f1cap_completion "$@"\n'


@pytest.mark.parametrize("shell", FILES)
def test_completion_files_are_current(shell: str, golden: Golden) -> None:
    script = get_completion_script(prog_name="f1cap", complete_var="_F1CAP_COMPLETE", shell=shell)
    last = _ZSH_FIRST_CALL if shell == "zsh" else ""
    golden.check(f"{script}\n{last}", FILES[shell], COMPLETIONS)


def _run(shell: str, *args: str, **environment: str) -> str:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [program, *args],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": path, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bash_offers_models() -> None:
    script = f"""
        source {COMPLETIONS / FILES["bash"]}
        COMP_WORDS=(f1cap caption --model gi) COMP_CWORD=3
        $(complete -p f1cap | sed 's/.*-F \\([^ ]*\\) .*/\\1/') f1cap gi --model
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    assert set(_run("bash", "--norc", "-c", script).split()) == GIT_MODELS


def test_fish_offers_models() -> None:
    script = f"""
        source {COMPLETIONS / FILES["fish"]}
        complete --do-complete 'f1cap caption --model gi'
    """
    lines = _run("fish", "--no-config", "-c", script).splitlines()
    assert {line.split("\t")[0] for line in lines} == GIT_MODELS


def test_zsh_offers_models(tmp_path: Path) -> None:
    """A real interactive zsh on a terminal of its own: type, press tab, read the offer."""
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("zsh is not installed")
    shutil.copy(COMPLETIONS / FILES["zsh"], tmp_path / FILES["zsh"])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    child, terminal = pty.fork()
    if child == 0:
        os.execve(zsh, [zsh, "-f", "-i"], {**os.environ, "PATH": path, "TERM": "xterm"})
    try:
        _type(terminal, f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D\n")
        _type(terminal, "PS1=; print rea''dy\n")
        _read_until(terminal, "\nready")
        _type(terminal, "f1cap caption --model git-b\t")
        # The first tab fills in what git-base and git-base-coco share, the second offers both.
        _read_until(terminal, "--model git-base")
        _type(terminal, "\t")
        shown = _read_until(terminal, "git-base-coco")
        assert "git-large-coco" not in shown
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def _type(terminal: int, text: str) -> None:
    os.write(terminal, text.encode())


def _read_until(terminal: int, wanted: str) -> str:
    shown = ""
    while wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"nothing more came after {shown!r}"
        shown += os.read(terminal, 4096).decode(errors="replace").replace("\r", "")
    return shown
