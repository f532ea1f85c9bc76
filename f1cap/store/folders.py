"""Where results lie, who may write there, and files that are written whole or not at all."""

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from f1cap.errors import StorageError
from f1cap.records.images import Dataset
from f1cap.records.json_text import stream_json, to_json
from f1cap.store.reading import read_object

JOURNAL = "captions.jsonl"
CAPTIONS = "generated_captions.json"
RUN = "run.json"
METRICS = "metrics.json"
COMPARISON = "comparative_analysis.json"
_OWNER = "dataset.json"
# What file systems without locks answer.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})


def cache_folder() -> Path:
    """Return the folder of all that f1cap keeps: F1CAP_CACHE_DIR, else the system's user cache.

    Raises:
        StorageError: It would lie in a home folder, and there is none.
    """
    chosen = os.environ.get("F1CAP_CACHE_DIR")
    if not chosen:
        import platformdirs

        try:
            chosen = platformdirs.user_cache_dir("f1cap", appauthor=False)
        except RuntimeError:  # what newer ones say; older ones leave the ~
            chosen = "~/.cache/f1cap"
    return _expanded(Path(chosen))


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise StorageError(
            f"There is no home folder for {path}: HOME is not set, or the system does not know the "
            "user.",
            hint="Set F1CAP_CACHE_DIR to a folder that can be written, or use --output-dir DIR.",
        ) from error


def dataset_folder(dataset: Dataset, output_dir: Path | None) -> Path:
    """Return the folder that holds a dataset's results, with one folder per model inside it.

    Args:
        dataset: Its identity, not its name, keeps two datasets of one name apart.
        output_dir: The user's choice; it is the dataset's folder itself.

    Raises:
        StorageError: The user's choice already holds the results of another dataset.
    """
    if output_dir is None:
        digest = hashlib.sha256(os.fsencode(dataset.identity)).hexdigest()[:12]
        return cache_folder() / "results" / f"{slug(dataset.name)}-{digest}"
    folder = _expanded(output_dir)
    _check_owner(folder, dataset)
    return folder


