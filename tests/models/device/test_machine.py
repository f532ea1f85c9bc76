"""What is known of the CPU without importing torch."""

from pathlib import Path

import pytest

from f1cap.models.device import machine


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
