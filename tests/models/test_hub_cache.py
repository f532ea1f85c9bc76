"""The shared cache, read by hand as the hub's own client reads it."""

import json
from pathlib import Path

import pytest

from f1cap.models.hub import cache

COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "~/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/hub"),
        ({"HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/h"}, "/old"),
        ({"HF_HUB_CACHE": "~/c", "HUGGINGFACE_HUB_CACHE": "/old"}, "~/c"),
        ({"HF_HOME": "$HERE/h", "HERE": "/there"}, "/there/h/hub"),
    ],
)
def test_the_folder_follows_the_variables(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache.cache_root() == Path(expected).expanduser()


def make_snapshot(files: list[str], *, ref: str | None = None) -> Path:
    folder = cache.repo_folder("org/name")
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name in files:
        (snapshot / name).write_text("{}")
    if ref is not None:
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text(ref)
    return snapshot


COMPLETE = ["config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"]


@pytest.mark.parametrize("absent", COMPLETE)
def test_each_file_is_needed(absent: str) -> None:
    make_snapshot([name for name in COMPLETE if name != absent])
    assert cache.find_snapshot("org/name", COMMIT) is not None
    assert cache.find_complete("org/name", COMMIT) is None


@pytest.mark.parametrize(
    "files",
    [
        COMPLETE,
        ["config.json", "pytorch_model.bin", "processor_config.json", "vocab.txt"],
        ["config.json", "pytorch_model.bin", "preprocessor_config.json", "vocab.json"],
    ],
)
def test_a_complete_snapshot_is_found_by_commit_only_if_nothing_refers_to_it(
    files: list[str],
) -> None:
    make_snapshot(files)
    assert cache.find_complete("org/name", COMMIT) is not None
    assert cache.find_complete("org/name", None) is None


@pytest.mark.parametrize(("ref", "found"), [(f"{COMMIT}\n", True), ("", False), ("../..", False)])
def test_main_is_what_the_reference_says(ref: str, found: bool) -> None:
    make_snapshot(COMPLETE, ref=ref)
    assert (cache.find_complete("org/name", None) is not None) is found


def test_a_link_to_nothing_is_not_there() -> None:
    snapshot = make_snapshot(COMPLETE)
    (snapshot / "model.safetensors").unlink()
    (snapshot / "model.safetensors").symlink_to("../../blobs/gone")
    assert cache.find_complete("org/name", COMMIT) is None


def test_the_hubs_listing_says_what_else_is_needed() -> None:
    make_snapshot(COMPLETE)
    listing = cache.repo_folder("org/name") / "trees" / f"{COMMIT}.json"
    listing.parent.mkdir()
    names = [*COMPLETE, "tokenizer_config.json", "README.md", "tf_model.h5"]
    listing.write_text(json.dumps({"files": {name: {} for name in names}}))
    assert cache.find_complete("org/name", COMMIT) is None
    snapshot = cache.find_snapshot("org/name", COMMIT)
    assert snapshot is not None
    (snapshot.folder / "tokenizer_config.json").write_text("{}")
    assert cache.find_complete("org/name", COMMIT) is not None


def test_all_shards_are_needed(tmp_path: Path) -> None:
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {"weight_map": dict(zip("ab", shards, strict=True))}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / shards[0]).touch()
    assert cache.weight_files(tmp_path) is None
    (tmp_path / shards[1]).touch()
    found = cache.weight_files(tmp_path)
    assert found is not None
    assert [path.name for path in found] == [*shards, "model.safetensors.index.json"]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"weight_map": 3}', '{"weight_map": {"a": "../x", "b": 3}}']
)
def test_a_damaged_or_wandering_index_names_no_shard(tmp_path: Path, content: str) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(content)
    assert cache.read_shards(index) == ()
    assert cache.weight_files(tmp_path) is None


def test_of_the_weights_one_kind_is_chosen() -> None:
    listing = [
        "config.json",
        "pytorch_model.bin",
        "model.safetensors.index.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model-extra.safetensors",
        "tf_model.h5",
        "onnx/model.onnx",
    ]
    small, weights = cache.choose_files(listing)
    assert small == ("config.json",)
    assert weights == tuple(listing[2:5])
    assert cache.choose_files(["tf_model.h5"]) == ((), ())


def test_a_digest_follows_names_and_bytes(tmp_path: Path, checkpoints: dict[str, Path]) -> None:
    first = cache.digest(checkpoints["blip"])
    assert first.startswith("sha256:")
    assert len(first) == len("sha256:") + 64
    assert cache.digest(checkpoints["blip"]) == first
    assert cache.digest(checkpoints["git"]) != first
    (tmp_path / "config.json").write_text("ab")
    one = cache.digest(tmp_path)
    (tmp_path / "README.md").write_text("is not loaded")
    assert cache.digest(tmp_path) == one
    (tmp_path / "config.json").rename(tmp_path / "generation_config.json")
    assert cache.digest(tmp_path) != one


def test_a_file_that_is_no_link_is_neither_whole_nor_damaged(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert cache.is_intact(tmp_path / "config.json") is None
