"""From a model's spec to a loaded captioner; the only way in for services. Imports no torch."""

import atexit
import gc
import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from typing import Any, NamedTuple

from f1cap.errors import CheckpointError, CorruptCheckpointError, F1capError
from f1cap.models import registry
from f1cap.models.base import Captioner, DownloadListener
from f1cap.models.device import cpu, machine
from f1cap.models.device.cpu import let_idle_threads_sleep
from f1cap.models.device.placement import resolve_placement
from f1cap.models.hub import cache
from f1cap.models.hub.cache import Snapshot
from f1cap.records.models import DType, Engine, ModelSpec, Placement

_INTERRUPTED = 130  # the exit code of a process that Ctrl-C ended


class Resolved(NamedTuple):
    """A checkpoint on this machine, and where it would run: what its captions depend on."""

    snapshot: Snapshot
    placement: Placement


def resolve_without_loading(spec: ModelSpec, *, device: str, dtype: DType) -> Resolved | None:
    """Tell which checkpoint `open_captioner` would load, and where it would run it.

    torch is imported only where nothing else knows what GPUs can do.

    Returns:
        None where the checkpoint must be fetched first.

    Raises:
        CheckpointError: It is a folder that cannot be read.
        DeviceError: The device that was asked for cannot be used.
        KeyboardInterrupt: Ctrl-C was pressed while torch was imported.
    """
    snapshot = _find_checkpoint(spec)
    if snapshot is None:
        return None
    facts = machine.probe_without_torch(device)
    if facts is None:
        with interrupt_afterwards():
            facts = _import_runtime(own_process=True).probe()
    weights_bytes = _weights_bytes(snapshot.folder)
    return Resolved(snapshot, resolve_placement(device, dtype, facts, weights_bytes))


def open_captioner(  # noqa: PLR0913 - each is an option of the command line
    spec: ModelSpec,
    *,
    device: str = "auto",
    dtype: DType = DType.AUTO,
    engine: Engine = Engine.AUTO,
    offline: bool = False,
    snapshot: Snapshot | None = None,
    on_download: DownloadListener | None = None,
    own_process: bool = True,
) -> Captioner:
    """Fetch a checkpoint if it is not on this machine, and load it.

    The checkpoint comes first: without it the answer must not wait for torch to be imported.

    Args:
        spec: From `naming.resolve`.
        device: `auto`, `cpu`, `mps`, `cuda` or `cuda:N`.
        dtype: `auto` or the one to run in.
        engine: Whose code searches for captions; both find the same ones.
        offline: Do not use the network.
        snapshot: The checkpoint's files, where `resolve_without_loading` has found them.
        on_download: Told of bytes as they arrive, from another thread.
        own_process: The process is f1cap's alone, so its garbage collector, its allocator and its
            idle threads may be tuned. In somebody else's program they are left as they are.

    Raises:
        CheckpointError: It cannot be fetched or read; subclasses say why.
        DeviceError: The device that was asked for cannot be used.
        KeyboardInterrupt: Ctrl-C was pressed meanwhile; raised once imports and load are done.
        OutOfMemoryError: The weights do not fit.
        UnsupportedModelError: The fast engine was asked for and does not support the model.
    """
    snapshot = snapshot or _find_checkpoint(spec)
    if snapshot is None:
        from f1cap.models.hub import download  # what is on this machine needs no hub

        snapshot = download.fetch(spec, offline=offline, on_download=on_download)
    folder, revision = snapshot.folder, snapshot.revision
    _require_readable(folder)
    with interrupt_afterwards(exit_on_second=own_process):
        runtime = _import_runtime(own_process=own_process)
        with _without_collector() if own_process else nullcontext():
            captioner_class = registry.captioner_class(spec.family)
        placement = resolve_placement(device, dtype, runtime.probe(), _weights_bytes(folder))
        runtime.keep_quiet(own_process=own_process)
        try:
            captioner: Captioner = captioner_class(spec, folder, revision, placement, engine)
        except CorruptCheckpointError as error:
            if not spec.local:
                from f1cap.models.hub import download

                download.discard_damaged(folder, error)
            raise
        except F1capError:
            raise
        except Exception as error:
            if registry.find(spec.family) in registry.BUILT_IN:
                raise
            raise registry.broken(spec.family, error, "cannot be opened") from error
    if own_process and placement.device.is_cpu:
        cpu.keep_freed_memory()  # not earlier: what loading frees is not needed again
    return captioner


