"""Devices by name, as torch and as users write them."""

import pytest

from f1cap.records.models import Device, DeviceKind


@pytest.mark.parametrize(
    ("text", "kind", "index", "cuda_index", "written"),
    [
        ("auto", DeviceKind.AUTO, None, None, "auto"),
        (" CPU ", DeviceKind.CPU, None, None, "cpu"),
        ("mps", DeviceKind.MPS, None, None, "mps"),
        ("cuda", DeviceKind.CUDA, None, 0, "cuda"),
        ("cuda:0", DeviceKind.CUDA, 0, 0, "cuda:0"),
        ("Cuda:12", DeviceKind.CUDA, 12, 12, "cuda:12"),
    ],
)
def test_devices_by_name(
    text: str, kind: DeviceKind, index: int | None, cuda_index: int | None, written: str
) -> None:
    device = Device.parse(text)
    assert (device.kind, device.index, device.cuda_index) == (kind, index, cuda_index)
    assert str(device) == written
    assert device.is_cpu == (kind is DeviceKind.CPU)


@pytest.mark.parametrize("text", ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "cuda:٣"])
def test_what_is_no_device(text: str) -> None:
    with pytest.raises(ValueError, match="is not auto, cpu, mps, cuda or cuda:N"):
        Device.parse(text)