class ResultsFolder:
    """The results of one model on one dataset."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder = folder / slug(model)
        self.journal = self.folder / JOURNAL

    @contextmanager
    def writing(self, dataset: Dataset) -> Iterator[bool]:
        """Hold the folder for this process, and tell whether it is held.

        The system drops the lock when the process dies, however it dies. Some file systems, of
        networks mostly, have no locks: then nobody keeps a second run out.

        Raises:
            StorageError: Another run holds it, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        make_folder(self.folder)
        if _read_owner(self.folder.parent) is None:
            note = {"dataset": dataset.name, "identity": dataset.identity}
            write_atomically(self.folder.parent / _OWNER, [to_json(note), "\n"])
        lock = FileLock(self.folder / ".lock")
        is_held = True
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StorageError(
                f"Another f1cap run is writing to {self.folder}.",
                hint="Wait for it to finish, or give this run its own --output-dir.",
            ) from error
        except NotImplementedError:  # what filelock before 4 makes of a system without locks
            is_held = False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise storage_error(error, self.folder) from error
            is_held = False
        try:
            yield is_held
        finally:
            lock.release()

    def has_captions(self) -> bool:
        """Tell whether an earlier run may have left captions in the journal."""
        try:
            return self.journal.stat().st_size > 0
        except OSError:
            return False

    def set_aside_journal(self) -> Path | None:
        """Rename the journal so that a run starts over without destroying it.

        Returns:
            Its new path; None where there was none.
        """
        if not self.journal.exists():
            return None
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        number = 0
        while (
            aside := self.folder / f"captions.{stamp}{f'-{number}' if number else ''}.jsonl"
        ).exists():
            number += 1
        try:
            self.journal.rename(aside)
        except OSError as error:
            raise storage_error(error, self.journal) from error
        return aside

    def write_captions(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write generated_captions.json, `{"image": "caption"}`, in the order given.

        Raises:
            StorageError: It cannot be written; the old file stands.
        """
        write_atomically(self.folder / CAPTIONS, _flat_object(pairs))

    def write_run(self, record: Mapping[str, object]) -> None:
        """Write run.json: what is needed to repeat the run.

        Raises:
            StorageError: It cannot be written; the old file stands.
        """
        write_atomically(self.folder / RUN, [*stream_json(record), "\n"])

    def read_run(self) -> dict[str, object]:
        """Return run.json as it stands; empty where there is none, or a damaged one."""
        return read_object(self.folder / RUN)

    def write_metrics(self, record: object) -> Path:
        """Write metrics.json, what `eval` made of these captions.

        Returns:
            Where it is; beside a metrics.json that is somebody else's.

        Raises:
            StorageError: It cannot be written; the old file stands.
        """
        path = _free_or_ours(self.folder / METRICS)
        write_atomically(path, [*stream_json(record), "\n"])
        return path


def write_comparison(folder: Path, record: object) -> Path:
    """Write comparison/comparative_analysis.json beside the models of a dataset's folder.

    Returns:
        Where it is; beside a file of that name that is somebody else's.

    Raises:
        StorageError: It cannot be written; the old file stands.
    """
    path = _free_or_ours(folder / "comparison" / COMPARISON)
    make_folder(path.parent)
    write_atomically(path, [*stream_json(record), "\n"])
    return path


def _free_or_ours(path: Path) -> Path:
    """Return the path, or the first name beside it, at which no file of somebody else's lies.

    Ours say which f1cap wrote them, and by which schema. Other programs use these names too.
    """
    number = 1
    wanted = path
    while os.path.lexists(path) and not {"f1cap", "schema"} <= read_object(path).keys():
        path = wanted.with_name(f"{wanted.stem}.f1cap{f'-{number}' * (number > 1)}{wanted.suffix}")
        number += 1
    return path


def write_atomically(path: Path, chunks: Iterable[str]) -> None:
    """Write text so that a reader sees the old file or the new one, never a part.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(chunks)
        with contextlib.suppress(OSError):  # network shares and FAT have no modes to change
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def make_folder(path: Path) -> None:
    """Create a folder and its parents; an existing one is fine.

    Raises:
        StorageError: It cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error


def storage_error(error: OSError, path: Path) -> StorageError:
    """Turn what the system said about a file of ours into a sentence and the next step."""
    elsewhere = "Choose a folder that can be written: --output-dir DIR, or set F1CAP_CACHE_DIR."
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError(
            f"The disk is full: {path} could not be written.",
            hint="Free some space and run the same command again; finished captions are kept.",
        )
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return StorageError(f"{path} cannot be written: {error.strerror}.", hint=elsewhere)
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return StorageError(
            f"{path} must be a folder, and there is a file of that name.", hint=elsewhere
        )
    return StorageError(f"{path} cannot be written: {error.strerror or error}.", hint=elsewhere)


def _flat_object(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    opening = "{\n  "
    for image, caption in pairs:
        yield f"{opening}{to_json(image)}: {to_json(caption)}"
        opening = ",\n  "
    yield "\n}\n" if opening.startswith(",") else "{}\n"


def _check_owner(folder: Path, dataset: Dataset) -> None:
    identity = _read_owner(folder)
    if identity is not None and identity != dataset.identity:
        raise StorageError(
            f"{folder} contains the results of another dataset: {identity}",
            hint="Give each dataset its own --output-dir.",
        )


def _read_owner(folder: Path) -> str | None:
    """Return the identity noted in a folder; None for no note, or one that is damaged."""
    identity = read_object(folder / _OWNER).get("identity")
    return identity if isinstance(identity, str) else None


def slug(name: str) -> str:
    """Return a name that every file system takes; one that had to change gets a digest."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:60]
    if plain == name:
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{plain or 'dataset'}-{digest}"


def _umask() -> int:
    # The only way to read the mask is to set it; mkstemp's 0600 would hide results from a group.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
