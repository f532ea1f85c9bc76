"""Decoding: every bad file is one sentence, every odd one the image that people see."""

import os
import random
import struct
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from f1cap import corpus
from f1cap.corpus import files, image_files
from f1cap.corpus.items import FileItem
from f1cap.errors import ImageError
from tests.zoo import SKY, build_zoo, encode, heic, png

Colour = tuple[int, int, int]


def refusal(path: Path) -> str | None:
    """Return the sentence with which an image is refused, or None."""
    try:
        image = corpus.decode_image(FileItem(path.name, path).read(), path.name)
    except ImageError as error:
        return error.message
    assert image.mode == "RGB"
    assert min(image.size) >= 1
    assert max(image.size) <= image_files.MAX_ASPECT * min(image.size)
    return None


def encoded(image: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def close(image: Image.Image, at: tuple[int, int], colour: Colour, tolerance: int = 6) -> bool:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(found, colour, strict=True))


def test_every_animal_of_the_zoo_is_captioned_or_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = build_zoo(tmp_path / "zoo")
    dataset = corpus.open_dataset([tmp_path / "zoo"])
    assert {item.name for item in dataset.items} == set(expected)
    for name, reason in expected.items():
        message = refusal(tmp_path / "zoo" / name)
        if reason is None:
            assert message is None, message
        else:
            assert message is not None, name
            assert message.startswith(Path(name).name)
            assert reason in message
            assert message.endswith(".")
    assert capfd.readouterr() == ("", "")  # neither Pillow nor the C libraries below it speak


def test_the_zoo_in_a_pool_of_threads_warns_of_nothing(tmp_path: Path) -> None:
    expected = build_zoo(tmp_path / "zoo")
    paths = [tmp_path / "zoo" / name for name in expected] * 3
    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(4) as pool:
        warnings.simplefilter("always")
        messages = list(pool.map(refusal, paths))
    assert [str(warning.message) for warning in caught] == []
    assert sum(message is None for message in messages) == 3 * list(expected.values()).count(None)


def broken_tiff(compression: str) -> bytes:
    data = bytearray(encode("TIFF", size=(400, 300), compression=compression))
    data[60:90] = bytes(30)
    return bytes(data)


@pytest.mark.skipif(sys.platform == "win32", reason="Pillow's libtiff cannot be reached there")
def test_what_libtiff_says_finds_its_image_among_threads(
    capfd: pytest.CaptureFixture[str],
) -> None:
    said = {"tiff_lzw": "Using code not yet", "tiff_adobe_deflate": "ZIPDecode: ", "jpeg": ""}

    def notes_of(compression: str) -> list[str]:
        notes: list[str] = []
        with suppress(ImageError):
            corpus.decode_image(broken_tiff(compression), "x", on_note=notes.append)
        return notes

    with ThreadPoolExecutor(4) as pool:
        for compression, notes in zip([*said] * 30, pool.map(notes_of, [*said] * 30), strict=True):
            assert len(notes) == (1 if said[compression] else 0)
            assert all(note.startswith(said[compression]) for note in notes)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Pillow's libtiff cannot be reached there")
def test_what_libtiff_says_of_other_peoples_images_stays_theirs(
    capfd: pytest.CaptureFixture[str],
) -> None:
    corpus.decode_image(encode("PNG"), "x")
    with (
        Image.open(BytesIO(broken_tiff("tiff_lzw"))) as image,
        pytest.raises(OSError, match="decoder"),
    ):
        image.load()
    assert "Using code not yet in table" in capfd.readouterr().err


def test_damaged_bytes_raise_nothing_but_image_errors(capfd: pytest.CaptureFixture[str]) -> None:
    randomness = random.Random(20)
    formats = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM", "TGA", "ICO")
    whole = [heic(), *(encode(format_) for format_ in formats)]
    refused = 0
    for _ in range(1500):
        data = bytearray(randomness.choice(whole))
        for _ in range(randomness.choice((1, 2, 8))):
            data[randomness.randrange(min(len(data), 200))] = randomness.randrange(256)
        del data[randomness.choice((len(data), randomness.randrange(len(data)))) :]
        try:
            assert corpus.decode_image(bytes(data), "x").mode == "RGB"
        except ImageError:
            refused += 1
    assert 500 < refused < 1500
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_the_camera_was_held(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for format_ in ("JPEG", "PNG", "WEBP", "TIFF"):
        data = encode(format_, exif=exif)
        upright = corpus.decode_image(data, "x")
        with Image.open(BytesIO(data)) as image:
            assert upright.tobytes() == ImageOps.exif_transpose(image).convert("RGB").tobytes()
        assert upright.size == ((32, 48) if orientation > 4 else (48, 32))


def test_what_is_transparent_shows_white() -> None:
    half = Image.new("RGBA", (8, 8), (*SKY, 255))
    half.paste((0, 0, 0, 0), (0, 0, 4, 8))
    palette = half.convert("RGB").quantize(4)
    hidden = palette.getpixel((0, 0))
    for data in (
        encoded(half),
        encoded(half.convert("LA")),
        encoded(palette, transparency=hidden),
        encoded(palette, "GIF", transparency=hidden),
        encoded(half.convert("RGB"), transparency=(0, 0, 0)),
    ):
        image = corpus.decode_image(data, "x")
        assert close(image, (0, 0), (255, 255, 255), 0)
        assert not close(image, (7, 0), (255, 255, 255))


def test_print_colours_come_out_as_on_a_screen() -> None:
    image = Image.new("RGB", (16, 16), SKY).convert("CMYK")
    for format_ in ("JPEG", "TIFF"):
        assert close(corpus.decode_image(encoded(image, format_), "x"), (8, 8), SKY)


def grey(values: list[float], dtype: str) -> bytes:
    """Return a one-row TIFF of numbers."""
    return encoded(Image.fromarray(np.array([values], dtype=dtype)), "TIFF")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (grey([0, 0x4000, 0x8000, 65535], "uint16"), [0, 64, 128, 255]),
        (grey([0, 0x4000, 0x8000, 65535], "int32"), [0, 64, 128, 255]),
        (grey([0, 1 << 20, 1 << 21], "int32"), [0, 128, 255]),
        (grey([-100, 0, 155], "int32"), [0, 100, 255]),
        (grey([-7, -7], "int32"), [0, 0]),
        (grey([0, 0.25, 1], "float32"), [0, 64, 255]),
        (grey([0, 100, 255], "float32"), [0, 100, 255]),
        (grey([0, float("nan"), float("inf"), 1], "float32"), [0, 0, 0, 255]),
        (grey([-3e38, 3e38], "float32"), [0, 255]),
        (png(2, 1, depth=16, colour=0, pixels=b"\0\x40\0\xff\xff"), [64, 255]),
        (b"P5 2 1 65535\n\x40\0\xff\xff", [64, 255]),
    ],
)
def test_deep_grey_is_scaled_and_not_clipped(data: bytes, expected: list[int]) -> None:
    image = corpus.decode_image(data, "x")
    assert image.getchannel("G").tobytes() == bytes(expected)


