"""The results folder: journal, resume keys, atomic files, locks."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from f1cap.errors import StorageError
from f1cap.records.captions import Caption, CaptionSettings
from f1cap.records.images import Dataset
from f1cap.records.models import Decoding, DType
from f1cap.store import CaptionList, Journal, ResultsFolder, caption_key, dataset_folder
from f1cap.store.folders import write_atomically

SETTINGS = CaptionSettings(Decoding(num_beams=4), DType.FLOAT32)


def _caption(image: str = "a.jpg", text: str = "a red car") -> Caption:
    return Caption(image, text, tokens=3, truncated=False, line_breaks=False, latency_s=0.25)


def _key(image: str = "a.jpg", sha: str = "0" * 64, settings: CaptionSettings = SETTINGS) -> str:
    return caption_key(
        image=image, image_sha256=sha, checkpoint="org/name", revision="abc", settings=settings
    )


def _dataset(root: Path, identity: str | None = None) -> Dataset:
    return Dataset(root.name, str(root), (), {}, identity=identity or str(root))


def test_journal_gives_back_what_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    journal = Journal(path)
    first = journal.append(_key(), _caption())
    journal.append(_key("b.jpg"), _caption("b.jpg", "zwei grüne Autos \U0001f3ce"))
    journal.close()

    again = Journal(path)
    assert again.find(_key(), "a.jpg") == first
    assert again.read(first) == _caption()
    position = again.find(_key("b.jpg"), "b.jpg")
    assert position is not None
    assert again.read(position).caption == "zwei grüne Autos \U0001f3ce"
    again.close()


def test_caption_list_keeps_the_order_it_was_given(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "captions.jsonl")
    positions = [journal.append(_key(name), _caption(name)) for name in ("b", "a", "c")]
    listed = CaptionList(journal.path, array("q", [positions[1], positions[0]]))
    assert [caption.image for caption in listed] == ["a", "b"]
    assert [caption.image for caption in listed] == ["a", "b"], "it can be read twice"
    journal.close()


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_half_a_line_is_cut_off_and_the_rest_kept(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "captions.jsonl"
    journal = Journal(path)
    journal.append(_key("a.jpg"), _caption("a.jpg"))
    journal.append(_key("b.jpg"), _caption("b.jpg"))
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])

    journal = Journal(path)
    assert journal.find(_key("a.jpg"), "a.jpg") is not None
    assert journal.find(_key("b.jpg"), "b.jpg") is None
    journal.append(_key("b.jpg"), _caption("b.jpg"))
    journal.close()
    assert path.read_bytes() == whole


@pytest.mark.parametrize("junk", ["", "{}", "not json", '{"key": "zz"}', "[1]", '{"key": "00"}'])
def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path, junk: str) -> None:
    path = tmp_path / "captions.jsonl"
    journal = Journal(path)
    journal.append(_key("a.jpg"), _caption("a.jpg"))
    journal.close()
    path.write_text(f"{junk}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")

    journal = Journal(path)
    position = journal.find(_key("a.jpg"), "a.jpg")
    assert position is not None
    assert journal.read(position) == _caption("a.jpg")
    journal.close()


def test_a_name_that_is_not_utf_8_survives(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    journal = Journal(tmp_path / "captions.jsonl")
    position = journal.append(_key(name), _caption(name))
    assert journal.read(position).image == name
    journal.close()
    (tmp_path / "captions.jsonl").read_bytes().decode("utf-8")


def test_the_key_depends_on_everything_that_the_caption_depends_on() -> None:
    prompted = replace(SETTINGS, prompt="a photo of")
    beams = replace(SETTINGS, decoding=Decoding(num_beams=5))
    others = {
        _key("b.jpg"),
        _key(sha="1" * 64),
        _key(settings=prompted),
        _key(settings=beams),
        _key(settings=replace(SETTINGS, dtype=DType.BFLOAT16)),
        _key(settings=replace(SETTINGS, first_sentence=True)),
    }
    assert len(others) == 6
    assert _key() not in others
    assert _key() == _key()


def test_write_atomically_leaves_the_old_file_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_atomically(path, ["old"])

    def chunks() -> Iterator[str]:
        yield "new"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match="disk is full"):
        write_atomically(path, chunks())
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path)
    results = ResultsFolder(tmp_path / "out", "git-mini")
    with results.writing(dataset):
        code = textwrap.dedent(f"""
            from pathlib import Path
            from f1cap.errors import StorageError
            from f1cap.records.images import Dataset
            from f1cap.store import ResultsFolder
            dataset = Dataset("d", Path("."), (), {{}}, identity={str(tmp_path)!r})
            try:
                with ResultsFolder(Path({str(tmp_path / "out")!r}), "git-mini").writing(dataset):
                    print("entered")
            except StorageError as error:
                print(error.message)
        """)
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Another f1cap run is writing to" in second.stdout, second.stderr
    with results.writing(dataset):
        pass


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    code = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from f1cap.records.images import Dataset
        from f1cap.store import ResultsFolder
        dataset = Dataset("d", Path("."), (), {{}}, identity="d")
        with ResultsFolder(Path({str(tmp_path)!r}), "git-mini").writing(dataset):
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL
    with ResultsFolder(tmp_path, "git-mini").writing(_dataset(tmp_path, identity="d")):
        pass


def test_output_dir_of_another_dataset_is_refused(tmp_path: Path) -> None:
    first, second = _dataset(tmp_path / "one"), _dataset(tmp_path / "two")
    out = tmp_path / "out"
    with ResultsFolder(dataset_folder(first, out), "git-mini").writing(first):
        pass
    assert dataset_folder(first, out) == out
    with pytest.raises(StorageError, match="another dataset"):
        dataset_folder(second, out)


def test_datasets_of_one_name_have_folders_of_their_own(tmp_path: Path) -> None:
    first, second = _dataset(tmp_path / "a" / "photos"), _dataset(tmp_path / "b" / "photos")
    folders = {dataset_folder(first, None), dataset_folder(second, None)}
    assert len(folders) == 2
    assert all(folder.name.startswith("photos-") for folder in folders)
    assert all(str(folder).startswith(os.environ["F1CAP_CACHE_DIR"]) for folder in folders)


def test_model_names_that_are_paths_stay_inside_the_folder(tmp_path: Path) -> None:
    for name in ("../../etc", "org/name", "..", "a\nb", "/abs"):
        assert ResultsFolder(tmp_path, name).folder.parent == tmp_path


def test_fresh_moves_the_journal_aside(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path, "git-mini")
    assert results.set_aside_journal() is None
    results.folder.mkdir(parents=True)
    kept = []
    for text in ("one\n", "two\n"):
        results.journal.write_text(text, encoding="utf-8")
        aside = results.set_aside_journal()
        assert aside is not None
        kept.append(aside)
    assert [path.read_text(encoding="utf-8") for path in kept] == ["one\n", "two\n"]
    assert not results.journal.exists()


def test_generated_captions_is_a_flat_object(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path, "git-mini")
    results.folder.mkdir(parents=True)
    path = results.folder / "generated_captions.json"
    results.write_captions([])
    assert json.loads(path.read_text(encoding="utf-8")) == {}
    pairs = [("b/x.jpg", 'a "quoted" car'), ("a.jpg", "é")]
    results.write_captions(pairs)
    assert list(json.loads(path.read_text(encoding="utf-8")).items()) == pairs


def test_a_full_disk_keeps_whole_records_only(tmp_path: Path) -> None:
    """A file-size limit stands in for the disk: it, too, takes part of a line before it refuses."""
    code = textwrap.dedent(f"""
        import resource, signal
        from pathlib import Path
        from f1cap.errors import StorageError
        from f1cap.records.captions import Caption
        from f1cap.store import Journal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        journal = Journal(Path({str(tmp_path / "captions.jsonl")!r}))
        try:
            for number in range(100):
                caption = Caption(f"{{number}}.jpg", "a car", 2, False, False, 0.1)
                journal.append(f"{{number:064x}}", caption)
        except StorageError as error:
            print(error.message)
        journal.close()
    """)
    assert hasattr(resource, "RLIMIT_FSIZE")
    limited = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "cannot be written" in limited.stdout, limited.stderr
    lines = (tmp_path / "captions.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) >= 3
    assert all(json.loads(line)["caption"] == "a car" for line in lines)
    assert all(line.endswith(b"\n") for line in lines)
