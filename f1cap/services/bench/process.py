"""The parent's end of a benchmark's processes: commands out, answers in, and always an end."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any, Self

import f1cap
from f1cap.records.readings import MemoryReading

_WORKER = "f1cap.services.bench.worker"
_SAMPLER = "f1cap.services.bench.sampler"
_PATIENCE_S = 5.0  # for a process that was told to end


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


class Worker:
    """A fresh Python that holds one model; see `worker` for what it is told."""

    def __init__(self, deadline_s: float) -> None:
        """Take the moment, by `time.monotonic`, at which its time is up."""
        self._deadline_s = deadline_s
        self._errors: IO[bytes] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        """Start it."""
        # What it says on stderr is read only if it dies: the last line often tells why.
        self._errors = tempfile.TemporaryFile()
        self._process = _start(_WORKER, self._errors)
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            _end(self._process)
        if self._errors is not None:
            self._errors.close()

    @property
    def pid(self) -> int:
        """The process's number."""
        return -1 if self._process is None else self._process.pid

    def ask(self, do: str, **details: object) -> dict[str, Any]:
        """Tell it to do something and return what it answers.

        Raises:
            WorkerFailedError: It failed, died, or its time is up.
        """
        process = self._process
        if process is None or process.stdin is None:
            message = "asked before it was started"
            raise RuntimeError(message)
        try:
            process.stdin.write(f"{json.dumps({'do': do, **details})}\n")
            process.stdin.flush()
            line = self._answers.get(timeout=max(0.0, self._deadline_s - time.monotonic()))
        except queue.Empty:
            raise WorkerFailedError(
                "timeout",
                "It did not finish in time and was ended.",
                "Give it more: --timeout SECONDS.",
            ) from None
        except OSError:  # its end of the pipe is closed
            line = None
        if line is None or not line.endswith("\n"):  # half a line: it died while it answered
            raise self._death()
        answer: dict[str, Any] = json.loads(line)
        if (error := answer.get("error")) is not None:
            raise WorkerFailedError(error["code"], error["message"], error["hint"])
        result: dict[str, Any] = answer["ok"]
        return result

    def _listen(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        with contextlib.suppress(ValueError):  # closed while we read
            for line in process.stdout:
                self._answers.put(line)
        self._answers.put(None)

    def _death(self) -> WorkerFailedError:
        """Say how it ended."""
        process = self._process
        try:
            code = None if process is None else process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            code = None
        last = self._last_words()
        said = f" Its last words: {last}" if last else ""
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            killed = " (the system may have run out of memory)" if name == "SIGKILL" else ""
            return WorkerFailedError("killed", f"Its process was ended by {name}{killed}.{said}")
        return WorkerFailedError("crash", f"Its process ended early with exit code {code}.{said}")

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip()[:300] if lines else ""


class Sampler:
    """A process that watches another one; see `sampler`."""

    def __init__(self, pid: int, gpu: int | None) -> None:
        """Watch a process and, where there is one, the GPU that CUDA calls by this number."""
        self.now = MemoryReading(None)
        self.peaks: dict[str, Any] = {}
        self._settings = {"pid": pid, "gpu": gpu}
        self._process: subprocess.Popen[str] | None = None
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        """Start it."""
        self._process = _start(_SAMPLER, subprocess.DEVNULL)
        self._tell(json.dumps(self._settings))
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def count_energy(self, *, on: bool) -> None:
        """Open or close a window in which energy counts."""
        self._tell("on" if on else "off")

    def stop(self) -> Mapping[str, Any]:
        """End it and return what it saw; harmless twice."""
        if self._process is not None:
            self._tell("stop")
            self._listener.join(_PATIENCE_S)
            _end(self._process)
            self._process = None
        return self.peaks

    def _tell(self, line: str) -> None:
        # It may be gone: then there is less to know of memory, and the times stand.
        with contextlib.suppress(OSError, ValueError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()

    def _listen(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        with contextlib.suppress(ValueError):
            for line in process.stdout:
                message = json.loads(line)
                if (now := message.get("now")) is not None:
                    self.now = MemoryReading(
                        now.get("rss_bytes"),
                        now.get("nvml_process_bytes"),
                        now.get("vram_total_bytes"),
                    )
                self.peaks = message.get("peaks", self.peaks)


def _start(module: str, errors: IO[bytes] | int) -> "subprocess.Popen[str]":
    """Start a fresh interpreter that runs this very f1cap.

    With -P no file in the user's folder can take a library's place; f1cap itself is loaded from
    where it was loaded here, as another one may be installed.
    """
    script = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("f1cap", {f1cap.__file__!r})
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
    """End a process, kindly if it wants, and close our ends of its pipes."""
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
