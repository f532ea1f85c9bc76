"""Every test gets folders, an environment and a terminal of its own."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

UPDATE_GOLDEN = "--update-golden"
_NVML = Path(__file__).parent / "nvml" / "stand_in.c"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        UPDATE_GOLDEN, action="store_true", help="rewrite golden files; read the diff in review"
    )


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("F1CAP_CACHE_DIR", str(home / "f1cap"))
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a compiler of the stand-in that gives the folder of its library."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to build a stand-in for libnvidia-ml.so.1 with")
    if sys.platform != "linux":
        pytest.skip("pynvml looks for libnvidia-ml.so.1 on Linux only")
    built: dict[tuple[str, ...], Path] = {}

    def build(*options: str) -> Path:
        if options not in built:
            folder = tmp_path_factory.mktemp("nvml")
            output = folder / "libnvidia-ml.so.1"
            warnings = ("-Wall", "-Wextra", "-Werror")
            command = [compiler, "-shared", "-fPIC", *warnings, *options, "-o", str(output)]
            subprocess.run([*command, str(_NVML)], check=True)
            built[options] = folder
        return built[options]

    return build


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> "Golden":
    return Golden(rewrite=bool(request.config.getoption(UPDATE_GOLDEN)))


class Golden:
    """Compares text with a file in tests/golden, or rewrites the file when asked to."""

    def __init__(self, *, rewrite: bool) -> None:
        self._rewrite = rewrite

    def check(self, text: str, name: str, folder: Path | None = None) -> None:
        path = (folder or Path(__file__).parent / "golden") / name
        if self._rewrite:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing; run pytest {UPDATE_GOLDEN}"
        assert text == path.read_text(encoding="utf-8")
