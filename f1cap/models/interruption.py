"""Ctrl-C while libraries are being imported: heard at once, obeyed when they are whole."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_INTERRUPTED = 130


@contextmanager
def interrupt_afterwards() -> Iterator[None]:
    """Put off Ctrl-C until the block ends; a second one ends the process at once.

    An interrupted import leaves half a module, and transformers turns the interruption itself
    into a ModuleNotFoundError: neither is what a user who pressed Ctrl-C should read.

    Raises:
        KeyboardInterrupt: After the block, if Ctrl-C came in it, whatever else the block raised.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    pressed = False

    def note(_signal: int, _frame: object) -> None:
        nonlocal pressed
        if pressed:
            os._exit(_INTERRUPTED)
        pressed = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            raise KeyboardInterrupt
