"""The journal: one line per finished caption, on disk before the next image is begun."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from f1cap.records.captions import Caption, CaptionSettings
from f1cap.records.json_text import to_json
from f1cap.store.folders import storage_error

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
        # Digests, not names: what is kept in memory for each image stays small.
        self._positions: dict[bytes, int] = {}
        self._end = 0
        try:
            # Unbuffered: a failed write must not be tried again when the file is closed.
            self._stream = path.open("ab", buffering=0)
            self._read()
        except OSError as error:
            raise storage_error(error, path) from error

    def find(self, key: str) -> int | None:
        """Return the position of the caption with this key; None where there is none."""
        return self._positions.get(bytes.fromhex(key))

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
        self._positions[bytes.fromhex(key)] = position
        return position

    def read(self, position: int) -> Caption:
        """Return the caption at a position that `find` or `append` gave."""
        with self.path.open("rb") as stream:
            return _read_at(stream, position)

    def close(self) -> None:
        """Close the file; harmless twice."""
        self._stream.close()

    def _read(self) -> None:
        with self.path.open("rb") as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                if (key := _key_of(line)) is not None:
                    self._positions[key] = self._end
                self._end += len(line)
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
                yield _read_at(stream, position)

    def __len__(self) -> int:
        return len(self._positions)


def _key_of(line: bytes) -> bytes | None:
    """Return a line's key; None for a line that is not a whole record, which is then no caption."""
    try:
        record = json.loads(line)
        key = bytes.fromhex(record["key"])
        _caption_of(record)
    except (ValueError, KeyError, TypeError):
        return None
    return key


def _read_at(stream: IO[bytes], position: int) -> Caption:
    stream.seek(position)
    return _caption_of(json.loads(stream.readline()))


def _caption_of(record: dict[str, object]) -> Caption:
    image, caption, tokens = record["image"], record["caption"], record["tokens"]
    if not (isinstance(image, str) and isinstance(caption, str) and isinstance(tokens, int)):
        message = "a record of another shape"
        raise TypeError(message)
    return Caption(
        image=image,
        caption=caption,
        tokens=tokens,
        truncated=bool(record["truncated"]),
        line_breaks=bool(record["line_breaks"]),
        latency_s=float(record["latency_s"]),  # type: ignore[arg-type]  # a non-number raises and is caught above
    )
