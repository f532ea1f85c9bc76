"""Downloads from a hub that misbehaves in every way it can, and the cache afterwards."""

import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from f1cap.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    CorruptCheckpointError,
    GatedCheckpointError,
    HubError,
    OfflineError,
)
from f1cap.models.catalog import CATALOG, availability
from f1cap.models.hub import cache
from f1cap.models.hub.download import discard_damaged, fetch
from f1cap.models.loading import open_captioner
from f1cap.records.models import Availability
from tests.hub import Hub, Repo

GIT = CATALOG["git-base"]
WEIGHTS = "model.safetensors"


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def repo(hub: Hub, checkpoints: dict[str, Path]) -> Repo:
    return hub.add(GIT.checkpoint, checkpoints["git"])


def test_a_download_is_complete_reported_and_not_repeated(hub: Hub, repo: Repo) -> None:
    seen: list[tuple[int, int, str]] = []
    snapshot = fetch(GIT, on_download=lambda *event: seen.append(event))
    assert snapshot.revision == repo.commit
    assert {path.name for path in snapshot.folder.iterdir()} == {p.name for p in repo.files()}
    total = sum(path.stat().st_size for path in repo.files())
    assert seen[-1] == (total, total, WEIGHTS)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert {name for _, _, name in seen} == {"config.json", WEIGHTS}
    assert availability(GIT) is Availability.DOWNLOADED
    hub.requests.clear()
    assert fetch(GIT) == snapshot
    assert hub.requests == []


def test_a_cached_checkpoint_needs_no_hub(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = fetch(GIT)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert fetch(GIT) == snapshot
    assert fetch(GIT, offline=True) == snapshot
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch(GIT) == snapshot
    assert repo.commit == snapshot.revision


def test_only_what_loading_reads_is_fetched(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    folder = tmp_path / "with everything"
    shutil.copytree(repo.folder, folder)
    others = ("tf_model.h5", "flax_model.msgpack", "model.onnx", "pytorch_model.bin", "README.md")
    for name in others:
        (folder / name).write_bytes(b"x" * 100)
    (folder / "code.py").write_text("raise SystemExit")
    repo.folder = folder
    snapshot = fetch(GIT)
    assert not {path.name for path in snapshot.folder.iterdir()} & {*others, "code.py"}
    assert not any(name in request for name in others for request in hub.requests)


def test_bin_weights_are_fetched_where_there_are_no_others(
    hub: Hub, repo: Repo, tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    shutil.copytree(repo.folder, folder)
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")
    repo.folder = folder
    assert (fetch(GIT).folder / "pytorch_model.bin").is_file()


def test_a_pinned_revision_is_what_is_fetched(hub: Hub, checkpoints: dict[str, Path]) -> None:
    spec = CATALOG["git-base-coco"]
    assert spec.revision is not None
    hub.add(spec.checkpoint, checkpoints["git"], commit=spec.revision)
    assert fetch(spec).revision == spec.revision
    assert not any("/main" in request for request in hub.requests)


def test_the_users_token_is_sent(hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.gated = True
    with pytest.raises(GatedCheckpointError) as caught:
        fetch(GIT)
    assert (
        caught.value.message
        == f"{GIT.checkpoint} is gated: its licence must be accepted on the hub first."
    )
    assert "HF_TOKEN" in (caught.value.hint or "")
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_user")
    fetch(GIT)
    assert hub.tokens[-1] == "Bearer hf_of_the_user"


def test_a_missing_repository(hub: Hub) -> None:
    with pytest.raises(CheckpointNotFoundError, match=f"no checkpoint {GIT.checkpoint}"):
        fetch(GIT)


def test_a_missing_revision(hub: Hub, repo: Repo) -> None:
    with pytest.raises(CheckpointNotFoundError, match="has no revision 0123abc"):
        fetch(replace(GIT, revision="0123abc"))


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({"config.json", "tf_model.h5"}, "has no weights that f1cap can load"),
        ({WEIGHTS}, "has no config.json"),
    ],
)
def test_a_repository_that_is_no_checkpoint(
    hub: Hub, tmp_path: Path, kept: set[str], message: str
) -> None:
    for name in kept:
        (tmp_path / name).write_text("{}")
    hub.add(GIT.checkpoint, tmp_path)
    with pytest.raises(CheckpointNotFoundError, match=message):
        fetch(GIT)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (500, HubError, "answered HTTP 500"),
        (503, HubError, "answered HTTP 503"),
        (429, HubError, "limits the rate"),
        (403, GatedCheckpointError, "denied access"),
    ],
)
def test_an_error_status_is_told_and_passes(
    hub: Hub, repo: Repo, status: int, kind: type[CheckpointError], words: str
) -> None:
    hub.status = status
    with pytest.raises(kind, match=words):
        fetch(GIT)
    hub.status = None
    assert fetch(GIT).revision == repo.commit


