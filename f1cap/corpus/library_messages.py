"""Redirect libtiff's error messages from stderr to the caller that decodes the image.

libtiff calls its handler in the decoding thread, so that each message is attributed to its image;
redirecting stderr itself would catch the output of the whole process.
"""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

_LONGEST = 500  # bytes
_UNNAMED = (None, b"tempfile.tif")  # Pillow opens every TIFF under this name
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
_thread = threading.local()
_lock = threading.Lock()


@contextmanager
def redirected(on_message: Callable[[str], None]) -> Iterator[None]:
    """Pass libtiff's messages of this thread to a function.

    Where Pillow's libtiff cannot be reached (it is linked statically on Windows), they stay on
    stderr.
    """
    with _lock:
        _install()
    before = getattr(_thread, "on_message", None)
    _thread.on_message = on_message
    try:
        yield
    finally:
        _thread.on_message = before


@cache
def _install() -> object:
    """Install the error handler, once; the cache keeps it alive."""
    from PIL import _imaging

    try:
        # The handle of a library also resolves the symbols of those that it is linked with.
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
        print_into = ctypes.CDLL(None).vsnprintf
    except (AttributeError, OSError, TypeError):
        return None
    print_into.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p)
    set_handler.argtypes = (_Handler,)
    set_handler.restype = ctypes.c_void_p

    def handle(module: bytes | None, form: bytes | None, values: int | None) -> None:
        on_message = getattr(_thread, "on_message", None)
        if on_message is None:  # an image that other code of this process decodes
            if others is not None:
                others(module, form, values)
            return
        text = ctypes.create_string_buffer(_LONGEST)
        print_into(text, _LONGEST, form, values)
        where = b"" if module in _UNNAMED else module + b": "
        on_message((where + text.value).decode(errors="replace"))

    handler = _Handler(handle)
    before = set_handler(handler)
    others = _Handler(before) if before else None
    return handler
