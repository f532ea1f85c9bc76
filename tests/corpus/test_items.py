"""Items: the same image from a file, from bytes and from memory, or one sentence."""

import json
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from f1cap import corpus
from f1cap.corpus import items
from f1cap.corpus.items import FileItem, FolderItems
from f1cap.errors import ImageError
from f1cap.records.images import ImageAddress
from tests.zoo import SKY, encode


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(encode("JPEG"))
    assert FileItem("x", path).read() == encode("JPEG")


def test_errors_use_the_items_name(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"^pits/a\.jpg does not exist\.$"):
        FileItem("pits/a.jpg", tmp_path / "a.jpg").read()
    with pytest.raises(ImageError, match=r"^a\0b cannot be opened: embedded null byte\.$"):
        FileItem("a\0b", tmp_path / "a\0b").read()


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sparse.jpg"
    with path.open("wb") as file:
        file.truncate(items.MAX_BYTES + 1)
    with pytest.raises(ImageError, match=r"too large: 1,073,741,825 bytes"):
        FileItem(path.name, path).read()
    monkeypatch.setattr(items, "MAX_BYTES", 3)
    if Path("/proc/self/maps").exists():  # says that it has no bytes, and has
        with pytest.raises(ImageError, match="too large"):
            FileItem("maps", Path("/proc/self/maps")).read()


def test_the_items_of_a_folder_are_a_sequence_of_names(tmp_path: Path) -> None:
    found = FolderItems(tmp_path, ("a/b.jpg", "c.jpg"))
    assert len(found) == 2
    assert [item.name for item in found] == ["a/b.jpg", "c.jpg"]
    assert found[0].path == tmp_path / "a" / "b.jpg"
    assert [item.name for item in found[1:]] == ["c.jpg"]
    with pytest.raises(IndexError):
        found[2]


def test_an_address_opens_the_item_in_another_process(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.jpg")
    (tmp_path / "a.jpg").write_bytes(b"x")
    address = FileItem(name, tmp_path / "a.jpg").address()
    again = corpus.open_item(ImageAddress(**json.loads(json.dumps(address.to_dict()))))
    assert (again.name, again.read()) == (name, b"x")


def test_an_image_in_memory_is_the_one_in_its_file() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode("PNG", exif=exif)
    expected = corpus.decode_image(data, "x")
    with Image.open(BytesIO(data)) as opened:
        for source in (data, bytearray(data), opened, np.asarray(expected)):
            found = corpus.decode_loaded(corpus.LoadedImage("x", source))
            assert (found.mode, found.size) == ("RGB", (32, 48))
            assert found.tobytes() == expected.tobytes()
        assert opened.size == (48, 32), "the caller's image stays as it is"


def test_a_loaded_image_is_no_view_of_the_callers() -> None:
    pixels = np.zeros((4, 5, 3), dtype=np.uint8)
    found = corpus.decode_loaded(corpus.LoadedImage("x", pixels))
    pixels[:] = 255
    assert found.getpixel((0, 0)) == (0, 0, 0)
    image = Image.new("RGB", (5, 4), SKY)
    found = corpus.decode_loaded(corpus.LoadedImage("x", image))
    image.paste((0, 0, 0), (0, 0, 5, 4))
    assert found.getpixel((0, 0)) == SKY


def test_a_loaded_images_shape_is_squeezed_too() -> None:
    long = corpus.LoadedImage("x", Image.new("L", (1000, 10)))
    assert corpus.decode_loaded(long).size == (200, 10)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "x is an empty file."),
        (b"no image", "x is not an image that f1cap can decode."),
        (np.zeros((4, 4), dtype=np.uint8), "x is an array [4, 4] of uint8."),
        (np.zeros((3, 4, 4), dtype=np.uint8), "x is an array [3, 4, 4] of uint8."),
        (np.zeros((4, 0, 3), dtype=np.uint8), "x is an array [4, 0, 3] of uint8."),
        (np.zeros((4, 4, 3), dtype=np.float32), "x is an array [4, 4, 3] of float32."),
        (3, "x is of type int, which is not an image."),
    ],
)
def test_what_is_no_image_is_one_sentence(source: object, said: str) -> None:
    with pytest.raises(ImageError) as caught:
        corpus.decode_loaded(corpus.LoadedImage("x", source))
    assert caught.value.message == said


def test_a_damaged_image_that_pillow_opened_is_one_sentence() -> None:
    with (
        Image.open(BytesIO(encode("PNG")[:-60])) as damaged,
        pytest.raises(ImageError, match=r"^x is damaged or truncated"),
    ):
        corpus.decode_loaded(corpus.LoadedImage("x", damaged))
