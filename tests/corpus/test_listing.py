"""From paths to images: which, in which order, under which names, and at what cost."""

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from f1cap import corpus
from f1cap.corpus import datasets
from f1cap.errors import DatasetError, UsageError
from f1cap.records.images import Dataset, Reference, category_of


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def describe(folder: Path, *names: str) -> None:
    entries = [{"filename": name, "category": "cars", "caption": "a car"} for name in names]
    (folder / "captions.json").write_text(json.dumps({"images": entries}))


def names(dataset: Dataset) -> tuple[str, ...]:
    return tuple(item.name for item in dataset.items)


def images(*paths: Path, recursive: bool = True) -> tuple[str, ...]:
    return names(corpus.open_dataset(paths, recursive=recursive))


def test_a_folder_in_natural_order(tmp_path: Path) -> None:
    files = ("10/a.jpg", "2/img10.PNG", "2/img2.webp", "2/Img3.jpeg", "2/img02.jpg", "a.tif")
    dataset = corpus.open_dataset([fill(tmp_path / "photos", *files)])
    assert names(dataset) == (
        "2/img02.jpg",
        "2/img2.webp",
        "2/Img3.jpeg",
        "2/img10.PNG",
        "10/a.jpg",
        "a.tif",
    )
    assert dataset.name == "photos"
    assert dataset.location == str((tmp_path / "photos").resolve())
    assert dataset.identity == dataset.location
    assert (dataset.references, dataset.missing) == ({}, ())
    assert category_of("10/a.jpg", dataset.references) == "10"


def test_what_is_no_image_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.txt", "jpg", "c.jpg.part", ".hidden.jpg", ".cache/d.jpg", "e.nef")
    fill(tmp_path, "folder.jpg/f.png")
    (tmp_path / "empty.jpg").mkdir()
    assert images(tmp_path) == ("a.jpg", "folder.jpg/f.png")
    assert images(tmp_path, recursive=False) == ("a.jpg",)


SYSTEMS = (
    *(
        "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg",
        "sub/@eaDir/b.jpg",
        "#recycle/c.jpg",
        "#snapshot/d.jpg",
    ),
    *("$RECYCLE.BIN/e.jpg", "$Recycle.Bin/f.jpg", ".Trash-1000/files/g.jpg", "__MACOSX/._a.jpg"),
    *("._a.jpg", ".thumbnails/h.png", "System Volume Information/i.jpg", "lost+found/j.jpg"),
)


