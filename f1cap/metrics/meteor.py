"""METEOR 1.5 in a JVM of its own: captions in, the 23 statistics of each caption out.

Only SCORE lines are sent. The jar's EVAL line would add them up too, but reads numbers in the
language of the user and keeps the sums to itself; `formulas` adds them up here, and the bootstrap
needs them anyway.
"""

import contextlib
import queue
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, ClassVar, Self

import numpy as np

from f1cap.errors import JavaError
from f1cap.metrics import coco, formulas
from f1cap.metrics.base import Scorer, ScoringInput, Statistics
from f1cap.metrics.formulas import Matrix
from f1cap.metrics.java import (
    FRUGAL_OPTIONS,
    LANGUAGE_OPTIONS,
    end,
    first_line,
    isolation,
    java_environment,
)
from f1cap.records.scores import JavaRuntime

STATISTICS = 23
_MEMORY_OPTION = "-Xmx1G"  # twice what it needs; the original asks for 2G
# It reads its paraphrase table first, which takes minutes on a slow or busy machine.
START_TIMEOUT_S = 300.0
# Thousands of words take long where they are the same few over and over.
_REPLY_TIMEOUT_S = 300.0
CLOSE_TIMEOUT_S = 10.0
_STDERR_KEPT = 4096

Pair = tuple[str, Sequence[str]]


class Meteor(Scorer):
    """METEOR 1.5 on a process that warms up while captions are read."""

    background: ClassVar[bool] = True
    version = "1.5"

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: MeteorProcess | None = None
        self._failure = JavaError("METEOR was not started.")

    def start(self, java: JavaRuntime) -> None:
        """Start the process; where that fails, scoring will say so."""
        try:
            self._process = MeteorProcess(java, coco.meteor_jar())
        except JavaError as error:
            self._failure = error

    def submit(self, batch: ScoringInput) -> None:
        """Queue all captions of all models."""
        if self._process is not None:
            for captions in batch.captions.values():
                self._process.submit(zip(captions, batch.references, strict=True))

    def statistics(self, batch: ScoringInput) -> Mapping[str, Statistics]:
        """Wait for what was submitted.

        Raises:
            JavaError: The process does not run, or failed.
        """
        if self._process is None:
            raise self._failure
        try:
            collected = {
                model: self._process.collect(len(captions))
                for model, captions in batch.captions.items()
            }
        except JavaError as error:
            self._failure = error
            self.close()
            raise
        return {model: Statistics(formulas.meteor_rows(rows)) for model, rows in collected.items()}

    def scores(self, sums: Matrix, images: int) -> Matrix:
        """Return METEOR."""
        return formulas.meteor(sums)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.close()
            self._process = None


