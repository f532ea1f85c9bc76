"""Where a model runs: one row for each kind of machine that people have."""

import pytest

from f1cap.errors import DeviceError
from f1cap.models.device.placement import (
    Gpu,
    Machine,
    resolve_placement,
    why_unusable,
)
from f1cap.records.models import Device, DType, Placement

CU126 = ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
CU130 = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
WHEELS = "https://download.pytorch.org/whl"


def machine(name: str, capability: tuple[int, int], *, cuda: str = "12.6") -> Machine:
    arch_list = CU126 if cuda == "12.6" else CU130
    return Machine((Gpu(0, name, capability),), arch_list, cuda, nvidia_driver=True, pip="pip")


@pytest.mark.parametrize(
    ("facts", "device", "dtype"),
    [
        pytest.param(machine("GTX 1050", (6, 1)), "cuda:0", DType.FLOAT32, id="GTX 1050"),
        pytest.param(machine("Tesla P100", (6, 0)), "cuda:0", DType.FLOAT16, id="P100"),
        pytest.param(machine("GTX 980", (5, 2)), "cuda:0", DType.FLOAT32, id="GTX 980"),
        pytest.param(
            machine("NVIDIA GeForce GTX 1650", (7, 5)), "cuda:0", DType.FLOAT32, id="GTX 1650"
        ),
        pytest.param(machine("NVIDIA T1000", (7, 5)), "cuda:0", DType.FLOAT32, id="T1000"),
        pytest.param(machine("Tesla T4", (7, 5)), "cuda:0", DType.FLOAT16, id="T4"),
        pytest.param(machine("RTX 2060", (7, 5)), "cuda:0", DType.FLOAT16, id="RTX 2060"),
        pytest.param(machine("Tesla V100", (7, 0)), "cuda:0", DType.FLOAT16, id="V100"),
        pytest.param(machine("RTX 3060", (8, 6)), "cuda:0", DType.FLOAT16, id="RTX 3060"),
        pytest.param(machine("RTX 4060", (8, 9)), "cuda:0", DType.FLOAT16, id="RTX 4060"),
        pytest.param(machine("H100", (9, 0)), "cuda:0", DType.FLOAT16, id="H100"),
        pytest.param(machine("RTX 5060", (12, 0), cuda="13.0"), "cuda:0", DType.FLOAT16, id="5060"),
        pytest.param(Machine(mps=True), "mps", DType.FLOAT32, id="MPS"),
        pytest.param(Machine(), "cpu", DType.FLOAT32, id="AVX2 only"),
        pytest.param(
            Machine(cpu_features=frozenset({"avx512_bf16"})), "cpu", DType.BFLOAT16, id="AVX512"
        ),
        pytest.param(
            Machine(cpu_features=frozenset({"amx_bf16"})), "cpu", DType.BFLOAT16, id="AMX"
        ),
        pytest.param(
            Machine(cpu_features=frozenset({"neon_bf16"})), "cpu", DType.BFLOAT16, id="NEON"
        ),
    ],
)
def test_auto_chooses_device_and_dtype(facts: Machine, device: str, dtype: DType) -> None:
    assert resolve_placement("auto", DType.AUTO, facts) == Placement(Device.parse(device), dtype)


def test_a_small_model_keeps_to_float32_on_a_cpu() -> None:
    facts = Machine(cpu_features=frozenset({"avx512_bf16"}))
    assert resolve_placement("auto", DType.AUTO, facts, 7_000_000).dtype is DType.FLOAT32
    assert resolve_placement("cpu", DType.AUTO, facts, 700_000_000).dtype is DType.BFLOAT16
    assert resolve_placement("cpu", DType.BFLOAT16, facts, 7_000_000).dtype is DType.BFLOAT16


def test_a_pascal_gpu_with_a_cuda_13_build_runs_on_the_cpu_and_names_the_command() -> None:
    facts = machine("NVIDIA GeForce GTX 1050", (6, 1), cuda="13.0")
    placement = resolve_placement("auto", DType.AUTO, facts)
    assert (placement.device, placement.dtype) == (Device.parse("cpu"), DType.FLOAT32)
    (note,) = placement.notes  # one line
    assert note == (
        "This torch build (CUDA 13.0) has no kernels for NVIDIA GeForce GTX 1050 "
        "(compute capability 6.1). "
        'Install a build that supports it: pip install --force-reinstall "torch<2.15" '
        f"--extra-index-url {WHEELS}/cu126"
    )


def test_the_first_gpu_that_can_run_is_taken() -> None:
    gpus = (Gpu(0, "GTX 1050", (6, 1)), Gpu(1, "RTX 3060", (8, 6)))
    facts = Machine(gpus, CU130, "13.0", nvidia_driver=True)
    assert resolve_placement("auto", DType.AUTO, facts).device == Device.parse("cuda:1")
    assert resolve_placement("cuda", DType.AUTO, facts).device == Device.parse("cuda:1")


