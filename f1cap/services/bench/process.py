"""The benchmark's side of its processes: it sends requests, reads answers, and ends them."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Self, TypeVar

from f1cap.records.readings import MemoryReading
from f1cap.services.bench.messages import (
    Close,
    Closed,
    CountEnergy,
    Failed,
    MessageError,
    Open,
    Opened,
    Run,
    RunResult,
    Sampled,
    Stop,
    Watch,
    Watched,
    decode,
    encode,
)

# Modules whose `main` the processes run.
WORKER_PROGRAM = "f1cap.services.bench.worker"
SAMPLER_PROGRAM = "f1cap.services.bench.sampler"
_PACKAGE = str(Path(__file__).parents[2] / "__init__.py")
_EXIT_TIMEOUT_S = 5.0  # for a process to end after it was asked to

_Answer = TypeVar("_Answer", Opened, RunResult, Closed)


class WorkerFailedError(Exception):
    """The measured process cannot go on; the benchmark can.

    Attributes:
        code: The kind of failure.
        hint: What to do next.
    """

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class WorkerProcess:
    """A fresh Python that holds one model; see `worker` for what it runs."""

    def __init__(self, deadline_s: float) -> None:
        """Set the deadline, by `time.monotonic`."""
        self._deadline_s = deadline_s
        self._errors: IO[bytes] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        """Start it."""
        # What it says on stderr is read only if it dies: the last line often tells why.
        self._errors = tempfile.TemporaryFile()
        self._process = _start(WORKER_PROGRAM, self._errors)
        threading.Thread(target=self._read_lines, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            _end(self._process)
        if self._errors is not None:
            self._errors.close()

    @property
    def pid(self) -> int:
        """The process's number."""
        return -1 if self._process is None else self._process.pid

    def open(self, request: Open) -> Opened:
        """Have it load a model.

        Raises:
            WorkerFailedError: It failed, died, or its time is up; as for the other requests.
        """
        return self._request(request, Opened)

    def run(self, images: tuple[int, ...]) -> RunResult:
        """Have it caption images."""
        return self._request(Run(images), RunResult)

    def close(self) -> Closed:
        """Have it report its memory peaks and end."""
        return self._request(Close(), Closed)

    def _request(self, request: Open | Run | Close, kind: type[_Answer]) -> _Answer:
        process = self._process
        if process is None or process.stdin is None:
            message = "a request before the process was started"
            raise RuntimeError(message)
        try:
            process.stdin.write(encode(request))
            process.stdin.flush()
            line = self._lines.get(timeout=max(0.0, self._deadline_s - time.monotonic()))
        except queue.Empty:
            raise WorkerFailedError(
                "timeout",
                "It did not finish in time and was stopped.",
                "Allow more time: --timeout SECONDS.",
            ) from None
        except OSError:  # its end of the pipe is closed
            line = None
        if line is None or not line.endswith("\n"):  # half a line: it died while it answered
            raise self._death()
        try:
            answer = decode(line, kind, Failed)
        except MessageError as error:
            raise WorkerFailedError("crash", f"The worker's answer is {error}") from error
        if isinstance(answer, Failed):
            raise WorkerFailedError(answer.code, answer.message, answer.hint)
        return answer

    def _read_lines(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        with contextlib.suppress(ValueError):  # closed while we read
            for line in process.stdout:
                self._lines.put(line)
        self._lines.put(None)

    def _death(self) -> WorkerFailedError:
        """Describe how it ended."""
        process = self._process
        try:
            code = None if process is None else process.wait(_EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            code = None
        last = self._last_stderr_line()
        detail = f"; last stderr line: {last}" if last else "."
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            killed = " (the system may have run out of memory)" if name == "SIGKILL" else ""
            return WorkerFailedError("killed", f"The worker was killed by {name}{killed}{detail}")
        return WorkerFailedError("crash", f"The worker exited with code {code}{detail}")

    def _last_stderr_line(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip()[:300] if lines else ""


class SamplerProcess:
    """A process that watches another one; see `sampler` for what it runs.

    Attributes:
        now: The newest reading.
    """

    def __init__(self, pid: int, gpu_index: int | None) -> None:
        """Watch a process and, where there is one, the GPU that CUDA calls by this index."""
        self.now = MemoryReading(None)
        self._watch = Watch(pid, gpu_index)
        self._watched = Watched()
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._read_messages, daemon=True)

    def __enter__(self) -> Self:
        """Start it."""
        self._process = _start(SAMPLER_PROGRAM, subprocess.DEVNULL)
        self._send(self._watch)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def count_energy(self, *, on: bool) -> None:
        """Open or close a window in which energy counts."""
        self._send(CountEnergy(on))

    def stop(self) -> Watched:
        """End it and return what it measured. Calling it twice is harmless."""
        if self._process is not None:
            self._send(Stop())
            self._reader.join(_EXIT_TIMEOUT_S)
            _end(self._process)
            self._process = None
        return self._watched

    def _send(self, message: Watch | CountEnergy | Stop) -> None:
        # It may be gone: then there is less to know of memory, and the times stand.
        with contextlib.suppress(OSError, ValueError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(encode(message))
                self._process.stdin.flush()

    def _read_messages(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        with contextlib.suppress(ValueError):  # closed while we read, or half a line
            for line in process.stdout:
                message = decode(line, Sampled, Watched)
                if isinstance(message, Sampled):
                    self.now = message.memory
                else:
                    self._watched = message


def _start(module: str, errors: IO[bytes] | int) -> "subprocess.Popen[str]":
    """Start a fresh interpreter that runs this very f1cap.

    With -P no file in the user's folder can take a library's place; f1cap itself is loaded from
    where it was loaded here, as another one may be installed.
    """
    script = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("f1cap", {_PACKAGE!r})
sys.modules["f1cap"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["f1cap"])
from {module} import main
main()
"""
    return subprocess.Popen(  # noqa: S603 - this interpreter, and a script of our own
        [sys.executable, "-P", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        # Ctrl-C is for the parent, which ends its children in order
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[str]") -> None:
    """End a process, by force only after a timeout, and close our ends of its pipes."""
    with contextlib.suppress(OSError, ValueError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
