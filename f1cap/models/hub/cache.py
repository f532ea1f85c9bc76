"""The checkpoint cache that every Hugging Face tool shares, read without their library.

`f1cap models` must answer before huggingface_hub is imported, and a cached checkpoint must
start without any request; so the folder layout is read here: `models--org--name/` holds
`refs/main` (a commit), `snapshots/<commit>/<file>` (links) and `blobs/<content hash>`.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from f1cap.errors import CheckpointError

DEFAULT_REVISION = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
PREPROCESSORS = ("preprocessor_config.json", "processor_config.json")
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")
_SMALL = (
    "config.json",
    "generation_config.json",
    *PREPROCESSORS,
    *TOKENIZERS,
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A checkpoint's files at one commit."""

    folder: Path
    revision: str


def cache_root() -> Path:
    """Return the hub cache, by the same variables and precedence as huggingface_hub.

    Raises:
        CheckpointError: It would lie in a home folder, and there is none.
    """
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if value := os.environ.get(name):
            return _expanded(value)
    if home := os.environ.get("HF_HOME"):
        return _expanded(home) / "hub"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~", ".cache"))
    return _expanded(base) / "huggingface" / "hub"


def repo_folder(repo: str) -> Path:
    """Return where a hub checkpoint's files lie or would lie."""
    return cache_root() / f"models--{repo.replace('/', '--')}"


def find_snapshot(repo: str, revision: str | None) -> Snapshot | None:
    """Return a commit's folder in the cache, complete or not, or None.

    Args:
        repo: A hub id.
        revision: A commit, a branch or a tag; None means `main`.
    """
    folder = repo_folder(repo)
    revision = revision or DEFAULT_REVISION
    commit = revision
    if not _COMMIT.fullmatch(revision):
        try:
            commit = (folder / "refs" / revision).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        if not _COMMIT.fullmatch(commit):
            return None
    snapshot = folder / "snapshots" / commit
    return Snapshot(snapshot, commit) if snapshot.is_dir() else None


def find_complete(repo: str, revision: str | None) -> Snapshot | None:
    """Return a commit's folder if everything that a model loads from it is there."""
    try:
        snapshot = find_snapshot(repo, revision)
        return snapshot if snapshot is not None and is_complete(snapshot.folder) else None
    except (OSError, CheckpointError):  # a cache of another user, or no home folder
        return None


def is_complete(folder: Path) -> bool:
    """Tell whether a folder holds config, weights, preprocessor and tokenizer files."""
    return (
        (folder / "config.json").is_file()
        and weight_files(folder) is not None
        and any((folder / name).is_file() for name in PREPROCESSORS)
        and any((folder / name).is_file() for name in TOKENIZERS)
        and _holds_listed_files(folder)
    )


def weight_files(folder: Path) -> tuple[Path, ...] | None:
    """Return the weights that loading would read, safetensors first; None if a file is missing."""
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return (folder / name,)
        index = folder / f"{name}.index.json"
        if index.is_file():
            shards = [folder / shard for shard in read_shards(index)]
            if shards and all(shard.is_file() for shard in shards):
                return (*shards, index)
    return None


def read_shards(index: Path) -> tuple[str, ...]:
    """Return the shard names in a weights index, sorted; empty where it is damaged."""
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    # a shard lies beside its index: anything else is an attempt to read elsewhere
    return tuple(
        sorted(name for name in names if isinstance(name, str) and Path(name).name == name)
    )


def choose_files(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose what to download from a repository's listing: small files, then weights.

    Only top-level files count, and of the weights only the first kind found: safetensors,
    else PyTorch's; other frameworks' weights never.
    """
    listed = set(names)
    small = tuple(name for name in _SMALL if name in listed)
    for name in _WEIGHTS:
        if name in listed:
            return small, (name,)
        index = f"{name}.index.json"
        if index in listed:
            stem, _, suffix = name.rpartition(".")
            shard = re.compile(rf"{re.escape(stem)}-\d+-of-\d+\.{suffix}")
            return small, (index, *sorted(item for item in listed if shard.fullmatch(item)))
    return small, ()


def loaded_files(folder: Path) -> tuple[Path, ...]:
    """Return every file of a checkpoint folder that loading may read, sorted by name."""
    small = [folder / name for name in _SMALL if (folder / name).is_file()]
    return tuple(sorted([*small, *(weight_files(folder) or ())]))


def digest(folder: Path) -> str:
    """Return `sha256:…` over the names and bytes of a folder's loaded files.

    Raises:
        OSError: A file cannot be read.
    """
    total = hashlib.sha256()
    for path in loaded_files(folder):
        total.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        _hash_file(total, path)
    return f"sha256:{total.hexdigest()}"


def is_intact(path: Path) -> bool | None:
    """Tell whether a cached file's content is what the hub named it after.

    Returns:
        None where nothing in the cache says how the hub named it.
    """
    name = _hub_name(path)
    if _SHA256.fullmatch(name):
        return _hash_file(hashlib.sha256(), path) == name
    if _COMMIT.fullmatch(name):  # a small file: git's name for its content
        header = f"blob {path.stat().st_size}\0".encode()
        return _hash_file(hashlib.sha1(header, usedforsecurity=False), path) == name
    return None


def discard(path: Path) -> None:
    """Delete a damaged file, content and link, so that it is downloaded again.

    Raises:
        OSError: The cache cannot be written.
    """
    chain = [path]
    if not path.is_symlink() and (name := _hub_name(path)):
        chain.append(path.parent.parent.parent / "blobs" / name)  # of which it is a copy
    while chain[-1].is_symlink():
        chain.append(chain[-1].parent / chain[-1].readlink())
    for link in reversed(chain):
        link.unlink(missing_ok=True)


def _hub_name(path: Path) -> str:
    """Return the hash by which the hub names a cached file's content; empty if nothing tells it.

    The file links to a blob of that name. Where there are no links, as on Windows without its
    developer mode, it is the content itself, and the listing that a download leaves has the name.
    """
    if path.is_symlink():
        # the first link: a blob may link on, into a store shared by repositories
        return path.readlink().name
    entry = _listed_files(path.parent).get(path.name)
    if not isinstance(entry, dict):
        return ""
    name = entry.get("lfs_sha256") or entry.get("blob_id")
    return name if isinstance(name, str) and _HASH.fullmatch(name) else ""


def _holds_listed_files(folder: Path) -> bool:
    """Compare with the hub's own listing, where a download left one; else trust what is there."""
    small, _ = choose_files(_listed_files(folder))
    return all((folder / name).is_file() for name in small)


def _listed_files(snapshot: Path) -> dict[str, object]:
    """Return what the hub said of each file of a commit; empty where no download left it."""
    listing = snapshot.parent.parent / "trees" / f"{snapshot.name}.json"
    try:
        files = json.loads(listing.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return files if isinstance(files, dict) else {}


def _hash_file(total: "hashlib._Hash", path: Path) -> str:
    """Add a file's bytes to a hash; return its digest in hexadecimal."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()


def _expanded(value: str) -> Path:
    try:
        return Path(os.path.expandvars(value)).expanduser()
    except RuntimeError as error:
        raise CheckpointError(
            "There is no home folder to keep models in: HOME is not set, and the system does not "
            "know this user.",
            hint="Set HF_HOME to a folder that can be written. Bundled models need none.",
        ) from error
