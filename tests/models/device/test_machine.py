"""What is known of the CPU without importing torch."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from f1cap.errors import DeviceError
from f1cap.models.device import machine, runtime
from f1cap.models.device.placement import Gpu, Machine, resolve_placement
from f1cap.records.models import DType, Placement
from f1cap.records.readings import TorchBuild


def test_the_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("model name\t: A chip\nflags\t\t: fpu avx512_bf16\n", encoding="utf-8")
    monkeypatch.setattr(machine, "CPUINFO", listing)
    processor = machine.read_cpu()
    assert (processor.name, processor.bfloat16) == ("A chip", True)
    assert processor.cores >= 1
    assert processor.ram_total_bytes is not None
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "absent")
    assert machine.read_cpu().bfloat16 is False


_CPU_BUILD, _CUDA_BUILD = TorchBuild("2.13.0+cpu", None), TorchBuild("2.13.0", "13.0")
_ROCM_BUILD = TorchBuild("2.13.0+rocm6.4", None, "6.4")


@dataclass(frozen=True)
class World:
    """A machine and a torch build: what the system has, and what torch then says of it."""

    system: str = "Linux"
    flags: str | None = "fpu avx512_bf16"  # None: the system does not say
    build: TorchBuild | None = _CPU_BUILD
    has_driver: bool = False  # as nvidia-smi or /proc tell
    has_library: bool = False  # the driver's own library, libcuda
    gpus: tuple[Gpu, ...] = ()
    mps: bool = False


_GTX, _T4, _H100 = (
    Gpu(0, "GTX 1050", (6, 1)),
    Gpu(0, "Tesla T4", (7, 5)),
    Gpu(0, "H100", (9, 0)),
)
# (the machine, whether torch must be asked where `auto` is)
_WORLDS = {
    "CPU only": (World(build=_CPU_BUILD), False),
    "CPU only, no bfloat16": (World(build=_CPU_BUILD, flags="fpu avx2"), False),
    "CPU only, CUDA build": (World(build=_CUDA_BUILD), False),
    "CPU unknown": (World(flags=None), True),
    "GPU, CPU build": (World(build=_CPU_BUILD, has_driver=True, has_library=True), False),
    "GPU, container without its library": (World(build=_CUDA_BUILD, has_driver=True), False),
    "GPU, driver too old": (World(build=_CUDA_BUILD, has_driver=True, has_library=True), True),
    "GPU without nvidia-smi": (World(build=_CUDA_BUILD, has_library=True, gpus=(_T4,)), True),
    "GPU too old": (
        World(build=_CUDA_BUILD, has_driver=True, has_library=True, gpus=(_GTX,)),
        True,
    ),
    "H100": (World(build=_CUDA_BUILD, has_driver=True, has_library=True, gpus=(_H100,)), True),
    "AMD": (World(build=_ROCM_BUILD, gpus=(Gpu(0, "MI300X", (9, 4)),)), True),
    "AMD build, no GPU": (World(build=_ROCM_BUILD), True),
    "Mac": (World("Darwin", None, mps=True), True),
    "old Mac": (World("Darwin", None), True),
    "Windows": (World("Windows", None), True),
    "no torch": (World(build=None), True),
}


def _become(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = tmp_path / "cpuinfo"
    if world.flags is not None:
        listing.write_text(f"flags\t\t: {world.flags}\n", encoding="utf-8")
    monkeypatch.setattr(machine, "CPUINFO", listing)
    monkeypatch.setattr(machine, "has_nvidia_driver", lambda: world.has_driver)
    monkeypatch.setattr(machine, "installed_torch", lambda: world.build)
    monkeypatch.setattr("platform.system", lambda: world.system)

    def load(name: str) -> object:
        if not world.has_library:
            raise OSError(name)
        return object()

    monkeypatch.setattr("ctypes.CDLL", load)
    build = world.build or _CPU_BUILD
    monkeypatch.setattr(torch.version, "cuda", build.cuda)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(world.gpus))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(world.gpus))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda i: world.gpus[i].name)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda i: world.gpus[i].capability)
    arch_list = ["gfx942"] if build.hip else ["sm_75", "sm_90"]
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: arch_list)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: world.mps)


def _placed(device: str, dtype: DType, facts: Machine, weights_bytes: int) -> Placement | str:
    try:
        return resolve_placement(device, dtype, facts, weights_bytes)
    except DeviceError as error:
        return f"{error.message} {error.hint}"


@pytest.mark.parametrize("name", _WORLDS)
def test_without_torch_a_model_is_placed_as_torch_places_it_or_not_at_all(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, ask_torch = _WORLDS[name]
    _become(world, tmp_path, monkeypatch)
    asked = runtime.probe()
    assert (machine.probe_without_torch("auto") is None) is ask_torch
    assert (machine.probe_without_torch("CPU ") is None) is (
        world.flags is None and world.system != "Darwin"
    )
    for device in ("auto", "cpu", " CPU", "cuda", "cuda:1", "mps", "tpu"):
        known = machine.probe_without_torch(device)
        if known is None:
            continue
        for dtype in DType:
            for weights_bytes in (7_000_000, 700_000_000):
                placed = _placed(device, dtype, known, weights_bytes)
                assert placed == _placed(device, dtype, asked, weights_bytes), (device, dtype)


def test_this_machine_is_seen_as_torch_sees_it() -> None:
    known = machine.probe_without_torch("auto")
    if known is not None:
        assert known == runtime.probe()
