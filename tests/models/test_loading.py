"""Ctrl-C during imports: obeyed afterwards, and at once when it is pressed again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from f1cap.models.loading import interrupt_afterwards


def _press_ctrl_c(then: Callable[[], None]) -> None:
    with interrupt_afterwards():
        os.kill(os.getpid(), signal.SIGINT)
        then()


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    steps: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _press_ctrl_c(lambda: steps.append("went on"))
    assert steps == ["went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_the_block_raises_does_not_hide_the_interruption() -> None:
    def fail() -> None:
        raise ModuleNotFoundError("half a module")

    with pytest.raises(KeyboardInterrupt):
        _press_ctrl_c(fail)


def test_a_second_ctrl_c_ends_the_process() -> None:
    script = (
        "import os, signal\n"
        "from f1cap.models.loading import interrupt_afterwards\n"
        "with interrupt_afterwards():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_program_s_own_handler_decides() -> None:
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    try:
        _press_ctrl_c(lambda: pressed.append(0))
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed == [0, signal.SIGINT]


def test_a_program_that_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    steps: list[str] = []
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _press_ctrl_c(lambda: steps.append("went on"))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert steps == ["went on"]
