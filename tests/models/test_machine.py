"""What is known of the machine without importing torch."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pytest

from f1cap.models.device import machine
from f1cap.models.device.placement import Gpu, Machine, has_kernels, install_command, why_unusable
from f1cap.records.readings import TorchBuild


@pytest.mark.parametrize(
    ("version", "cuda", "runs", "runs_not"),
    [
        # as the release scripts of those versions list them
        ("2.6.0+cu124", "12.4", ["5.2", "6.1", "7.0", "7.5", "8.9", "9.0"], ["10.0", "12.0"]),
        ("2.7.1+cu128", "12.8", ["7.5", "8.6", "10.0", "12.0"], ["6.1", "7.0"]),
        ("2.8.0+cu128", "12.8", ["7.0", "7.5", "8.9", "12.0"], ["5.2", "6.1"]),
        ("2.11.0+cu128", "12.8", ["7.5", "9.0"], ["6.1", "7.0"]),
        ("2.13.0+cu130", "13.0", ["7.5", "8.6", "12.1"], ["6.1", "7.0"]),
        ("2.14.0+cu126", "12.6", ["6.1", "7.0", "9.0"], ["12.0"]),
        ("2.13.0+cpu", None, [], ["6.1", "9.0"]),
    ],
)
def test_what_a_build_has_code_for(
    version: str, cuda: str | None, runs: list[str], runs_not: list[str]
) -> None:
    built = machine.built_for(TorchBuild(version, cuda))
    assert built is not None

    def usable(name: str) -> bool:
        major, minor = name.split(".")
        return has_kernels((int(major), int(minor)), built)

    assert [name for name in (*runs, *runs_not) if usable(name)] == runs


def test_of_other_builds_nothing_can_be_told() -> None:
    assert machine.built_for(TorchBuild("2.13.0+rocm6.4", hip="6.4")) is None
    assert machine.built_for(TorchBuild("main", "12.6")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\nhip: Optional[str] = None",
            TorchBuild("2.13.0+cu130", "13.0"),
        ),
        ("__version__ = '2.6.0+cpu'\ncuda = None\n", TorchBuild("2.6.0+cpu")),
        ("__version__ = '2.9.1'\nhip: Optional[str] = '6.4'", TorchBuild("2.9.1", hip="6.4")),
    ],
)
def test_the_build_is_read_from_its_file(
    text: str, expected: TorchBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _place_torch(tmp_path, monkeypatch)
    (tmp_path / "version.py").write_text(text, encoding="utf-8")
    assert machine.installed_torch() == expected


def test_a_torch_that_does_not_say_is_asked_of_the_installer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _place_torch(tmp_path, monkeypatch)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "2.9.1")
    assert machine.installed_torch() == TorchBuild("2.9.1")


def test_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert machine.installed_torch() is None


def _place_torch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.machinery.ModuleSpec("torch", None, origin=str(folder / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)


def test_the_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("model name\t: A chip\nflags\t\t: fpu avx512_bf16\n", encoding="utf-8")
    monkeypatch.setattr(machine, "_CPUINFO", listing)
    processor = machine.read_cpu()
    assert (processor.name, processor.bfloat16) == ("A chip", True)
    assert processor.cores >= 1
    assert processor.ram_total_bytes is not None
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "absent")
    assert machine.read_cpu().bfloat16 is False


@pytest.mark.parametrize(
    ("marker", "pip", "pipx"),
    [
        ("pipx_metadata.json", "python -m pip", "pipx runpip f1cap"),
        ("uv-receipt.toml", "uv pip --python", "pipx runpip f1cap"),
        (None, f'"{sys.executable}" -m pip', "pipx runpip f1cap"),
    ],
)
def test_commands_fit_the_installation(
    marker: str | None, pip: str, pipx: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "f1cap"
    prefix.mkdir()
    if marker is not None:
        (prefix / marker).touch()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    commands = machine.pip_commands()
    assert commands["pip"].startswith(pip)
    assert commands["pipx"] == pipx


def test_the_advice_minds_the_driver() -> None:
    turing = (7, 5)
    assert "cu130" in str(install_command(turing, "pip"))
    assert "cu130" in str(install_command(turing, "pip", "13.0"))
    assert '"torch<2.15" --extra-index-url https://download.pytorch.org/whl/cu126' in str(
        install_command(turing, "pip", "12.8")
    )
    # what came after CUDA 12.6 needs a newer driver, whatever is installed
    assert "cu130" in str(install_command((12, 0), "pip", "12.8"))


def test_a_gpu_older_than_all_builds() -> None:
    reasons = why_unusable(Gpu(0, "GT 710", (3, 5)), Machine())
    assert reasons[1] == "No current torch build serves GPUs of its age."