def test_an_animation_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((250, 0, 0), (0, 250, 0))]
    for format_ in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        data = encoded(frames[0], format_, save_all=True, append_images=frames[1:])
        assert close(corpus.decode_image(data, "x"), (4, 4), (250, 0, 0))


def test_extreme_shapes_are_squeezed_so_that_no_processor_explodes() -> None:
    wide = corpus.decode_image(encode("PNG", size=(60_000, 10)), "x")
    assert wide.size == (200, 10)
    assert close(wide, (10, 2), (200, 60, 30))  # both ends are still there
    assert close(wide, (190, 2), SKY)
    assert corpus.decode_image(encode("PNG", size=(1, 900)), "x").size == (1, 20)
    assert corpus.decode_image(encode("PNG", size=(200, 10)), "x").size == (200, 10)


def test_a_large_jpeg_may_be_decoded_at_a_reduced_size() -> None:
    shapes = Image.effect_mandelbrot((1600, 1200), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    data = encoded(shapes, "JPEG", quality=90)
    whole = corpus.decode_image(data, "a.jpg")
    reduced = corpus.decode_image(data, "a.jpg", for_side=128)
    assert whole.size == (1600, 1200)
    assert reduced.size == (800, 600)  # a quarter would have less than 3 x 128 on a side
    small, other = (np.asarray(i.resize((128, 96)), dtype=float) for i in (whole, reduced))
    assert 0 < np.abs(small - other).mean() < 2
    assert corpus.decode_image(data, "a.jpg", for_side=500).size == (1600, 1200)
    assert corpus.decode_image(encoded(shapes), "a.png", for_side=128).size == (1600, 1200)


def test_the_pixel_limit_is_the_callers() -> None:
    data = encode("PNG", size=(100, 100))
    assert corpus.decode_image(data, "x", max_pixels=10_000).size == (100, 100)
    with pytest.raises(ImageError, match=r"100 x 100 pixels; f1cap opens at most 9,999") as caught:
        corpus.decode_image(data, "x", max_pixels=9_999)
    assert caught.value.hint is not None


def test_a_photograph_of_the_largest_phone_sensor_is_within_the_limit() -> None:
    width, height = 16_320, 12_240
    assert width * height <= image_files.MAX_PIXELS


def test_a_folder_is_refused_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(tmp_path) == f"{tmp_path.name} is a folder, not a file."

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    reason = "is a folder that cannot be listed: Permission denied."
    assert refusal(tmp_path) == f"{tmp_path.name} {reason}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_that_takes_a_files_place_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regular, pipe = tmp_path / "a.jpg", tmp_path / "b.jpg"
    regular.write_bytes(b"x")
    os.mkfifo(pipe)
    before = regular.stat()
    monkeypatch.setattr(Path, "stat", lambda _path, **_options: before)
    messages: list[str] = []

    def read() -> None:
        with pytest.raises(files.UnreadableError) as caught:
            files.read_bounded(pipe, 10)
        messages.append(str(caught.value))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(5)
    assert messages == ["is not a file but a pipe, a socket or a device"]


def test_no_memory_is_a_sentence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_args: object, **_options: object) -> None:
        raise MemoryError

    path = tmp_path / "a.png"
    path.write_bytes(encode("PNG"))
    monkeypatch.setattr(Image, "open", exhaust)
    assert refusal(path) == "a.png does not fit into memory."
    monkeypatch.setattr(os, "fdopen", exhaust)
    assert refusal(path) == "a.png does not fit into memory."


def test_a_header_that_lies_about_a_known_format_is_refused() -> None:
    truncated = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    with pytest.raises(ImageError):
        corpus.decode_image(truncated, "x")
