"""What arrives during a download, added up for a listener; draws nothing itself."""

import threading
from typing import Any

from f1cap.models.base import DownloadListener


class StoppedError(RuntimeError):
    """The user stopped the download."""


class DownloadProgress:
    """Adds up what the client's progress bars are told, and stops them when asked to."""

    def __init__(self, listener: DownloadListener | None) -> None:
        self.file = ""
        self.stopped = threading.Event()
        self._listener = listener
        self._lock = threading.Lock()
        self._total = 0
        self._earlier = 0
        self._bars: list[int] = []  # bytes seen by each byte bar of the current files

    def expect(self, total_bytes: int) -> None:
        """Set how many bytes all files together will bring."""
        self._total = total_bytes

    def next_file(self, name: str) -> None:
        """Keep what has arrived, and go on with another file."""
        with self._lock:
            self._earlier += max(self._bars, default=0)
            self._bars = []
            self.file = name

    def start_bar(self, initial: int) -> int:
        """Begin a byte bar; returns its place."""
        with self._lock:
            self._bars.append(initial)
            return len(self._bars) - 1

    def advance(self, place: int, count: int) -> None:
        """Count bytes of one bar. Two bars may count the same bytes, so the fullest is told."""
        if self.stopped.is_set():
            raise StoppedError
        with self._lock:
            self._bars[place] += count
            done = min(self._earlier + max(self._bars), self._total)
            if self._listener is not None:
                self._listener(done, self._total, self.file)

    def bar_class(self) -> type:
        """Return a stand-in for tqdm that draws nothing."""
        progress = self

        class Bar:
            def __init__(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - tqdm's options
                self.total = options.get("total")
                self.n = options.get("initial") or 0
                self._place = progress.start_bar(self.n) if options.get("unit") == "B" else None

            def __enter__(self) -> "Bar":
                return self

            def __exit__(self, *_: object) -> None: ...

            def update(self, n: float | None = 1) -> None:
                self.n += int(n or 0)
                if self._place is not None:
                    progress.advance(self._place, int(n or 0))

            def _ignore(self, *_: object, **__: object) -> None: ...

            refresh = close = clear = reset = _ignore
            set_description = set_description_str = set_postfix_str = _ignore

        return Bar
