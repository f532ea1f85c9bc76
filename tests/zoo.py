"""A folder of images that go wrong in every known way, among some that only look as if."""

import os
import stat
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pillow_heif
from PIL import Image

SKY = (40, 90, 160)


def build_zoo(folder: Path) -> dict[str, str | None]:
    """Fill a folder with good, odd and bad images.

    What this system or this user cannot have (pipes on Windows, locked files for root, names that
    the file system refuses) is left out.

    Returns:
        By image name as `corpus` lists it: a part of the sentence that it must be refused with,
        or None where it must be captioned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    expected: dict[str, str | None] = {}
    for name, (data, reason) in {**_bad_files(), **_odd_images()}.items():
        (folder / name).write_bytes(data)
        expected[name] = reason
    for name in NAMES:
        with suppress(OSError):
            (folder / name).write_bytes(encode("JPEG"))
            expected[name] = None
    for name, (make, reason) in _SPECIAL_FILES.items():
        with suppress(OSError, AttributeError):
            make(folder / name)
            expected[name] = reason
    if getattr(os, "geteuid", lambda: 0)() != 0:
        for name, (make, reason) in _LOCKED.items():
            make(folder / name)
            expected[name] = reason
        locked = folder / "locked folder"  # no image, and no failure
        locked.mkdir()
        locked.chmod(0)
    (folder / "folder.jpg").mkdir()
    (folder / "folder.jpg" / "inside.jpg").write_bytes(encode("JPEG"))
    expected["folder.jpg/inside.jpg"] = None
    (folder / "circle").symlink_to(folder, target_is_directory=True)
    return expected


def encode(
    format_: str, mode: str = "RGB", size: tuple[int, int] = (48, 32), **options: object
) -> bytes:
    """Return the bytes of a small image with two colours."""
    image = Image.new("RGB", size, SKY)
    image.paste((200, 60, 30), (0, 0, (size[0] + 1) // 2, (size[1] + 1) // 2))
    buffer = BytesIO()
    (image if mode == "RGB" else image.convert(mode)).save(buffer, format_, **options)
    return buffer.getvalue()


def heic(*, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    """Return what a phone makes of the same image."""
    with Image.open(BytesIO(encode("PNG", size=size))) as image:
        file = pillow_heif.from_pillow(image)
    buffer = BytesIO()
    file.save(buffer, quality=90, **options)
    return buffer.getvalue()


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = b"") -> bytes:
    """Return a PNG whose header says what it likes."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png_with_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG with these chunks before its pixels."""
    data = encode("PNG")
    start = data.index(b"IDAT") - 4
    return data[:start] + b"".join(_chunk(*chunk) for chunk in chunks) + data[start:]


