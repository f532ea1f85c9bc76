"""The journal: one line per finished caption, on disk before the next image is begun."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from f1cap.errors import StorageError
from f1cap.records.captions import Caption, CaptionSettings
from f1cap.records.json_text import to_json
from f1cap.store.folders import storage_error
from f1cap.store.reading import parse_entry, read_lines

FORMAT = 1


def caption_key(
    *, image: str, image_sha256: str, checkpoint: str, revision: str, settings: CaptionSettings
) -> str:
    """Return the digest of everything a caption depends on: equal keys, equal captions.

    The device and the batch size are left out: they change the time, not the caption.
    """
    inputs = {
        "format": FORMAT,
        "image": image,
        "image_sha256": image_sha256,
        "checkpoint": checkpoint,
        "revision": revision,
        "settings": json.loads(to_json(settings)),
    }
    text = json.dumps(inputs, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class Journal:
    """captions.jsonl, open for appending. Hold the folder's lock around it.

    What a crash leaves behind is at most half a line at the end, which opening cuts off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # By digests, not names: what is kept in memory for each image stays small.
        self._positions: dict[bytes, int] = {}
        self._end = 0
        try:
            # Unbuffered: a failed write must not be tried again when the file is closed.
            self._stream = path.open("ab", buffering=0)
            self._read()
        except OSError as error:
            raise storage_error(error, path) from error

    def find(self, key: str, image: str) -> int | None:
        """Return the position of an image's caption with this key; None where there is none.

        Args:
            key: Of the caption.
            image: The name that its record must have: a damaged one may have another's.
        """
        return self._positions.get(_digest(bytes.fromhex(key), image))

    def append(self, key: str, caption: Caption) -> int:
        """Write one finished caption through to the system.

        Returns:
            Its position, for `read`.

        Raises:
            StorageError: The disk is full or gone; the journal ends with the caption before.
        """
        line = to_json({"key": key, **caption.to_dict()}).encode() + b"\n"
        position: int = self._end
        try:
            written = 0
            while written < len(line):  # a full disk takes part of a line before it refuses
                written += self._stream.write(line[written:])
        except OSError as error:
            self._cut(position)
            raise storage_error(error, self.path) from error
        self._end = position + len(line)
        self._positions[_digest(bytes.fromhex(key), caption.image)] = position
        return position

    def read(self, position: int) -> Caption:
        """Return the caption at a position that `find` or `append` gave."""
        with self.path.open("rb") as stream:
            return _read_at(stream, position, self.path)

    def close(self) -> None:
        """Close the file; harmless twice."""
        self._stream.close()

    def _read(self) -> None:
        with self.path.open("rb") as stream:
            for length, line in read_lines(stream):
                if (entry := parse_entry(line)) is not None:
                    self._positions[_digest(entry.key, entry.caption.image)] = self._end
                self._end += length
        self._cut(self._end)

    def _cut(self, end: int) -> None:
        # Appending goes to wherever the file ends: half a line must go before the next comes.
        with contextlib.suppress(OSError):
            os.truncate(self.path, end)


class CaptionList:
    """Captions in a run's order, read from the journal each time they are asked for."""

    def __init__(self, path: Path, positions: Sequence[int]) -> None:
        self._path = path
        self._positions = positions

    def __iter__(self) -> Iterator[Caption]:
        if not self._positions:
            return
        with self._path.open("rb") as stream:
            for position in self._positions:
                yield _read_at(stream, position, self._path)

    def __len__(self) -> int:
        return len(self._positions)


def _digest(key: bytes, image: str) -> bytes:
    return hashlib.sha256(key + image.encode("utf-8", "surrogatepass")).digest()


def _read_at(stream: IO[bytes], position: int, path: Path) -> Caption:
    stream.seek(position)
    entry = parse_entry(stream.readline())
    if entry is None:
        raise StorageError(
            f"{path} was changed by another program during the run.",
            hint="Run the same command again; what is damaged is captioned again.",
        )
    return entry.caption
