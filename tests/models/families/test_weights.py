"""Damaged, incomplete, foreign and hostile checkpoint folders: each its own sentence."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from f1cap.errors import (
    CheckpointError,
    CorruptCheckpointError,
    OutOfMemoryError,
    UnsafeCheckpointError,
)
from f1cap.models.loading import open_captioner
from f1cap.models.naming import resolve
from f1cap.records.models import Decoding
from tests.checkpoints import make_checkpoint

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:d6638651a5526cc2ede56f2b5104d6851b0755816d220e5e046870430180c767\nsize 989820849\n"
)
SAFE = "model.safetensors"
BIN = "pytorch_model.bin"


class _Code:
    """What a hostile pickle does when it is read."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._trace,)


@pytest.fixture
def folder(tmp_path: Path, checkpoints: dict[str, Path]) -> Path:
    """A GIT checkpoint to damage."""
    return Path(shutil.copytree(checkpoints["git"], tmp_path / "git"))


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    return make_checkpoint("blip", tmp_path / "blip", seed=3, bin=True)


def open_folder(folder: Path) -> str:
    """Load a folder and return what an image is captioned with."""
    captioner = open_captioner(resolve(str(folder)), device="cpu")
    prepared = [captioner.preprocess(Image.new("RGB", (40, 30), "red"))]
    (made,) = captioner.generate(prepared, Decoding(num_beams=1, max_new_tokens=8))
    captioner.close()
    return made.text


def expect(folder: Path, kind: type[CheckpointError], *words: str) -> None:
    with pytest.raises(kind) as caught:
        open_folder(folder)
    assert "\n" not in caught.value.message
    for word in words:
        assert word in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[:-1000], "of 198,968 bytes"),
        (lambda data: data[:4000], "its header is longer than the file"),
        (lambda _: b"", "it has 0 bytes"),
        (lambda _: POINTER.encode(), "git-lfs pointer"),
        (lambda data: b"\xff" * 64 + data[64:], "header"),
        (lambda data: data[:8] + b"x" * 200 + data[208:], "its header cannot be read"),
        (lambda _: b"<html>" * 400, "header"),
    ],
)
def test_damaged_safetensors(folder: Path, damage: Callable[[bytes], bytes], words: str) -> None:
    path = folder / SAFE
    path.write_bytes(damage(path.read_bytes()))
    expect(folder, CorruptCheckpointError, SAFE, words)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[: len(data) // 2], "truncated after"),
        (lambda _: b"", "it has 0 bytes"),
        (lambda _: POINTER.encode(), "git-lfs pointer"),
        (lambda _: b"<html>" * 400, "not a weights file"),
        (lambda data: data.replace(b"data/3", b"data/x"), "damaged"),
    ],
)
def test_damaged_bin(bin_folder: Path, damage: Callable[[bytes], bytes], words: str) -> None:
    path = bin_folder / BIN
    path.write_bytes(damage(path.read_bytes()))
    expect(bin_folder, CorruptCheckpointError, words)


@pytest.mark.parametrize("how", ["zip", "torch before 1.6", "bare pickle"])
def test_a_pickle_with_code_is_refused_and_does_not_run(
    bin_folder: Path, tmp_path: Path, how: str
) -> None:
    trace = tmp_path / "it ran"
    state = {"weight": _Code(trace), "filler": torch.zeros(1000)}
    path = bin_folder / BIN
    if how == "bare pickle":
        path.write_bytes(pickle.dumps({"weight": _Code(trace), "filler": b"0" * 4000}))
    else:
        torch.save(state, path, _use_new_zipfile_serialization=how == "zip")
    expect(bin_folder, UnsafeCheckpointError, "would run code")
    assert not trace.exists()


def test_a_missing_tensor_is_never_random(folder: Path) -> None:
    state = load_file(folder / SAFE)
    del state["output.weight"]
    save_file(state, folder / SAFE, metadata={"format": "pt"})
    expect(folder, CorruptCheckpointError, SAFE, "output.weight missing")


