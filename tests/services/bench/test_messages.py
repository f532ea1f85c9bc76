"""Messages between a benchmark's processes: what is written is read back, nothing else is taken."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from f1cap.records.images import ImageAddress, Problem
from f1cap.records.models import DecodingOverrides, Device, DType, Engine
from f1cap.records.readings import MemoryReading
from f1cap.services.bench.messages import (
    Close,
    MessageError,
    Open,
    Opened,
    RunResult,
    Sampled,
    TimedCaption,
    decode,
    encode,
)

OPEN = Open(
    model="git-mini",
    images=(ImageAddress("cars/é\u2028\udcff.jpg", "elsewhere/x.jpg"),),
    plain=False,
    device="auto",
    dtype=DType.AUTO,
    engine=Engine.FAST,
    batch_size=None,
    decoding=DecodingOverrides(num_beams=4, length_penalty=0.5, early_stopping="never"),
    prompt=None,
    reduced_jpeg=True,
    vram_limit_bytes=2**32,
)


def test_what_is_written_is_read_back() -> None:
    opened = Opened(
        *(1.5, 2.0, Device.parse("cuda:1"), DType.FLOAT16, ("a note",), "0", "fast", 4, 20, 8),
        limited=True,
        threads=None,
    )
    result = RunResult(
        2.5,
        (TimedCaption("a.jpg", "a car", 3, 0.5, 1.0),),
        (Problem("image", "b.jpg is empty.", image="b.jpg"),),
        batch_size=4,
        notes=(),
    )
    sampled = Sampled(MemoryReading(9, None, 10))
    for message in (OPEN, opened, result, Close(), sampled):
        line = encode(message)
        assert line.endswith("\n")
        assert "\n" not in line[:-1]
        assert line.isascii()
        assert decode(line, type(message)) == message


def test_only_what_may_come_now_is_taken() -> None:
    assert decode(encode(Close()), Open, Close) == Close()
    with pytest.raises(MessageError, match="none of Open"):
        decode(encode(Close()), Open)


@pytest.mark.parametrize(
    "change",
    [
        {"model": 3},
        {"plain": 1},
        {"dtype": "float8"},
        {"batch_size": "8"},
        {"batch_size": True},
        {"decoding": 4},
        {"decoding": {**asdict(OPEN.decoding), "num_beams": 4.0}},
        {"decoding": {**asdict(OPEN.decoding), "early_stopping": "always"}},
        {"images": "x"},
        {"images": [["a", "b"]]},
        {"images": [{"name": "a"}]},
        {"more": 1},
        {"reduced_jpeg": ...},
    ],
    ids=str,
)
def test_a_field_of_another_type_is_refused(change: dict[str, Any]) -> None:
    content = json.loads(encode(OPEN)) | change
    kept = {name: value for name, value in content.items() if value is not ...}
    with pytest.raises(MessageError):
        decode(json.dumps(kept), Open)


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"type": 3}'])
def test_what_is_no_message_is_refused(line: str) -> None:
    with pytest.raises(MessageError):
        decode(line, Close)
