"""The installed torch build, what it has kernels for, and the command that replaces it."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pytest

from f1cap.models.device import torch_build
from f1cap.models.device.torch_build import driver_note, has_kernels, install_command
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
def test_what_a_build_has_kernels_for(
    version: str, cuda: str | None, runs: list[str], runs_not: list[str]
) -> None:
    built = torch_build.arch_list_of(TorchBuild(version, cuda))
    assert built is not None

    def usable(name: str) -> bool:
        major, minor = name.split(".")
        return has_kernels((int(major), int(minor)), built)

    assert [name for name in (*runs, *runs_not) if usable(name)] == runs


def test_of_other_builds_nothing_can_be_told() -> None:
    assert torch_build.arch_list_of(TorchBuild("2.13.0+rocm6.4", hip="6.4")) is None
    assert torch_build.arch_list_of(TorchBuild("main", "12.6")) is None


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
    _install_torch(tmp_path, monkeypatch)
    (tmp_path / "version.py").write_text(text, encoding="utf-8")
    assert torch_build.installed_torch() == expected


def test_a_torch_that_does_not_say_is_asked_of_the_installer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_torch(tmp_path, monkeypatch)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "2.9.1")
    assert torch_build.installed_torch() == TorchBuild("2.9.1")


def test_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert torch_build.installed_torch() is None


def _install_torch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.machinery.ModuleSpec("torch", None, origin=str(folder / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)


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
    commands = torch_build.pip_commands()
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


@pytest.mark.parametrize(
    ("capability", "arch_list", "expected"),
    [
        ((6, 1), ("sm_60",), True),
        ((6, 0), ("sm_61",), False),
        ((7, 5), ("sm_70",), True),
        ((8, 9), ("sm_80", "sm_86"), True),
        ((8, 6), ("sm_90",), False),
        ((12, 0), ("compute_90",), True),
        ((8, 0), ("compute_90",), False),
        ((9, 0), ("sm_90a",), True),
        ((10, 3), ("sm_100f",), True),
        ((10, 3), ("sm_100a",), False),
        ((9, 0), ("gfx90a", ""), False),
        ((9, 0), (), False),
    ],
)
def test_kernels_fit_a_gpu_by_major_version(
    capability: tuple[int, int], arch_list: tuple[str, ...], expected: bool
) -> None:
    assert has_kernels(capability, arch_list) is expected


def test_no_command_is_named_for_a_gpu_that_no_build_serves() -> None:
    assert install_command((3, 5), "pip") is None


@pytest.mark.parametrize(
    ("capability", "driver_cuda", "needed"),
    [
        ((6, 1), "12.2", None),
        ((6, 1), "11.4", "needs CUDA 12"),
        ((12, 0), "12.8", "needs CUDA 13"),
        ((12, 0), "13.0", None),
        ((12, 0), None, None),
    ],
)
def test_a_build_may_need_a_newer_driver(
    capability: tuple[int, int], driver_cuda: str | None, needed: str | None
) -> None:
    note = driver_note(capability, driver_cuda)
    assert note is None if needed is None else note is not None and needed in note