def generated_text(length: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return what an image generator writes about itself, of this length."""
    text = zlib.compress(bytes(length))
    return (b"zTXt", b"workflow\0\0" + text), (b"iTXt", b"prompt\0\1\0\0\0" + text)


# Every one of these images is fine.
NAMES = (
    "two\nlines.jpg",
    "'single' and \"double\".jpg",
    "emoji \U0001f3ce\ufe0f.jpg",
    os.fsdecode(b"not utf-8 \xff\xfe.jpg"),
    "[bold]markup [link=x].jpg",
    "\x1b[31mescape\x1b]0;title\x07.jpg",
    "-rf.jpg",
    " spaces .jpg",
    "tab\tand\rreturn.jpg",
    "back\\slash.jpg",
    "right\u202eto left.jpg",
    "%s {0} $(date) `date`.jpg",
    "cafe\u0301.jpg",
    f"{'long' * 62}.jpg",
    "CAPITALS.JPG",
)


def _bad_files() -> dict[str, tuple[bytes, str]]:
    tiff = bytearray(encode("TIFF", size=(400, 300), compression="tiff_lzw"))
    tiff[60:90] = bytes(30)
    jpeg, large_png = encode("JPEG", size=(400, 300)), encode("PNG", size=(400, 300))
    damaged = "damaged or truncated"
    broken_crc = bytearray(large_png)
    broken_crc[50] ^= 0xFF
    return {
        "text.jpg": (b"This is no image.\n", "not an image"),
        "empty.jpg": (b"", "empty file"),
        "zeros.png": (bytes(4096), "not an image"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], damaged),
        "cut.png": (large_png[: len(large_png) // 2], damaged),
        "cut.gif": (_cut(encode("GIF", size=(400, 300))), damaged),
        "cut.webp": (_cut(encode("WEBP", size=(400, 300))), damaged),
        "cut.tif": (_cut(encode("TIFF", size=(400, 300))), damaged),
        "broken lzw.tif": (bytes(tiff), damaged),
        "cut.bmp": (_cut(encode("BMP", size=(400, 300))), damaged),
        "header only.jpg": (jpeg[:20], "not an image"),
        "signature only.png": (large_png[:8], "not an image"),
        "broken checksum.png": (bytes(broken_crc), damaged),
        "bomb.png": (png(60_000, 60_000), "pixels"),
        "small bomb.png": (
            png(20_000, 20_000, depth=1, colour=0, pixels=bytes(2_501 * 20_000)),
            "pixels",
        ),
        "bomb.jpg": (_claiming(jpeg, b"\xff\xc0\0\x11\x08", ">HH", 65_500), "pixels"),
        "bomb.gif": (_claiming(encode("GIF"), b"GIF87a", "<HH", 65_535), "pixels"),
        "no width.png": (png(0, 10), "not an image"),
        "postscript.jpg": (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
            "not an image",
        ),
        "phone.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64), damaged),
        "vector.png": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not an image"),
    }


def _odd_images() -> dict[str, tuple[bytes, None]]:
    frames = [Image.new("RGB", (48, 32), colour) for colour in ("red", "green", "blue")]
    rotated = Image.Exif()
    rotated[0x0112] = 6
    images = {
        "one pixel.png": encode("PNG", size=(1, 1)),
        "one pixel.gif": encode("GIF", size=(1, 1)),
        "three rows.png": encode("PNG", size=(48, 3)),
        "banner.png": encode("PNG", size=(60_000, 10)),
        "tower.png": encode("PNG", size=(1, 20_000)),
        "animated.gif": _animation("GIF", frames),
        "animated.webp": _animation("WEBP", frames),
        "animated.png": _animation("PNG", frames),
        "grey 16.png": png(48, 32, depth=16, colour=0, pixels=(b"\0" + b"\x80\0" * 48) * 32),
        "grey 16.tif": _grey_16_tiff(),
        "colour 16.png": png(48, 32, depth=16, pixels=(b"\0" + b"\x80\0" * 144) * 32),
        "float.tif": encode("TIFF", "F"),
        "print.jpg": encode("JPEG", "CMYK"),
        "print.tif": encode("TIFF", "CMYK"),
        "palette.png": encode("PNG", "P", transparency=0),
        "palette.gif": encode("GIF", "P", transparency=0),
        "grey alpha.png": encode("PNG", "LA"),
        "alpha.png": encode("PNG", "RGBA"),
        "alpha.webp": encode("WEBP", "RGBA"),
        "black and white.png": encode("PNG", "1"),
        "progressive.jpg": encode("JPEG", progressive=True),
        "rotated.jpg": encode("JPEG", exif=rotated),
        "broken exif.jpg": encode("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(30)),
        "broken exif.png": encode("PNG", exif=b"no such thing"),
        "png inside.jpg": encode("PNG"),
        "jpeg inside.png": encode("JPEG"),
        "good.bmp": encode("BMP"),
        "good.avif": encode("AVIF"),
        "good.heic": heic(),
        "heic inside.jpg": heic(),
        "good.jp2": encode("JPEG2000"),
        "good.ppm": encode("PPM"),
    }
    return {name: (data, None) for name, data in images.items()}


def _grey_16_tiff() -> bytes:
    buffer = BytesIO()
    Image.new("I;16", (48, 32), 0x8000).save(buffer, "TIFF")
    return buffer.getvalue()


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _animation(format_: str, frames: list[Image.Image]) -> bytes:
    buffer = BytesIO()
    frames[0].save(buffer, format_, save_all=True, append_images=frames[1:], duration=50)
    return buffer.getvalue()


def _claiming(data: bytes, before: bytes, form: str, side: int) -> bytes:
    """Return an image whose header claims another size."""
    at = data.index(before) + len(before)
    return data[:at] + struct.pack(form, side, side) + data[at + 4 :]


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


def _locked_file(path: Path) -> None:
    path.write_bytes(encode("JPEG"))
    path.chmod(0)


_SPECIAL_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "dangling.jpg": (_link("gone.jpg"), "link"),
    "loop.jpg": (_link("loop.jpg"), "symbolic links"),
    "pipe.jpg": (os.mkfifo, "a pipe"),
    "socket.jpg": (_socket, "a socket"),
    "device.jpg": (_link("/dev/zero"), "a device"),
}

_LOCKED: dict[str, tuple[Callable[[Path], None], str]] = {
    "locked.jpg": (_locked_file, "ermission denied"),
}