def test_a_build_without_cuda_beside_an_nvidia_gpu_is_told() -> None:
    placement = resolve_placement(
        "auto", DType.AUTO, Machine(nvidia_driver=True, pip="pipx runpip f1cap")
    )
    assert placement.device == Device.parse("cpu")
    assert placement.notes[0].startswith("There is an NVIDIA GPU, but this torch build")
    assert "pipx runpip f1cap install --force-reinstall" in placement.notes[0]


def test_a_driver_too_old_for_the_build_is_told() -> None:
    placement = resolve_placement(
        "auto", DType.AUTO, Machine(nvidia_driver=True, cuda_build="13.0")
    )
    assert "torch (CUDA 13.0) cannot use it" in placement.notes[0]
    assert "Update the NVIDIA driver or" in placement.notes[0]
    assert placement.notes[0].endswith("/cu126")
    older = resolve_placement(
        "auto", DType.AUTO, Machine(nvidia_driver=True, cuda_build="12.6")
    ).notes[0]
    assert "Update the NVIDIA driver;" in older
    assert "install" not in older


@pytest.mark.parametrize(
    ("device", "facts", "message", "hint"),
    [
        ("cuda", Machine(), "torch finds no NVIDIA GPU", "--device cpu"),
        ("cuda:0", Machine(nvidia_driver=True), "runs on the CPU only", "install"),
        ("cuda:3", machine("H100", (9, 0)), "no such GPU", "cuda:0 (H100)"),
        ("cuda", machine("GTX 1050", (6, 1), cuda="13.0"), "has no kernels for", "cu126"),
        ("cuda:0", machine("GTX 680", (3, 0)), "has no kernels for", "No current torch build"),
        ("cuda", machine("RTX 5060", (12, 0)), "has no kernels for", "cu130"),
        ("mps", Machine(), "no Apple GPU", "--device cpu"),
        ("tpu", Machine(), "no such device", "auto, cuda"),
        ("cpu:1", Machine(), "no such device", "auto, cuda"),
        ("cuda:-1", Machine(), "no such device", "auto, cuda"),
        ("", Machine(), "no such device", "auto, cuda"),
    ],
)
def test_a_requested_device_that_cannot_be_used_is_an_error_with_a_next_step(
    device: str, facts: Machine, message: str, hint: str
) -> None:
    with pytest.raises(DeviceError) as caught:
        resolve_placement(device, DType.AUTO, facts)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("device", "dtype", "facts", "note"),
    [
        ("cpu", DType.FLOAT16, Machine(), "hundreds of times slower than --dtype float32"),
        ("cpu", DType.BFLOAT16, Machine(), "hundreds of times slower than --dtype float32"),
        (
            "cpu",
            DType.FLOAT16,
            Machine(cpu_features=frozenset({"amx_bf16"})),
            "than --dtype bfloat16",
        ),
        ("cuda", DType.FLOAT16, machine("GTX 1660 Ti", (7, 5)), ""),
        ("cuda", DType.FLOAT16, machine("NVIDIA GeForce GTX 1660", (7, 5)), "NaN"),
        ("cuda", DType.FLOAT16, machine("GTX 1050", (6, 1)), "slower than float32"),
        ("cuda", DType.BFLOAT16, machine("Tesla T4", (7, 5)), "emulates"),
    ],
)
def test_a_dtype_asked_for_is_used_with_a_warning(
    device: str, dtype: DType, facts: Machine, note: str
) -> None:
    placement = resolve_placement(device, dtype, facts)
    assert placement.dtype is dtype
    assert note in placement.notes[0]


@pytest.mark.parametrize(
    ("device", "dtype", "facts"),
    [
        ("cpu", DType.FLOAT32, Machine()),
        ("cpu", DType.BFLOAT16, Machine(cpu_features=frozenset({"avx512_bf16"}))),
        ("cuda", DType.BFLOAT16, machine("RTX 3060", (8, 6))),
        ("cuda", DType.FLOAT32, machine("GTX 1050", (6, 1))),
        ("mps", DType.FLOAT16, Machine(mps=True)),
        ("CUDA:0", DType.FLOAT16, machine("H100", (9, 0))),
    ],
)
def test_what_runs_well_is_not_commented_on(device: str, dtype: DType, facts: Machine) -> None:
    placement = resolve_placement(device, dtype, facts)
    assert (placement.dtype, placement.notes) == (dtype, ())


def test_a_gpu_older_than_all_builds() -> None:
    reasons = why_unusable(Gpu(0, "GT 710", (3, 5)), Machine())
    assert reasons[1] == "No current torch build supports a GPU this old."