def test_a_hub_that_does_not_answer(hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("f1cap.models.hub.download.LISTING_TIMEOUT_S", 0.2)
    hub.delay_s = 1
    with pytest.raises(HubError, match="stopped answering"):
        fetch(GIT)


def test_bytes_changed_on_the_way_are_not_kept(hub: Hub, repo: Repo) -> None:
    repo.flipped.add(WEIGHTS)
    with pytest.raises(
        CorruptCheckpointError, match=f"{WEIGHTS} of {GIT.checkpoint} was incomplete"
    ):
        fetch(GIT)
    assert availability(GIT) is Availability.ABSENT
    repo.flipped.clear()
    hub.requests.clear()
    fetch(GIT)
    assert not any("GET" in request and "config.json" in request for request in hub.requests)


def test_a_download_that_keeps_breaking_off_can_be_taken_up(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
    repo.truncated[WEIGHTS] = 1000
    with pytest.raises(HubError, match=r"connection to 127\.0\.0\.1:[0-9]+ broke"):
        fetch(GIT)
    assert availability(GIT) is Availability.ABSENT
    repo.truncated.clear()
    assert fetch(GIT).revision == repo.commit


def test_a_small_disk_is_told_before_the_download(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(CheckpointError, match=r"needs 0 MB, and the disk of .* has 0 MB free"):
        fetch(GIT)
    assert not any("resolve" in request for request in hub.requests)


def test_the_offline_option_is_obeyed(hub: Hub, repo: Repo) -> None:
    with pytest.raises(OfflineError, match="--offline was given"):
        fetch(GIT, offline=True)
    assert hub.requests == []


def test_a_damaged_cached_file_is_taken_out_and_comes_back(hub: Hub, repo: Repo) -> None:
    snapshot = fetch(GIT)
    blob = (snapshot.folder / WEIGHTS).resolve()
    blob.write_bytes(blob.read_bytes()[:5000])
    with pytest.raises(CorruptCheckpointError) as caught:
        discard_damaged(snapshot.folder, CorruptCheckpointError("It is damaged."))
    assert caught.value.message == "It is damaged."
    assert caught.value.hint == (
        f"{WEIGHTS} was deleted from the cache; the next run downloads it again."
    )
    assert not blob.exists()
    assert availability(GIT) is Availability.ABSENT
    hub.requests.clear()
    assert cache.is_intact(fetch(GIT).folder / WEIGHTS)
    assert not any("GET" in r and "vocab.txt" in r for r in hub.requests)


def test_loading_a_damaged_cached_checkpoint_says_what_was_done(hub: Hub, repo: Repo) -> None:
    blob = (fetch(GIT).folder / WEIGHTS).resolve()
    blob.write_bytes(blob.read_bytes()[:-7])
    with pytest.raises(CorruptCheckpointError) as caught:
        open_captioner(GIT, device="cpu")
    assert f"{WEIGHTS} in " in caught.value.message
    assert "is damaged: it has 198,961 of 198,968 bytes" in caught.value.message
    assert "deleted from the cache" in (caught.value.hint or "")
    captioner = open_captioner(GIT, device="cpu")
    assert captioner.revision == repo.commit
    captioner.close()


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a cache as on Windows without its developer mode: copies, no links to blobs."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_SYMLINKS", True)


@pytest.mark.usefixtures("no_links")
def test_without_links_damage_is_found_by_the_hubs_listing(hub: Hub, repo: Repo) -> None:
    path = fetch(GIT).folder / WEIGHTS
    assert not path.is_symlink()
    assert cache.is_intact(path) is True
    assert cache.is_intact(path.parent / "config.json") is True
    whole = path.read_bytes()
    blob = path.parent.parent.parent / "blobs" / sha256(whole).hexdigest()
    blob.parent.mkdir(exist_ok=True)
    for damaged in (whole[:-7], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(damaged)
        blob.write_bytes(damaged)  # a copy, which the client would take again
        assert cache.is_intact(path) is False
        with pytest.raises(CorruptCheckpointError) as caught:
            discard_damaged(path.parent, CorruptCheckpointError("It is damaged."))
        assert f"{WEIGHTS} was deleted from the cache" in (caught.value.hint or "")
        assert availability(GIT) is Availability.ABSENT
        fetch(GIT)
        assert path.read_bytes() == whole


@pytest.mark.usefixtures("no_links")
@pytest.mark.parametrize(
    "listing", [None, "", "[]", '{"files": []}', '{"files": {"model.safetensors": {"blob_id": 3}}}']
)
def test_what_cannot_be_compared_is_not_said_to_match(
    hub: Hub, repo: Repo, listing: str | None
) -> None:
    folder = fetch(GIT).folder
    path = folder.parent.parent / "trees" / f"{folder.name}.json"
    path.unlink()
    if listing is not None:
        path.write_text(listing, encoding="utf-8")
    with pytest.raises(CorruptCheckpointError) as caught:
        discard_damaged(folder, CorruptCheckpointError("It is damaged."))
    hint = caught.value.hint or ""
    assert "match the hub's" not in hint
    assert f"{WEIGHTS}" in hint
    assert f"delete {folder}, and the next run downloads it again" in hint
    assert (folder / WEIGHTS).exists()


def test_weights_that_only_another_user_may_read(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(GIT)
    real = Path.open

    def refuse(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == WEIGHTS:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CheckpointError, match=f"{WEIGHTS} cannot be read: Permission") as caught:
        open_captioner(GIT, device="cpu")
    assert "chmod a+r" in (caught.value.hint or "")


def test_a_cached_file_that_is_as_the_hub_has_it_stays(hub: Hub, repo: Repo) -> None:
    snapshot = fetch(GIT)
    with pytest.raises(CorruptCheckpointError) as caught:
        discard_damaged(snapshot.folder, CorruptCheckpointError("It does not fit."))
    assert "match the hub's" in (caught.value.hint or "")
    assert availability(GIT) is Availability.DOWNLOADED


@pytest.mark.parametrize("lacking", ["preprocessor_config.json", "tokenizer.json"])
def test_a_repository_that_lacks_a_part_is_told_before_the_download(
    hub: Hub, repo: Repo, tmp_path: Path, lacking: str
) -> None:
    folder = tmp_path / "part"
    shutil.copytree(repo.folder, folder)
    for name in {lacking, "vocab.txt", "vocab.json"} if lacking.startswith("tok") else {lacking}:
        (folder / name).unlink(missing_ok=True)
    repo.folder = folder
    with pytest.raises(CheckpointNotFoundError, match=f"cannot be run: it has no {lacking}"):
        fetch(GIT)
    assert not any(WEIGHTS in request for request in hub.requests)