def test_many_missing_tensors_are_counted(folder: Path, checkpoints: dict[str, Path]) -> None:
    shutil.copy(checkpoints["vision-encoder-decoder"] / SAFE, folder / SAFE)
    expect(folder, CorruptCheckpointError, "more missing")


def test_a_tensor_of_another_shape(folder: Path) -> None:
    state = load_file(folder / SAFE)
    state["output.bias"] = torch.zeros(3)
    save_file(state, folder / SAFE, metadata={"format": "pt"})
    expect(folder, CorruptCheckpointError, "weights")


@pytest.mark.parametrize("name", [SAFE, "preprocessor_config.json", "vocab.txt"])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    expect(folder, CorruptCheckpointError, str(folder))


def test_half_a_vocabulary_makes_no_words_up(folder: Path) -> None:
    entries = (folder / "vocab.txt").read_text().splitlines()
    (folder / "vocab.txt").write_text("\n".join(entries[:20]))
    expect(folder, CorruptCheckpointError, "tokenizer", "20 of 48 tokens")


@pytest.mark.parametrize("name", ["preprocessor_config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_damaged_small_file(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    expect(folder, CorruptCheckpointError, "cannot be read")


def test_code_beside_the_weights_is_not_run(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "it ran"
    (folder / "code.py").write_text(f"import pathlib; pathlib.Path({str(trace)!r}).touch()\n")
    for name, auto in (
        ("config.json", {"AutoModel": "code.M"}),
        ("preprocessor_config.json", {"AutoImageProcessor": "code.P"}),
        ("tokenizer_config.json", {"AutoTokenizer": ["code.T", None]}),
    ):
        data = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**data, "auto_map": auto}))
    open_folder(folder)
    assert not trace.exists()


def test_tensors_that_nothing_needs_are_ignored(folder: Path) -> None:
    expected = open_folder(folder)
    state = load_file(folder / SAFE)
    save_file({**state, "masked_bias": torch.zeros(1)}, folder / SAFE, metadata={"format": "pt"})
    assert open_folder(folder) == expected


def test_a_folder_that_went_away(folder: Path) -> None:
    spec = resolve(str(folder))
    shutil.rmtree(folder)
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        open_captioner(spec)


def test_weights_that_do_not_fit_into_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("transformers.GitForCausalLM.from_pretrained", fail)
    with pytest.raises(OutOfMemoryError, match="does not fit into the memory of cpu") as caught:
        open_folder(folder)
    assert caught.value.__context__ is None


def test_an_old_limit_in_the_config_is_not_obeyed(folder: Path, tmp_path: Path) -> None:
    from PIL import Image

    (folder / "generation_config.json").write_text(
        json.dumps({"max_length": 3, "num_beams": 2, "eos_token_id": 3, "bos_token_id": 2})
    )
    captioner = open_captioner(resolve(str(folder)), device="cpu")
    pixels = captioner.preprocess(Image.new("RGB", (40, 40), "red"))
    (generation,) = captioner.generate([pixels], Decoding(max_new_tokens=9, min_new_tokens=9))
    assert (generation.tokens, generation.truncated) == (9, True)
    captioner.close()


class _Blocked:
    """A pickle of a call that torch refuses by its module, which it words otherwise."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch ran",)


def test_a_pickle_that_calls_the_system(bin_folder: Path) -> None:
    torch.save({"weight": _Blocked(), "filler": torch.zeros(1000)}, bin_folder / BIN)
    expect(bin_folder, UnsafeCheckpointError, "would run code")


def test_a_config_of_another_width(folder: Path) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config | {"vocab_size": config["vocab_size"] + 3}))
    expect(folder, CorruptCheckpointError, "config.json", "does not match the weights")


def test_a_folder_without_a_preprocessor(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    expect(folder, CorruptCheckpointError, "has no preprocessor_config.json")
