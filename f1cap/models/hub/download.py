"""A checkpoint from the hub into the cache that every Hugging Face tool shares.

What is cached and complete is used without a single request. Otherwise: one listing, then only
the files that loading reads, and of the weights only one kind. With `hub.errors` the only user
of huggingface_hub.
"""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from f1cap.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    CorruptCheckpointError,
    OfflineError,
)
from f1cap.models.base import DownloadListener
from f1cap.models.hub import cache, connection
from f1cap.models.hub.cache import Snapshot
from f1cap.records.models import ModelSpec

LISTING_TIMEOUT_S = 10
# small, so that progress moves and Ctrl-C is obeyed on a slow connection
_CHUNK_BYTES = 256 * 1024
_GRACE_S = 3  # for a download to stop after Ctrl-C
_WITHOUT_NETWORK = "The bundled models need no network: try --model git-mini."


def fetch(
    spec: ModelSpec, *, offline: bool = False, on_download: DownloadListener | None = None
) -> Snapshot:
    """Return a hub checkpoint's files, downloading what is missing.

    Args:
        spec: A hub checkpoint.
        offline: Use the cache only.
        on_download: Called as bytes arrive, from another thread.

    Raises:
        OfflineError: It is not cached, and the hub may not or cannot be asked.
        CheckpointError: It cannot be downloaded; subclasses say why. What was cached before is
            still usable, and the next attempt resumes the download.
    """
    cached = cache.find_complete(spec.checkpoint, spec.revision)
    if cached is not None:
        return cached
    _require_online(f"{spec.name} ({spec.checkpoint})", offline=offline)
    download = _Download(spec.checkpoint, spec.revision, on_download)
    return _interruptible(download.run, download.stop)


def fetch_config(repo: str, revision: str | None, *, offline: bool = False) -> Path:
    """Return a folder that holds a hub checkpoint's config.json, downloading only that.

    Raises:
        OfflineError: The hub may not or cannot be asked.
        CheckpointError: It cannot be downloaded; subclasses say why.
    """
    _require_online(repo, offline=offline)
    download = _Download(repo, revision, None)
    return _interruptible(lambda: download.get(["config.json"], revision), download.stop).folder


def discard_damaged(folder: Path, error: CorruptCheckpointError) -> NoReturn:
    """Delete a cached checkpoint's damaged files, and raise with what was done.

    A file is damaged if its content is not what the hub named it after; a file that is as the
    hub has it stays.

    Args:
        folder: The snapshot that could not be loaded.
        error: What loading raised.

    Raises:
        CorruptCheckpointError: Always.
    """
    intact = {path: cache.is_intact(path) for path in cache.loaded_files(folder)}
    damaged = [path for path, is_intact in intact.items() if is_intact is False]
    if not damaged:
        unknown = ", ".join(path.name for path, is_intact in intact.items() if is_intact is None)
        hint = (
            f"Nothing in the cache says whether {unknown} is as the hub has it: delete {folder}, "
            "and the next run downloads it again."
            if unknown
            else "The cached files match the hub's: choose another checkpoint or revision."
        )
        raise CorruptCheckpointError(error.message, hint=hint) from error
    names = ", ".join(path.name for path in damaged)
    try:
        for path in damaged:
            cache.discard(path)
    except OSError:
        hint = f"Delete {names} in {folder}; the next run downloads it again."
        raise CorruptCheckpointError(error.message, hint=hint) from error
    hint = f"{names} was deleted from the cache; the next run downloads it again."
    raise CorruptCheckpointError(error.message, hint=hint) from error


def _require_online(what: str, *, offline: bool) -> None:
    reason = "--offline was given" if offline else connection.offline_variable()
    if reason is not None:
        verb = reason if offline else f"{reason} is set"
        raise OfflineError(
            f"{what} is not downloaded, and {verb}.",
            hint=f"{_WITHOUT_NETWORK} To download it, drop HF_HUB_OFFLINE and --offline.",
        )
    connection.require_reachable(
        what, hint=f"{_WITHOUT_NETWORK} With HF_HUB_OFFLINE=1 f1cap looks in the cache only."
    )


