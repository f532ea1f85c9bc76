"""The measured process: it opens one model and captions what it is told to, by its own clock.

Run as a program. It reads commands and writes answers, one JSON object a line, on the standard
streams that it was started with; whatever libraries print goes to stderr. It ends when its
commands do, so that nothing outlives a benchmark that was killed.

    {"do": "open", "model": …, "device": …, "dtype": …, …}   → what was opened, and how long it took
    {"do": "run", "images": [[place, name], …]}               → a caption and times for each
    {"do": "close"}                                           → peaks of memory

An answer is `{"ok": {…}}` or `{"error": {"code", "message", "hint"}}`.

The environment variable F1CAP_TEST_CAPTIONER (`module:function`) replaces what opens a model. It is
there for tests, which have models that run out of memory, exit or hang.
"""

import importlib
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TextIO

from f1cap import corpus, measure
from f1cap.errors import F1capError, OutOfMemoryError
from f1cap.models import naming, registry
from f1cap.models.device.cpu import let_idle_threads_sleep
from f1cap.records.captions import CaptionSettings
from f1cap.records.images import ImageAddress, ImageItem
from f1cap.records.models import Decoding, DType
from f1cap.services.caption.batches import Captioned, CaptionLoop
from f1cap.services.caption.prepare import Failed

TEST_HOOK = "F1CAP_TEST_CAPTIONER"
_OPEN = "f1cap.models.loading:open_captioner"
_OPEN_PLAIN = "f1cap.models.plain:open_plain"


def main() -> None:
    """Serve until the commands end."""
    # Answers keep the stdout that we were given; prints of libraries must not get between them.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = _Worker()
    commands: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(commands,), daemon=True).start()
    while (line := commands.get()) is not None:
        command = json.loads(line)
        _write(answers, _answer(worker, command))
        if command["do"] == "close":
            # not by returning: the interpreter's end and a thread that waits for input do not agree
            os._exit(0)


def _hear(commands: "queue.SimpleQueue[str | None]") -> None:
    """Hand commands on; where they end, end the process, though it may be hanging in one.

    They end when the benchmark closes them, having all it wants, or when it was killed.
    """
    for line in sys.stdin:
        commands.put(line)
    os._exit(0)


def _answer(worker: "_Worker", command: Mapping[str, Any]) -> dict[str, object]:
    actions = {"open": worker.open, "run": worker.run, "close": worker.close}
    try:
        return {"ok": actions[command["do"]](command)}
    except F1capError as error:
        return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    except MemoryError:
        return {
            "error": {
                "code": OutOfMemoryError.code,
                "message": "It ran out of memory.",
                "hint": "Close other programs, or take a smaller model.",
            }
        }


def _write(stream: TextIO, answer: Mapping[str, object]) -> None:
    stream.write(f"{json.dumps(answer)}\n")
    stream.flush()


class _Worker:
    """One model, from its import to its end."""

    def __init__(self) -> None:
        self._captioner: Any = None
        self._torch: Any = None  # models.accelerator; None under a test's captioner
        self._items: dict[str, ImageItem] = {}
        self._decoding = Decoding()
        self._loop: CaptionLoop | None = None
        self._plain = False

    def open(self, command: Mapping[str, Any]) -> dict[str, object]:
        """Import, then load; the two are timed apart."""
        spec = naming.resolve(command["model"], offline=True)
        items = [corpus.open_item(ImageAddress(**address)) for address in command["images"]]
        self._items = {item.name: item for item in items}
        self._decoding = _decoding(spec.decoding, command)
        self._plain = command["plain"]
        target = _OPEN_PLAIN if self._plain else _OPEN
        hook = os.environ.get(TEST_HOOK)

        if not self._plain:  # the plain loop runs as a user's script would: with torch's defaults
            let_idle_threads_sleep()
        started = time.perf_counter()
        opener = _import_target(hook or target)
        if hook is None:
            registry.captioner_class(spec.family)
            self._torch = importlib.import_module("f1cap.models.device.runtime")
        import_s = time.perf_counter() - started

        limit = command["vram_limit_bytes"]
        limited = None
        if limit is not None and self._torch is not None:
            limited = self._torch.limit_memory(limit)
        started = time.perf_counter()
        self._captioner = opener(
            spec, device=command["device"], dtype=DType(command["dtype"]), offline=True
        )
        self._finish()
        load_s = time.perf_counter() - started
        placement = self._captioner.placement
        batch_size = 1 if self._plain else command["batch_size"]
        settings = CaptionSettings(self._decoding, placement.dtype)
        self._loop = CaptionLoop(
            self._captioner, settings, batch_size=batch_size, threads=not self._plain
        )
        return {
            "import_s": import_s,
            "load_s": load_s,
            "device": str(placement.device),
            "dtype": placement.dtype,
            "notes": placement.notes,
            "revision": self._captioner.revision,
            "engine": getattr(self._captioner, "engine", None),
            "num_beams": self._decoding.num_beams,
            "max_new_tokens": self._decoding.max_new_tokens,
            "batch_size": self._loop.batch_size,
            "limited": limited,
            "threads": None if self._torch is None else self._torch.threads(),
        }

    def run(self, command: Mapping[str, Any]) -> dict[str, object]:
        """Caption images; an image that cannot be read is told apart and costs nothing else."""
        loop = self._loop
        if loop is None:
            message = "run before open"
            raise RuntimeError(message)
        captions: list[dict[str, object]] = []
        problems: list[dict[str, object]] = []
        notes: list[str] = []
        self._finish()
        started = time.perf_counter()
        items = [self._items[name] for _, name in command["images"]]
        for result in loop.run(items, on_note=notes.append):
            if isinstance(result, Captioned):
                captions.append(
                    {
                        "image": result.caption.image,
                        "text": result.caption.caption,
                        "tokens": result.caption.tokens,
                        "prepare_s": result.prepare_s,
                        "generate_s": result.generate_s,
                    }
                )
            elif isinstance(result, Failed):
                error = result.error
                problems.append(
                    {
                        "image": result.name,
                        "code": error.code,
                        "message": error.message,
                        "hint": error.hint,
                    }
                )
        self._finish()
        return {
            "seconds": time.perf_counter() - started,
            "captions": captions,
            "problems": problems,
            "batch_size": loop.batch_size,
            "notes": notes,
        }

    def close(self, command: Mapping[str, Any]) -> dict[str, object]:
        """Say what it took, then free it."""
        del command
        allocated = reserved = None
        if self._torch is not None and self._captioner is not None:
            allocated, reserved = self._torch.peaks(self._captioner.placement.device)
        peak = measure.peak_resident_bytes()
        if self._captioner is not None:
            self._captioner.close()
        return {
            "torch_allocated_bytes": allocated,
            "torch_reserved_bytes": reserved,
            "rss_bytes": peak,
        }

    def _finish(self) -> None:
        """Let queued work end: a clock that is read earlier would flatter a GPU."""
        if self._torch is not None and self._captioner is not None:
            self._torch.finish(self._captioner.placement.device)


def _decoding(decoding: Decoding, command: Mapping[str, Any]) -> Decoding:
    chosen = {name: command[name] for name in ("num_beams", "max_new_tokens")}
    return replace(decoding, **{name: value for name, value in chosen.items() if value is not None})


def _import_target(target: str) -> Any:  # noqa: ANN401 - a function named as text
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
