"""A stand-in of the Hugging Face hub on the loopback, which can be told to misbehave.

In a test: `with Hub() as hub: hub.add("org/name", folder)`, then run a process with
`hub.environment`. By hand: `python -m tests.hub org/name=FOLDER …`.
"""

import hashlib
import json
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

_CHUNK_BYTES = 1 << 16
_LFS_SUFFIXES = {".safetensors", ".bin", ".h5"}


@dataclass
class Repo:
    """One checkpoint and how the hub treats it."""

    folder: Path
    commit: str
    gated: bool = False
    # by file name: send only so many bytes, or other bytes of the same number
    truncated: dict[str, int] = field(default_factory=dict)
    flipped: set[str] = field(default_factory=set)

    def files(self) -> Iterator[Path]:
        return (path for path in sorted(self.folder.iterdir()) if path.is_file())


@dataclass
class Hub:
    """The server; its fields are switches, to be turned while it runs."""

    repos: dict[str, Repo] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    status: int | None = None  # answered to everything
    delay_s: float = 0.0  # before every answer
    bytes_per_s: float | None = None

    def __enter__(self) -> "Hub":
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that send a process here, past any proxy."""
        return {"HF_ENDPOINT": self.endpoint, "HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1"}

    def add(self, name: str, folder: Path, *, commit: str | None = None) -> Repo:
        """Serve a folder under a name; a catalogue's pinned commit may be given."""
        commit = commit or hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
        self.repos[name] = Repo(folder, commit)
        return self.repos[name]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: requests are kept in `hub.requests`."""

    def _answer(self, *, body: bool) -> None:
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        self.hub.requests.append(f"{self.command} {path}")
        self.hub.tokens.append(self.headers.get("Authorization"))
        time.sleep(self.hub.delay_s)
        if self.hub.status is not None:
            self._refuse(HTTPStatus(self.hub.status), None)
            return
        parts = path.strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        name = "/".join(parts[2:4] if api else parts[:2])
        rest = parts[4:] if api else parts[2:]
        repo = self.hub.repos.get(name)
        if repo is None:
            self._refuse(HTTPStatus.UNAUTHORIZED, "RepoNotFound")
        elif len(rest) >= 2 and rest[1] not in {"main", repo.commit}:
            self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
        elif api and rest[:1] == ["tree"]:
            self._send_json(_tree(repo) if len(rest) == 2 else [])
        elif api:
            self._send_json(_info(name, repo))
        elif repo.gated and self.headers.get("Authorization") is None:
            self._refuse(HTTPStatus.UNAUTHORIZED, "GatedRepo")
        elif rest[0] == "resolve":
            self._send_file(repo, "/".join(rest[2:]), body=body)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, None)

    def _refuse(self, status: HTTPStatus, code: str | None) -> None:
        self.send_response(status)
        if code is not None:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_json(self, data: object) -> None:
        content = json.dumps(data).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_file(self, repo: Repo, name: str, *, body: bool) -> None:
        path = repo.folder / name
        if not path.is_file():
            self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound")
            return
        size = path.stat().st_size
        start = self._range_start()
        self.send_response(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK)
        self.send_header("ETag", f'"{_etag(path)}"')
        self.send_header("X-Repo-Commit", repo.commit)
        self.send_header("Accept-Ranges", "bytes")
        if path.suffix in _LFS_SUFFIXES:
            self.send_header("X-Linked-Etag", f'"{_etag(path)}"')
            self.send_header("X-Linked-Size", str(size))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        if body:
            self._send_bytes(path, start, min(size, repo.truncated.get(name, size)), repo)

    def _send_bytes(self, path: Path, start: int, end: int, repo: Repo) -> None:
        with path.open("rb") as file:
            file.seek(start)
            left = end - start
            while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
                left -= len(chunk)
                if path.name in repo.flipped:
                    chunk = bytes(255 - byte for byte in chunk)
                if self.hub.bytes_per_s is not None:
                    time.sleep(len(chunk) / self.hub.bytes_per_s)
                try:
                    self.wfile.write(chunk)
                except OSError:  # the client went away
                    break
        if end != path.stat().st_size:
            self.close_connection = True

    def _range_start(self) -> int:
        header = self.headers.get("Range", "")
        return int(header.removeprefix("bytes=").split("-")[0]) if header else 0


def _info(name: str, repo: Repo) -> dict[str, Any]:
    return {
        "id": name,
        "modelId": name,
        "sha": repo.commit,
        "private": False,
        "gated": "auto" if repo.gated else False,
        "disabled": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "siblings": [{"rfilename": p.name, "size": p.stat().st_size} for p in repo.files()],
    }


def _tree(repo: Repo) -> list[dict[str, Any]]:
    entries = []
    for path in repo.files():
        entry = {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": "0" * 40}
        if path.suffix in _LFS_SUFFIXES:
            lfs = {"oid": _etag(path), "size": path.stat().st_size, "pointerSize": 134}
            entries.append({**entry, "lfs": lfs})
        else:
            entries.append({**entry, "oid": _etag(path)})
    return entries


def _etag(path: Path) -> str:
    return _etag_of(path, path.stat().st_size, path.stat().st_mtime_ns)


@lru_cache
def _etag_of(path: Path, size: int, _modified: int) -> str:
    """Name a file as the hub does: git's hash of a small one, sha256 of a large one."""
    if path.suffix in _LFS_SUFFIXES:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    content = f"blob {size}\0".encode() + path.read_bytes()
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def main() -> None:
    """Serve folders until Ctrl-C, printing the variables to use and each request."""
    with Hub() as hub:
        for argument in sys.argv[1:]:
            name, _, folder = argument.partition("=")
            name, _, commit = name.partition("@")
            hub.add(name, Path(folder), commit=commit or None)
        sys.stdout.write(f"HF_ENDPOINT={hub.endpoint}\n")
        sys.stdout.flush()
        seen = 0
        try:
            while True:
                time.sleep(0.2)
                for request in hub.requests[seen:]:
                    sys.stdout.write(f"{request}\n")
                    sys.stdout.flush()
                seen = len(hub.requests)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