def _interruptible(work: Callable[[], Snapshot], stop: Callable[[], None]) -> Snapshot:
    """Do work in a thread, so that Ctrl-C ends it at once instead of after the last file."""
    results: list[Snapshot] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
            errors.append(error)

    thread = threading.Thread(target=run, name="f1cap-download", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.1)
    except KeyboardInterrupt:
        stop()
        thread.join(_GRACE_S)
        raise
    if errors:
        raise errors[0]
    return results[0]


class _Download:
    """The download of one checkpoint; may be stopped from another thread."""

    def __init__(self, repo: str, revision: str | None, listener: DownloadListener | None) -> None:
        self._repo = repo
        self._revision = revision
        self._progress = _Progress(listener)

    def stop(self) -> None:
        """Let the download end at its next chunk."""
        self._progress.stopped.set()

    def run(self) -> Snapshot:
        """List, choose, check the disk, download, verify."""
        commit, sizes = self._list()
        small, weights = cache.choose_files(sizes)
        self._require_usable(sizes, small, weights)
        before = cache.find_snapshot(self._repo, commit)
        wanted = [
            name
            for name in (*small, *weights)
            if before is None or not (before.folder / name).is_file()
        ]
        self._require_space(sum(sizes[name] for name in wanted))
        self._progress.expect(sum(sizes[name] for name in wanted))
        # the weights last: their presence then means that everything else is there
        self._progress.file = "config.json"
        self.get(small, self._revision)
        self._progress.next_file(max(weights, key=lambda name: sizes[name]))
        snapshot = self.get(weights, commit)
        self._verify(snapshot, wanted)
        return snapshot

    def get(self, names: Sequence[str], revision: str | None) -> Snapshot:
        """Download files by exact name; those that are cached cost no transfer."""
        import huggingface_hub
        from huggingface_hub import constants

        constants.DOWNLOAD_CHUNK_SIZE = _CHUNK_BYTES
        if "HF_HUB_DISABLE_XET" not in os.environ:
            # plain HTTP resumes where it broke off, and stops when it is told to
            constants.HF_HUB_DISABLE_XET = True
        path = self._request(
            lambda: huggingface_hub.snapshot_download(
                self._repo,
                revision=revision or cache.DEFAULT_REVISION,
                allow_patterns=list(names),
                cache_dir=cache.cache_root(),
                endpoint=connection.hub_endpoint(),
                tqdm_class=self._progress.bar_class(),
            )
        )
        return Snapshot(Path(path), Path(path).name)

    def _list(self) -> tuple[str, dict[str, int]]:
        """Return the commit and the size of each file in bytes."""
        import huggingface_hub

        api = huggingface_hub.HfApi(endpoint=connection.hub_endpoint())
        info = self._request(
            lambda: api.model_info(
                self._repo,
                revision=self._revision,
                files_metadata=True,
                timeout=LISTING_TIMEOUT_S,
            )
        )
        sizes = {entry.rfilename: entry.size or 0 for entry in info.siblings or ()}
        return info.sha or cache.DEFAULT_REVISION, sizes

    def _request(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - the client's answer
        """Ask the hub; what its client raises becomes f1cap's error."""
        from huggingface_hub import utils
        from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # public, see there

        from f1cap.models.hub.errors import translate

        utils.logging.set_verbosity(logging.ERROR)
        try:
            return call()
        # ValueError: a name that the hub allows no repository to have;
        # RuntimeError: what its Rust transfer (xet) raises for network and disk alike;
        # ImportError: a proxy that takes a package which is not installed
        except (OSError, httpx.HTTPError, ValueError, RuntimeError, ImportError) as error:
            raise translate(error, self._repo, self._revision) from error

    def _require_usable(
        self, sizes: dict[str, int], small: Sequence[str], weights: Sequence[str]
    ) -> None:
        if "config.json" not in small:
            raise CheckpointNotFoundError(
                f"{self._repo} is not a model checkpoint: it has no config.json.",
                hint="`f1cap models` lists checkpoints that work.",
            )
        if not weights:
            raise CheckpointNotFoundError(
                f"{self._repo} has no weights that f1cap can load among its {len(sizes)} files.",
                hint="It needs model.safetensors or pytorch_model.bin.",
            )
        for names in (cache.PREPROCESSORS, cache.TOKENIZERS):
            if not set(names).intersection(small):
                raise CheckpointNotFoundError(
                    f"{self._repo} cannot be run: it has no {' or '.join(names)}.",
                    hint="`f1cap models` lists checkpoints that work.",
                )

    def _require_space(self, needed_bytes: int) -> None:
        root = cache.cache_root()
        existing = next((path for path in (root, *root.parents) if path.is_dir()), root)
        try:
            free_bytes = shutil.disk_usage(existing).free
        except OSError:  # a file system that will not say; the download will
            return
        if needed_bytes > free_bytes:
            raise CheckpointError(
                f"{self._repo} needs {needed_bytes / 1e6:,.0f} MB, and the disk of {root} "
                f"has {free_bytes / 1e6:,.0f} MB free.",
                hint="Free some space, or set HF_HOME to a folder on another disk.",
            )

    def _verify(self, snapshot: Snapshot, names: Sequence[str]) -> None:
        """Compare new files with the hashes that the hub gave, which its client does not do."""
        damaged = [n for n in names if cache.is_intact(snapshot.folder / n) is False]
        for name in damaged:
            cache.discard(snapshot.folder / name)
        if damaged or not cache.is_complete(snapshot.folder):
            what = f"{', '.join(damaged)} of {self._repo}" if damaged else self._repo
            raise CorruptCheckpointError(
                f"{what} was incomplete or corrupted after the download.",
                hint="Damaged files were deleted; run again. A proxy may have changed the content.",
            )


class _Progress:
    """Adds up the bytes of the client's progress bars, and stops them when asked to."""

    def __init__(self, listener: DownloadListener | None) -> None:
        self.file = ""
        self.stopped = threading.Event()
        self._listener = listener
        self._lock = threading.Lock()
        self._total_bytes = 0
        self._earlier_bytes = 0  # of the files before the current ones
        self._bars: list[int] = []  # bytes of each byte bar of the current files

    def expect(self, total_bytes: int) -> None:
        """Set how many bytes all files together will bring."""
        self._total_bytes = total_bytes

    def next_file(self, name: str) -> None:
        """Count what has arrived, and continue with another file."""
        with self._lock:
            self._earlier_bytes += max(self._bars, default=0)
            self._bars = []
            self.file = name

    def start_bar(self, initial: int) -> int:
        """Add a byte bar and return its index."""
        with self._lock:
            self._bars.append(initial)
            return len(self._bars) - 1

    def advance(self, index: int, count: int) -> None:
        """Count bytes of one bar. Two bars may count the same bytes, so the fullest is reported."""
        if self.stopped.is_set():
            raise _StoppedError
        with self._lock:
            self._bars[index] += count
            done = min(self._earlier_bytes + max(self._bars), self._total_bytes)
            if self._listener is not None:
                self._listener(done, self._total_bytes, self.file)

    def bar_class(self) -> type:
        """Return a stand-in for tqdm that draws nothing."""
        progress = self

        class Bar:
            def __init__(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - tqdm's options
                self.total = options.get("total")
                self.n = options.get("initial") or 0
                self._index = progress.start_bar(self.n) if options.get("unit") == "B" else None

            def __enter__(self) -> "Bar":
                return self

            def __exit__(self, *_: object) -> None: ...

            def update(self, n: float | None = 1) -> None:
                self.n += int(n or 0)
                if self._index is not None:
                    progress.advance(self._index, int(n or 0))

            def _ignore(self, *_: object, **__: object) -> None: ...

            refresh = close = clear = reset = _ignore
            set_description = set_description_str = set_postfix_str = _ignore

        return Bar


class _StoppedError(RuntimeError):
    """The user stopped the download."""