class MeteorProcess:
    """A METEOR process: started at once, fed by one thread and read by another, killed on exit.

    Submit all captions of all models, do something else, then collect in the order of submission.
    Two threads, because one that writes many lines without reading fills both pipes and waits for
    ever.
    """

    def __init__(self, java: JavaRuntime, jar: Path) -> None:
        """Start the JVM and return without waiting for it.

        Args:
            java: The runtime to use.
            jar: METEOR 1.5, with `data/paraphrase-en.gz` beside it.

        Raises:
            JavaError: It could not be started.
        """
        self._java = java
        self._started = False
        self._failure: JavaError | None = None
        self._stderr = b""
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # Names relative to the working folder: METEOR takes a folder with a space or an accent for
        # another one, as it reads the paraphrases' place from its own URL.
        command = [
            str(java.executable),
            *LANGUAGE_OPTIONS,
            *FRUGAL_OPTIONS,
            _MEMORY_OPTION,
            *("-jar", jar.name, "-", "-", "-stdio", "-l", "en", "-norm"),
            *("-a", str(Path("data", "paraphrase-en.gz"))),
        ]
        try:
            # A list, no shell; the user chose the Java. close() ends it, which __exit__ calls.
            self._process = subprocess.Popen(  # noqa: S603 - see above
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=jar.parent,
                env=java_environment(),
                **isolation(),
            )
        except OSError as error:
            message = f"{java.executable} could not be started: {error.strerror or error}."
            raise JavaError(message, hint="Name another Java: --java PATH.") from error
        # In this order: the reader waits for the drain.
        tasks = (self._drain, self._read, self._write)
        self._threads = [threading.Thread(target=task, daemon=True) for task in tasks]
        for thread in self._threads:
            thread.start()

    def submit(self, pairs: Iterable[Pair]) -> None:
        """Queue captions for scoring.

        Args:
            pairs: A tokenised caption and its tokenised references, for each image.
        """
        for caption, references in pairs:
            # pycocoevalcap does the same to the caption; tokens cannot hold `|||` any more.
            caption_line = caption.replace("|||", "").replace("  ", " ")
            line = " ||| ".join(("SCORE", *references, caption_line)) + "\n"
            self._outgoing.put(line.encode("utf-8", "replace"))

    def collect(self, count: int) -> Matrix:
        """Wait for the statistics of the next captions, in the order of submission.

        Args:
            count: How many captions; no more than were submitted.

        Returns:
            Shape (count, 23): caption and reference length, function words of both; content and
            function matches of both in each of the stages exact, stem, synonym, paraphrase; chunks,
            matched words of both.

        Raises:
            JavaError: The process ended, hung, or wrote something else.
        """
        if self._failure is not None:
            raise self._failure
        statistics = np.empty((count, STATISTICS))
        try:
            for row in range(count):
                statistics[row] = self._next_reply()
        except JavaError as error:
            # Which reply belongs to which caption is not known any more.
            self._failure = error
            end(self._process)
            raise
        return statistics

    def close(self) -> None:
        """End the process, whatever it is doing. Calling it twice is harmless."""
        end(self._process)
        self._outgoing.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(CLOSE_TIMEOUT_S)
        for thread in self._threads:
            thread.join(CLOSE_TIMEOUT_S)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                _open(stream).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next_reply(self) -> Matrix:
        timeout_s = _REPLY_TIMEOUT_S if self._started else START_TIMEOUT_S
        try:
            reply = self._replies.get(timeout=timeout_s)
        except queue.Empty:
            message = f"METEOR did not answer within {timeout_s:.0f} s."
            raise JavaError(message, hint=self._hint()) from None
        self._started = True
        if reply is None:
            output = first_line(self._stderr)
            raise JavaError(
                f"METEOR exited before all captions were scored: {output}", hint=self._hint()
            )
        try:
            values = np.array(reply.split(), dtype=np.float64)
        except ValueError:
            values = np.empty(0)
        if values.shape != (STATISTICS,):
            message = f"METEOR returned something other than scores: {first_line(reply)}"
            raise JavaError(message, hint=self._hint())
        return values

    def _hint(self) -> str:
        java = self._java
        return f"It ran on {java.executable} ({java.version}); name another Java: --java PATH."

    def _write(self) -> None:
        stream = _open(self._process.stdin)
        # A process that is gone is noticed by the reader, which can say what it wrote last.
        with contextlib.suppress(OSError):
            while (line := self._outgoing.get()) is not None:
                stream.write(line)
                if self._outgoing.empty():
                    stream.flush()

    def _read(self) -> None:
        for line in _open(self._process.stdout):
            self._replies.put(line)
        self._threads[0].join(CLOSE_TIMEOUT_S)  # what it wrote last, for the message
        self._replies.put(None)

    def _drain(self) -> None:
        stream = _open(self._process.stderr)
        while piece := stream.read1(_STDERR_KEPT):  # type: ignore[attr-defined]  # Popen's pipes are buffered readers
            self._stderr = (self._stderr + piece)[:_STDERR_KEPT]


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - all three are pipes; this tells mypy
    return stream
