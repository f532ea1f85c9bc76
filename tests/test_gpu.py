"""gpu.py and the real pynvml against a stand-in for the driver's library, a process a scenario."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

MIB = 2**20

# What a process says of its driver and GPUs; then the scenario may change, and it says it again.
READ = """
import dataclasses, json, os
from f1cap import gpu
found = gpu.find_gpu(int(os.environ.get("CARD", "0")))
before = dataclasses.asdict(gpu.read_driver())
os.environ["F1CAP_TEST_NVML"] = os.environ.get("THEN", os.environ.get("F1CAP_TEST_NVML", ""))
print(json.dumps({
    "driver": before,
    "card": found and {
        "uuid": found.uuid,
        "total": found.vram_total_bytes,
        "process": found.process_vram_bytes(),
        "other": found.process_vram_bytes(4242),
        "absent": found.process_vram_bytes(999_999),
        "used": found.used_vram_bytes(),
        "energy": found.energy_j(),
        "power": found.power_w(),
    },
    "again": dataclasses.asdict(gpu.read_driver()),
}))
"""

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(library: Callable[..., Path]) -> Ask:
    """Return a process that reads the GPUs of a scenario."""

    def run(scenario: str, *options: str, **environment: str) -> dict[str, Any]:
        script = f"import os; os.environ['F1CAP_TEST_NVML_PID'] = str(os.getpid())\n{READ}"
        finished = run_python(
            script, LD_LIBRARY_PATH=str(library(*options)), F1CAP_TEST_NVML=scenario, **environment
        )
        assert finished.stderr == ""
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer

    return run


def run_python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CUDA_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def test_a_healthy_gpu_says_everything(ask: Ask) -> None:
    answer = ask("healthy")
    assert answer["driver"]["driver"] == "580.95.05"
    assert answer["driver"]["cuda"] == "12.8"
    assert answer["driver"]["problem"] is None
    assert answer["again"] == answer["driver"]
    (gpu,) = answer["driver"]["gpus"]
    processes = gpu.pop("processes")
    assert gpu == {
        "index": 0,
        "uuid": "GPU-aaaa-1111",
        "name": "NVIDIA H100",
        "compute_capability": [9, 0],
        "vram_total_bytes": 81559 * MIB,
        "vram_used_bytes": 2048 * MIB,
        "vram_free_bytes": 79511 * MIB,
        "shared_memory": False,
        "utilization": 0.37,
        "temperature_c": 52,
        "power_w": 68.25,
        "energy_j": 123456.789,
        "sm_clock_mhz": 1980,
        "memory_clock_mhz": 2619,
        "throttle_reasons": ["power cap", "thermal slowdown"],
        "mig_devices": [],
        "problem": None,
    }
    assert [process["vram_bytes"] for process in processes] == [300 * MIB, 1000 * MIB, 24 * MIB]
    assert answer["card"] == {
        "uuid": "GPU-aaaa-1111",
        "total": 81559 * MIB,
        "process": 1024 * MIB,  # two contexts of one process
        "other": 300 * MIB,
        "absent": None,
        "used": 2048 * MIB,
        "energy": 123456.789,
        "power": 68.25,
    }


def test_a_gtx_1050_has_neither_power_nor_energy(ask: Ask) -> None:
    answer = ask("gtx1050")
    (gpu,) = answer["driver"]["gpus"]
    assert gpu["name"] == "NVIDIA GeForce GTX 1050"
    assert gpu["compute_capability"] == [6, 1]
    assert gpu["vram_total_bytes"] == 4096 * MIB
    assert (gpu["power_w"], gpu["energy_j"]) == (None, None)
    assert gpu["throttle_reasons"] == []
    assert gpu["mig_devices"] == []
    assert (answer["card"]["energy"], answer["card"]["power"]) == (None, None)
    assert answer["card"]["process"] == 1024 * MIB


def test_under_wddm_no_process_has_a_known_size(ask: Ask) -> None:
    answer = ask("wddm")
    (gpu,) = answer["driver"]["gpus"]
    assert [process["vram_bytes"] for process in gpu["processes"]] == [None, None, None]
    assert answer["card"]["process"] is None
    assert answer["card"]["used"] == 900 * MIB


def test_in_a_container_the_process_is_not_listed(ask: Ask) -> None:
    answer = ask("idle")
    assert answer["driver"]["gpus"][0]["processes"] == []
    assert answer["card"]["process"] is None
    assert answer["card"]["total"] == 81559 * MIB


def test_an_older_driver_lacks_the_newer_questions(ask: Ask) -> None:
    answer = ask("healthy", "-DOLD_DRIVER")
    (gpu,) = answer["driver"]["gpus"]
    assert gpu["temperature_c"] == 51
    assert gpu["throttle_reasons"] == ["idle"]
    assert gpu["processes"] is None
    assert answer["card"]["process"] is None


def test_driver_and_library_of_different_versions(ask: Ask) -> None:
    answer = ask("mismatch")
    assert answer["card"] is None
    assert answer["driver"]["gpus"] == []
    assert answer["driver"]["problem"] == "RM has detected an NVML/RM version mismatch."


def test_no_library() -> None:
    no_library = "def load(name): raise OSError(name + ': cannot open shared object file')"
    script = f"import ctypes\n{no_library}\nctypes.CDLL = load\n{READ}"
    answer = json.loads(run_python(script).stdout)
    assert answer["card"] is None
    assert answer["driver"]["problem"] == "NVML Shared Library Not Found"


def test_a_library_that_is_something_else(tmp_path: Path, library: Callable[..., Path]) -> None:
    del library  # for its reasons to skip
    source = tmp_path / "empty.c"
    source.write_text("int f1cap_nothing;")
    output = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", output, source], check=True)
    answer = json.loads(run_python(READ, LD_LIBRARY_PATH=str(tmp_path)).stdout)
    assert answer["driver"]["problem"] == "Function Not Found"


def test_no_pynvml() -> None:
    script = f"import sys; sys.modules['pynvml'] = None\n{READ}"
    answer = json.loads(run_python(script).stdout)
    assert answer["card"] is None
    assert "pynvml" in answer["driver"]["problem"]


def test_no_gpu(ask: Ask) -> None:
    answer = ask("none")
    assert answer["card"] is None
    assert (answer["driver"]["gpus"], answer["driver"]["problem"]) == ([], None)


def test_a_driver_that_fails_half_way(ask: Ask) -> None:
    answer = ask("healthy", THEN="fails")
    assert answer["driver"]["gpus"][0]["uuid"] == "GPU-aaaa-1111"
    again = answer["again"]["gpus"][0]
    assert again["index"] == 0
    assert {again[key] for key in ("uuid", "vram_used_bytes", "power_w", "processes")} == {None}
    assert again["problem"] == "Unknown Error"


def test_a_gpu_that_disappears_half_way(ask: Ask) -> None:
    answer = ask("healthy", THEN="gone")
    assert answer["card"]["total"] == 81559 * MIB  # it was there when the run began
    assert {answer["card"][key] for key in ("process", "used", "energy", "power")} == {None}
    assert answer["again"]["gpus"][0]["problem"] == "GPU is lost"


def test_a_lost_gpu_beside_a_good_one(ask: Ask) -> None:
    answer = ask("lost", CUDA_VISIBLE_DEVICES="GPU-bbbb", CUDA_DEVICE_ORDER="PCI_BUS_ID")
    lost, good = answer["driver"]["gpus"]
    assert (lost["index"], lost["uuid"], lost["problem"]) == (0, None, "GPU is lost")
    assert (good["index"], good["uuid"], good["problem"]) == (1, "GPU-bbbb-2222", None)
    assert answer["card"]["uuid"] == "GPU-bbbb-2222"


@pytest.mark.parametrize(
    ("environment", "uuid"),
    [
        ({}, "GPU-aaaa-1111"),
        ({"CARD": "1"}, "GPU-bbbb-2222"),
        ({"CARD": "2"}, None),
        ({"CUDA_VISIBLE_DEVICES": "1"}, "GPU-bbbb-2222"),
        ({"CUDA_VISIBLE_DEVICES": "1,0", "CARD": "1"}, "GPU-aaaa-1111"),
        ({"CUDA_VISIBLE_DEVICES": ""}, None),
    ],
)
def test_two_gpus_and_what_cuda_may_see(
    environment: dict[str, str], uuid: str | None, ask: Ask
) -> None:
    answer = ask("two", **environment)
    assert len(answer["driver"]["gpus"]) == 2
    assert (answer["card"] and answer["card"]["uuid"]) == uuid


def test_unlike_gpus_are_told_apart_only_by_what_is_certain(ask: Ask) -> None:
    assert ask("unlike")["card"] is None
    by_bus = ask("unlike", CUDA_DEVICE_ORDER="PCI_BUS_ID")
    assert by_bus["card"]["uuid"] == "GPU-cccc-3333"
    by_name = ask("unlike", CUDA_VISIBLE_DEVICES="GPU-aaaa")
    assert by_name["card"]["uuid"] == "GPU-aaaa-1111"


def test_a_divided_gpu(ask: Ask) -> None:
    answer = ask("mig")
    (gpu,) = answer["driver"]["gpus"]
    assert gpu["utilization"] is None
    assert gpu["mig_devices"] == [
        {
            "uuid": "MIG-ffff-6666",
            "name": "NVIDIA A100 MIG 1g.5gb",
            "vram_total_bytes": 4864 * MIB,
            "vram_used_bytes": 64 * MIB,
            "vram_free_bytes": 4800 * MIB,
        }
    ]
    assert answer["card"]["uuid"] == "MIG-ffff-6666"
    assert answer["card"]["total"] == 4864 * MIB
    assert answer["card"]["process"] == 1024 * MIB


@pytest.mark.parametrize("scenario", ["gb10", "zero"])
def test_a_gpu_without_memory_of_its_own_has_the_system_s(ask: Ask, scenario: str) -> None:
    answer = ask(scenario)
    (gpu,) = answer["driver"]["gpus"]
    total = psutil.virtual_memory().total
    assert (gpu["shared_memory"], gpu["vram_total_bytes"]) == (True, total)
    assert gpu["vram_used_bytes"] + gpu["vram_free_bytes"] == total
    assert answer["card"]["total"] == total
    assert 0 < answer["card"]["used"] < total


def test_a_driver_that_talks_nonsense(ask: Ask) -> None:
    (gpu,) = ask("garbled")["driver"]["gpus"]
    assert (gpu["name"], gpu["uuid"]) == (None, None)
    assert gpu["vram_total_bytes"] == 8192 * MIB
    assert len(ask("absurd")["driver"]["gpus"]) == 64


def test_the_driver_is_opened_once_and_let_go(library: Callable[..., Path]) -> None:
    script = """
from f1cap import gpu
for _ in range(3):
    assert gpu.read_driver().gpus
gpu.close()
gpu.close()
assert gpu.find_gpu(0)
"""
    finished = run_python(
        script,
        LD_LIBRARY_PATH=str(library()),
        F1CAP_TEST_NVML="healthy",
        F1CAP_TEST_NVML_TELL="1",
    )
    assert finished.stderr.splitlines() == ["shut down, 0 open"] * 2
