"""What the program loads before it has anything to do."""

import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "transformers",
    "huggingface_hub",
    "pycocoevalcap",
    "pynvml",
    "numpy",
    "PIL",
    "psutil",
    "safetensors",
}


def _loaded(*args: str) -> set[str]:
    code = f"""
import sys
sys.argv = ["f1cap", *{args!r}]
from f1cap.cli.app import main
try:
    main()
except SystemExit as error:
    assert not error.code, error.code
print("LOADED", *sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("LOADED")[2].split())


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("--version",),
        ("caption", "--help"),
        ("eval", "--help"),
        ("compare", "--help"),
        ("models",),
        ("models", "--format", "json"),
    ],
)
def test_nothing_heavy_is_loaded(args: tuple[str, ...]) -> None:
    assert not HEAVY & _loaded(*args)


def test_scoring_does_not_load_torch() -> None:
    code = "import sys, f1cap.services.score.compare; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers"} & set(done.stdout.split())


def test_importing_changes_nothing() -> None:
    """No folder is made, no variable set, no thread started by importing the program."""
    code = """
import os, threading
before = dict(os.environ)
import f1cap.cli.app
assert dict(os.environ) == before
assert threading.active_count() == 1
assert not os.path.exists(os.environ["F1CAP_CACHE_DIR"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_run_walks_through_sixty_modules_at_most() -> None:
    code = """
import contextlib, io, os, sys
from f1cap.cli.app import app
sys.argv = ["f1cap", "caption", "-m", "git-mini", "--limit", "1", "--quiet"]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    app()
ours = (module for name, module in sys.modules.items() if name.split(".")[0] == "f1cap")
files = [file for module in ours if (file := getattr(module, "__file__", None))]
print(sum(os.path.getsize(file) > 0 for file in files))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 40 < int(done.stdout) <= 60
