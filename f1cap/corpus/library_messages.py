"""What libtiff says by itself, told to whoever decodes and not to stderr.

It calls its handler in the thread that decodes, so that every line finds its image; redirecting
stderr would catch the lines of the whole process.
"""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

_LONGEST = 500  # bytes
_NOBODY = (None, b"tempfile.tif")  # what Pillow calls every TIFF
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
_thread = threading.local()
_lock = threading.Lock()


@contextmanager
def told_to(listener: Callable[[str], None]) -> Iterator[None]:
    """Have what libtiff says in this thread told to a listener.

    Where Pillow's libtiff cannot be reached, as on Windows, it goes on saying so itself.
    """
    with _lock:
        _install()
    before = getattr(_thread, "listener", None)
    _thread.listener = listener
    try:
        yield
    finally:
        _thread.listener = before


@cache
def _install() -> object:
    """Become libtiff's error handler, once; the handler is kept alive by the cache."""
    from PIL import _imaging

    try:
        # A library's handle finds what it is linked with too, wherever Pillow was built.
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
        print_into = ctypes.CDLL(None).vsnprintf
    except (AttributeError, OSError, TypeError):
        return None
    print_into.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p)
    set_handler.argtypes = (_Handler,)
    set_handler.restype = ctypes.c_void_p

    def handle(module: bytes | None, form: bytes | None, values: int | None) -> None:
        listener = getattr(_thread, "listener", None)
        if listener is None:  # somebody else's image, in this process
            if others is not None:
                others(module, form, values)
            return
        text = ctypes.create_string_buffer(_LONGEST)
        print_into(text, _LONGEST, form, values)
        where = b"" if module in _NOBODY else module + b": "
        listener((where + text.value).decode(errors="replace"))

    handler = _Handler(handle)
    before = set_handler(handler)
    others = _Handler(before) if before else None
    return handler