def test_what_systems_keep_for_themselves_is_passed_over(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", "a.jpg", "sub/eadir/k.jpg", "recycle/l.jpg", *SYSTEMS)
    mine = ("a.jpg", "recycle/l.jpg", "sub/eadir/k.jpg")
    assert images(root) == mine
    everything = corpus.open_dataset([root], include_hidden=True)
    assert set(names(everything)) == {*mine, *SYSTEMS}
    # who names such a folder wants what is in it
    assert images(root / "#recycle") == ("c.jpg",)


def test_only_hidden_images_say_how_to_reach_them(tmp_path: Path) -> None:
    fill(tmp_path, "#recycle/a.jpg")
    with pytest.raises(DatasetError) as caught:
        images(tmp_path)
    assert "--include-hidden" in str(caught.value.hint)


def test_links_to_folders_end_and_repeat_nothing(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", "real/a.jpg", "b.jpg")
    fill(tmp_path / "elsewhere", "c.jpg")
    (root / "again").symlink_to(root / "real")
    (root / "real" / "up").symlink_to(root)
    (root / "zz").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(root)
    assert images(root) == ("b.jpg", "real/a.jpg", "zz/c.jpg")


def test_links_to_images_keep_their_names_and_broken_ones_are_listed(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", "real.jpg")
    (root / "link.jpg").symlink_to("real.jpg")
    (root / "dangling.jpg").symlink_to("gone.jpg")
    (root / "loop.jpg").symlink_to("loop.jpg")
    assert images(root) == ("dangling.jpg", "link.jpg", "loop.jpg", "real.jpg")
    assert images(root / "link.jpg", root / "dangling.jpg") == ("link.jpg", "dangling.jpg")


def test_file_systems_without_inode_numbers_have_no_loops_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fill(tmp_path / "photos", "one/a.jpg", "two/b.jpg")
    (root / "one" / "up").symlink_to(root)
    stat = Path.stat

    def without_number(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        fields = list(stat(path, follow_symlinks=follow_symlinks))
        fields[1] = 0
        return os.stat_result(fields)

    monkeypatch.setattr(Path, "stat", without_number)
    assert images(root) == ("one/a.jpg", "two/b.jpg")


def test_names_that_are_not_utf_8_come_back_as_files(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.jpg")
    try:
        fill(tmp_path, name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    dataset = corpus.open_dataset([tmp_path])
    assert names(dataset) == (name,)
    assert dataset.items[0].read() == b""


def test_deep_folders_need_no_deep_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["d"] * 1200  # above Python's recursion limit
    monkeypatch.chdir(tmp_path)
    for name in names:
        Path(name).mkdir()
        os.chdir(name)
    Path("deep.jpg").touch()
    try:
        assert images(tmp_path) == ("/".join([*names, "deep.jpg"]),)
    finally:  # here, for pytest's own removal does recurse
        Path("deep.jpg").unlink()
        for name in names:
            os.chdir("..")
            Path(name).rmdir()


def test_several_paths_share_a_root_and_a_image_is_listed_once(tmp_path: Path) -> None:
    fill(tmp_path, "2024/a.jpg", "2024/b.jpg", "2023/c.jpg", "2022/d.anything")
    dataset = corpus.open_dataset(
        [tmp_path / "2024" / "b.jpg", tmp_path / "2022" / "d.anything", tmp_path / "2024"]
    )
    assert dataset.location == str(tmp_path.resolve())
    assert names(dataset) == ("2024/b.jpg", "2022/d.anything", "2024/a.jpg")
    other_order = corpus.open_dataset(
        [tmp_path / "2024", tmp_path / "2024" / "b.jpg", tmp_path / "2022" / "d.anything"]
    )
    assert other_order.identity == dataset.identity
    assert corpus.open_dataset([tmp_path / "2024"]).identity != dataset.identity


def test_one_file_is_a_dataset_of_its_folder(tmp_path: Path) -> None:
    fill(tmp_path / "photos", "a.jpg", "b.jpg")
    dataset = corpus.open_dataset([tmp_path / "photos" / "a.jpg"])
    assert (dataset.name, names(dataset)) == ("photos", ("a.jpg",))
    assert dataset.items[0].path == (tmp_path / "photos" / "a.jpg").resolve()


def test_captions_json_decides_the_order_and_leaves_nothing_out(tmp_path: Path) -> None:
    fill(tmp_path, "b.jpg", "a.jpg", "new.jpg", "sub/c.jpg", ".hidden/d.jpg")
    describe(tmp_path, "sub/c.jpg", "gone.jpg", "b.jpg", ".hidden/d.jpg")
    dataset = corpus.open_dataset([tmp_path], recursive=False)
    assert names(dataset) == ("sub/c.jpg", "b.jpg", ".hidden/d.jpg", "a.jpg", "new.jpg")
    assert dataset.missing == ("gone.jpg",)
    assert dataset.references["b.jpg"] == Reference("cars", ("a car",))
    assert category_of("b.jpg", dataset.references) == "cars"
    assert category_of("new.jpg", dataset.references) is None


def test_captions_of_each_of_several_folders(tmp_path: Path) -> None:
    for name in ("one", "two"):
        describe(fill(tmp_path / name, "a.jpg"), "a.jpg", "gone.jpg")
    dataset = corpus.open_dataset([tmp_path / "one", tmp_path / "two"])
    assert names(dataset) == ("one/a.jpg", "two/a.jpg")
    assert set(dataset.references) == {"one/a.jpg", "two/a.jpg"}
    assert dataset.missing == ("one/gone.jpg", "two/gone.jpg")


def test_names_from_another_system_find_their_files(tmp_path: Path) -> None:
    fill(tmp_path, "pits/cafe\u0301.jpg", "cafe\u0301.jpg")  # as an archive made on a Mac has it
    describe(tmp_path, "pits\\caf\u00e9.jpg", "caf\u00e9.jpg")
    dataset = corpus.open_dataset([tmp_path])
    assert names(dataset) == ("pits/cafe\u0301.jpg", "cafe\u0301.jpg")
    assert set(dataset.references) == set(names(dataset))
    assert dataset.missing == ()
    (note,) = dataset.notes
    pits, cafe = "pits\\caf\u00e9.jpg is pits/cafe\u0301.jpg", r"'caf\xe9.jpg' is 'cafe\u0301.jpg'"
    assert note == f"Names in captions.json that the disk spells otherwise: {pits}, {cafe}."


def test_capitals_find_their_file_where_only_one_can_be_meant(tmp_path: Path) -> None:
    fill(tmp_path, "img_0001.jpg", "b.JPG", "B.jpg", "c.jpg", "d.jpg", "e.jpg")
    describe(tmp_path, "D.jpg", "IMG_0001.JPG", "b.jpg", "c.jpg", "C.JPG", "E.jpg", "E.JPG")
    dataset = corpus.open_dataset([tmp_path])
    assert set(dataset.references) == {"img_0001.jpg", "c.jpg", "d.jpg"}
    assert names(dataset)[:3] == ("d.jpg", "img_0001.jpg", "c.jpg")
    assert dataset.missing == ("b.jpg", "C.JPG", "E.jpg", "E.JPG")
    (note,) = dataset.notes
    assert note.endswith(": D.jpg is d.jpg, IMG_0001.JPG is img_0001.jpg.")


def test_no_image_is_there_twice_on_a_disk_that_knows_no_capitals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "img_1.jpg", "img_2.jpg")
    describe(tmp_path, "IMG_1.JPG", "img_2.jpg", "IMG_2.JPG")
    monkeypatch.setattr(datasets, "_exists", lambda _path: True)
    dataset = corpus.open_dataset([tmp_path])
    assert names(dataset) == ("img_1.jpg", "img_2.jpg")
    assert dataset.missing == ("IMG_2.JPG",)


def test_the_limit_counts_from_the_first(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    assert names(corpus.open_dataset([tmp_path], limit=2)) == ("a.jpg", "b.jpg")
    with pytest.raises(UsageError, match="at least 1, not 0"):
        corpus.open_dataset([tmp_path], limit=0)


def test_no_path_means_dataset_here_or_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = fill(tmp_path / "installed", "bundled.jpg")
    monkeypatch.setattr(datasets, "bundled_dataset", lambda: bundled)
    monkeypatch.chdir(tmp_path)
    assert names(corpus.open_dataset([])) == ("bundled.jpg",)
    fill(tmp_path / "dataset", "mine.jpg")
    assert names(corpus.open_dataset([])) == ("mine.jpg",)


def test_the_bundled_dataset_is_in_the_package_or_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "f1cap" / "corpus" / "datasets.py"))
    with pytest.raises(DatasetError, match="bundled dataset is missing"):
        corpus.bundled_dataset()
    fill(tmp_path / "dataset", "captions.json")
    assert corpus.bundled_dataset() == tmp_path / "dataset"
    fill(tmp_path / "f1cap" / "bundled" / "dataset", "captions.json")
    assert corpus.bundled_dataset() == tmp_path / "f1cap" / "bundled" / "dataset"


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no file or folder .*gone\.jpg\.$"):
        images(fill(tmp_path, "a.jpg"), tmp_path / "gone.jpg")
    with pytest.raises(DatasetError, match="cannot be opened: Not a directory"):
        images(tmp_path / "a.jpg" / "b.jpg")


def test_no_images_says_what_would_be_one(tmp_path: Path) -> None:
    fill(tmp_path, "notes.txt")
    with pytest.raises(DatasetError, match="There are no images in") as caught:
        images(tmp_path)
    assert caught.value.hint is not None
    assert " jpg " in caught.value.hint
    fill(tmp_path, "sub/a.jpg")
    with pytest.raises(DatasetError) as caught:
        images(tmp_path, recursive=False)
    assert "--no-recursive" in str(caught.value.hint)
    fill(tmp_path / "phone", "IMG_1.DNG")
    with pytest.raises(DatasetError) as caught:
        images(tmp_path / "phone")
    assert "cannot decode: IMG_1.DNG. Convert them to JPEG" in str(caught.value.hint)


def test_a_dataset_file_whose_images_are_all_gone(tmp_path: Path) -> None:
    describe(tmp_path, "a.jpg", "b.jpg")
    with pytest.raises(DatasetError, match=r"None of the 2 images .* exists: a\.jpg …"):
        images(tmp_path)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="nothing is locked for root")
def test_locked_folders(tmp_path: Path) -> None:
    root = fill(tmp_path / "photos", "a.jpg", "locked/b.jpg")
    (root / "locked").chmod(0)
    dataset = corpus.open_dataset([root])
    assert names(dataset) == ("a.jpg",)
    assert dataset.notes == ("Skipped folders that cannot be listed: locked (Permission denied).",)
    with pytest.raises(DatasetError, match="cannot be listed: Permission denied"):
        images(root / "locked")
    (root / "locked").chmod(0o700)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="nothing is locked for root")
def test_a_listed_image_in_a_locked_folder_is_no_missing_one(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "locked/b.jpg")
    describe(tmp_path, "locked/b.jpg")
    (tmp_path / "locked").chmod(0)
    dataset = corpus.open_dataset([tmp_path])
    (tmp_path / "locked").chmod(0o700)
    assert names(dataset) == ("locked/b.jpg", "a.jpg")
    assert dataset.missing == ()


def test_a_folder_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "photos", "a.jpg", "locked/b.jpg")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name in refused:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    refused = ["locked"]
    dataset = corpus.open_dataset([root])
    assert names(dataset) == ("a.jpg",)
    assert dataset.notes == ("Skipped folders that cannot be listed: locked (Permission denied).",)
    refused = ["photos"]
    with pytest.raises(DatasetError, match=r"photos cannot be listed: Permission denied\.$"):
        images(root)


def test_paths_on_two_drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_paths: object) -> str:
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", refuse)
    with pytest.raises(DatasetError, match="different drives"):
        images(fill(tmp_path, "a.jpg"))


def test_thousands_of_images_cost_names_only(tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    source.touch()
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(5_000):
        (folder / f"photograph_{number:05}.jpg").symlink_to(source)
    tracemalloc.start()
    dataset = corpus.open_dataset([folder])
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(dataset.items) == 5_000
    assert held < 5_000 * 120
    assert peak < 5_000 * 450
