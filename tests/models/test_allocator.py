"""Freed memory stays with a process that computes, unless its user says otherwise."""

import os
import platform
import subprocess
import sys

import pytest

from f1cap.models import allocator

# 24 MB, larger than what glibc keeps by itself at the start, written to and freed 50 times over
_CHURN = """
import resource
import numpy as np
from f1cap.models.allocator import keep_freed_memory
print(keep_freed_memory())
np.ones(3_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(3_000_000), np.ones(3_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
glibc_only = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def churn(**changes: str) -> tuple[str, int]:
    ours = {k: v for k, v in os.environ.items() if k not in allocator._OWN_SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", _CHURN],
        env=ours | changes,
        capture_output=True,
        text=True,
        check=True,
    )
    answer, faults = done.stdout.split()
    return answer, int(faults)


@glibc_only
def test_what_is_freed_is_used_again() -> None:
    answer, faults = churn()
    assert answer == "True"
    assert faults < 10_000  # once through at most; each time anew they are some 500,000


@glibc_only
@pytest.mark.parametrize("name", allocator._OWN_SETTINGS)
def test_the_users_own_settings_win(name: str) -> None:
    value = "glibc.malloc.check=0" if name == "GLIBC_TUNABLES" else "131072"
    answer, _ = churn(**{name: value})
    assert answer == "False"


def test_a_c_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in allocator._OWN_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    assert not allocator.keep_freed_memory()
    allocator.return_freed_memory()


def test_no_c_library_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise TypeError  # as on Windows

    monkeypatch.setattr("ctypes.CDLL", refuse)
    assert not allocator.keep_freed_memory()