@contextmanager
def interrupt_afterwards(*, exit_on_second: bool = True) -> Iterator[None]:
    """Put off Ctrl-C until the block ends.

    A second one ends the process at once, or in somebody else's program the block. What it does
    there, after the block, is for that program's own handler to say.

    An interrupted import leaves half a module, and transformers turns the interruption itself
    into a ModuleNotFoundError: neither is what a user who pressed Ctrl-C should read.

    Raises:
        KeyboardInterrupt: After the block, if Ctrl-C came in it, whatever else the block raised,
            unless the program has a handler of its own.
    """
    before = signal.getsignal(signal.SIGINT)
    # signals reach the main thread only; None is a handler that Python could not put back
    if threading.current_thread() is not threading.main_thread() or before in {
        signal.SIG_IGN,
        None,
    }:
        yield
        return
    pressed = False

    def note(_signal: int, _frame: object) -> None:
        nonlocal pressed
        if pressed and exit_on_second:
            os._exit(_INTERRUPTED)
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _find_checkpoint(spec: ModelSpec) -> Snapshot | None:
    """Return a checkpoint that is complete on this machine; None where it must be fetched.

    Raises:
        CheckpointError: It is a folder that cannot be read.
    """
    if not spec.local:
        return cache.find_complete(spec.checkpoint, spec.revision)
    folder = Path(spec.checkpoint)
    return Snapshot(folder, _local_revision(spec, folder))


def _require_readable(folder: Path) -> None:
    """Refuse, before seconds of imports, files that only somebody else may read.

    Raises:
        CheckpointError: A file cannot be opened.
    """
    for path in cache.loaded_files(folder):
        try:
            path.open("rb").close()
        except OSError as error:
            raise CheckpointError(
                f"{path} cannot be read: {error.strerror}.",
                hint="Ask its owner for permission (chmod a+r), or set HF_HOME to a folder of your "
                "own and download it again.",
            ) from error


def _weights_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in cache.weight_files(folder) or ())


def _import_runtime(*, own_process: bool) -> Any:  # noqa: ANN401 - a module, and torch with it
    if own_process:
        let_idle_threads_sleep()
    with _without_collector() if own_process else nullcontext():
        return importlib.import_module("f1cap.models.device.runtime")


def _local_revision(spec: ModelSpec, folder: Path) -> str:
    if not (folder / "config.json").is_file():
        if spec.bundled:
            raise CheckpointError(
                f"The bundled model {spec.name} is missing from this installation.",
                hint="Reinstall f1cap.",
            )
        raise CheckpointError(f"There is no checkpoint in {folder}: config.json is missing.")
    try:
        return cache.digest(folder)
    except OSError as error:
        raise CheckpointError(f"{error.filename} cannot be read: {error.strerror}.") from error


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from traversing torch's objects, now and at the exit.

    While torch is imported that takes a large part of the time. What an import made stays until the
    process ends, so it is frozen: no later collection, those of the interpreter's end included,
    traverses it, unless a module would complain.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.unregister(_unfreeze_for_nanobind)
        atexit.register(_unfreeze_for_nanobind)
        if enabled:
            gc.enable()


def _unfreeze_for_nanobind() -> None:
    """Let the interpreter's end collect what was frozen, where that is looked for.

    Modules built with nanobind, which come with CUDA builds of torch, report each of their
    functions that is left at the end, in dozens of lines. To collect takes a second, so other
    builds go without.
    """
    for module in tuple(sys.modules.values()):
        loader = getattr(getattr(module, "__spec__", None), "loader", None)
        if isinstance(loader, ExtensionFileLoader) and any(
            type(value).__name__.startswith("nb_") for value in vars(module).values()
        ):
            gc.unfreeze()
            return
