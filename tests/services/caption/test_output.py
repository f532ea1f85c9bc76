"""Sidecars beside images that are files, and beside those that are none."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from f1cap.corpus import FileItem
from f1cap.errors import UsageError
from f1cap.records.images import Dataset, ImageAddress, ImageItem
from f1cap.services.caption.output import Sidecars


@dataclass(frozen=True)
class Member:
    """An image inside an archive."""

    name: str
    path: Path | None = None

    def read(self) -> bytes:
        raise NotImplementedError

    def address(self) -> ImageAddress:
        raise NotImplementedError


def _sidecars(*items: ImageItem) -> Sidecars:
    return Sidecars(Dataset("x", "x", items, {}), "txt", overwrite=False)


def test_a_sidecar_lies_beside_the_items_file(tmp_path: Path) -> None:
    item = FileItem("pits/a.jpg", tmp_path / "elsewhere.jpg")
    _sidecars(item).write(item, "a red car")
    assert (tmp_path / "elsewhere.txt").read_text(encoding="utf-8") == "a red car\n"


def test_images_that_are_no_files_have_no_place_for_sidecars(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"b\.jpg is not a file of its own\.$") as caught:
        _sidecars(FileItem("a.jpg", tmp_path / "a.jpg"), Member("b.jpg"))
    assert caught.value.hint is not None
