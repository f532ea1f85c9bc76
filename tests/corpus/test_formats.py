"""Which files are opened, and what of them: by their first bytes, without the text around them."""

import struct
import zlib

import pytest
from PIL import Image

from f1cap import corpus
from f1cap.corpus.image_formats import FORMATS, IMAGES, UNDECODABLE
from f1cap.errors import ImageError
from tests.zoo import SKY, encode, generated_text, heic, png_with_chunks


def close(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 8 for a, b in zip(found, colour, strict=True))


def test_heic_is_read_whatever_it_is_called_and_registers_nothing() -> None:
    for name in ("IMG_1.HEIC", "IMG_1.jpg"):
        image = corpus.decode_image(heic(size=(64, 48)), name)
        assert (image.mode, image.size) == ("RGB", (64, 48))
        assert close(image, (60, 40), SKY)
    assert "HEIF" not in Image.OPEN
    assert close(corpus.decode_image(encode("JPEG"), "IMG_1.HEIC"), (40, 28), SKY)


def test_heic_is_turned_as_the_camera_was_held() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = corpus.decode_image(heic(size=(64, 48), exif=exif.tobytes()), "x")
    assert image.size == (48, 64)
    assert close(image, (10, 60), SKY)


def test_avif_in_the_container_of_heif_is_left_to_pillow() -> None:
    data = bytearray(encode("AVIF", size=(64, 48)))
    data[8:12] = b"mif1"
    assert corpus.decode_image(bytes(data), "x").size == (64, 48)


def test_broken_heic_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    data = heic(size=(64, 48))
    capfd.readouterr()  # what its encoder says
    for broken in (data[: len(data) // 2], data[:40], data[:300] + bytes(len(data) - 300)):
        with pytest.raises(ImageError, match=r"^a\.heic "):
            corpus.decode_image(broken, "a.heic")
    with pytest.raises(ImageError, match="64 x 48 pixels"):
        corpus.decode_image(data, "a.heic", max_pixels=3_000)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("length", [10, 3 << 20])
def test_text_that_nobody_reads_costs_no_image(length: int) -> None:
    plain = corpus.decode_image(encode("PNG"), "x")
    chunks = (*generated_text(length), (b"tEXt", b"parameters\0" + b"x" * length))
    assert corpus.decode_image(png_with_chunks(*chunks), "x").tobytes() == plain.tobytes()
    # In all of them together Pillow takes no more than 64 MiB.
    assert corpus.decode_image(png_with_chunks(*chunks * 30), "x").tobytes() == plain.tobytes()


def test_text_that_holds_the_orientation_is_read() -> None:
    xmp = b'<rdf:Description tiff:Orientation="6"/>'
    for body in (b"\0\0\0\0" + xmp, b"\1\0\0\0" + zlib.compress(xmp)):
        data = png_with_chunks((b"iTXt", b"XML:com.adobe.xmp\0" + body), *generated_text(3 << 20))
        assert corpus.decode_image(data, "x").size == (32, 48)
    long = zlib.compress(xmp + bytes(3 << 20))
    data = png_with_chunks((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + long))
    assert corpus.decode_image(data, "x").size == (48, 32)


def test_what_is_no_text_is_still_checked() -> None:
    damaged = bytearray(png_with_chunks(*generated_text(3 << 20)))
    damaged[damaged.index(b"IDAT") + 6] ^= 0xFF
    with pytest.raises(ImageError, match="damaged"):
        corpus.decode_image(bytes(damaged), "x")
    cut = png_with_chunks(*generated_text(3 << 20))[:-40]
    with pytest.raises(ImageError, match="damaged"):
        corpus.decode_image(cut, "x")


def test_every_format_that_pillow_registers_is_taken_or_left_out_by_name() -> None:
    Image.init()
    # Their reasons are beside FORMATS.
    left_out = (
        *("EPS", "WMF", "FITS", "BUFR", "GRIB", "HDF5", "IPTC", "MPEG", "CUR", "FLI", "GBR"),
        *("BLP", "FTEX", "IM", "IMT", "MCIDAS", "MSP", "PIXAR", "SPIDER", "XVTHUMB"),
    )
    assert not set(FORMATS) & set(left_out)
    assert set(Image.OPEN) <= {*FORMATS, *left_out, "MPO", "FPX", "MIC"}
    extensions = {
        extension.removeprefix(".")
        for extension, format_ in Image.registered_extensions().items()
        if format_ in FORMATS
    }
    heif = {"heic", "heif", "hif", "heics", "heifs"}
    assert extensions - IMAGES == {"vst"}
    assert IMAGES - extensions == heif | {"mpo"}  # Pillow's JPEG decoder opens MPO
    assert not IMAGES & UNDECODABLE


@pytest.mark.parametrize(
    "format_", ["DDS", "DIB", "ICO", "ICNS", "PCX", "SGI", "TGA", "QOI", "XBM", "PPM"]
)
def test_formats_beside_those_of_cameras(format_: str) -> None:
    mode = "1" if format_ == "XBM" else "RGB"
    image = corpus.decode_image(encode(format_, mode, size=(64, 64)), "x")
    assert image.mode == "RGB"
    assert close(image, (image.width - 4, image.height - 4), SKY) is (mode == "RGB")


def test_xpm_and_sun_raster() -> None:
    xpm = b'/* XPM */\nstatic char *x[] = {\n"2 1 2 1",\n"a c #285AA0",\n"b c #FFFFFF",\n"ab"\n};\n'
    sun = struct.pack(">8I", 0x59A66A95, 1, 1, 24, 4, 1, 0, 0) + bytes((SKY[2], SKY[1], SKY[0], 0))
    for data in (xpm, sun):
        assert corpus.decode_image(data, "x").getpixel((0, 0)) == SKY
