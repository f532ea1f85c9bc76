"""Colours: an image's profile decides how its numbers look, and models know sRGB only."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from f1cap import corpus
from tests.corpus.icc import DISPLAY_P3, SRGB, Matrix, cmyk_profile, grey_profile, rgb_profile
from tests.zoo import SKY, encode, heic, png_with_chunks

Colour = tuple[int, ...]


def decoded(data: bytes, *, for_side: int | None = None) -> tuple[Image.Image, list[str]]:
    notes: list[str] = []
    return corpus.decode_image(data, "x", for_side=for_side, on_note=notes.append), notes


def close(image: Image.Image, at: tuple[int, int], colour: Colour, tolerance: int = 2) -> bool:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(found, colour, strict=True))


def in_srgb(colour: Colour, colorants: Matrix, gamma: float = 2.2) -> Colour:
    """Work out by hand what LittleCMS should find."""
    xyz = (np.array(colour) / 255) ** gamma @ np.array(colorants)
    linear = np.clip(xyz @ np.linalg.inv(np.array(SRGB)), 0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return tuple(round(float(value) * 255) for value in curve)


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "JPEG", "WEBP", "AVIF", "HEIF"])
def test_a_wide_gamut_is_brought_to_srgb(format_: str) -> None:
    profile = rgb_profile(DISPLAY_P3)
    expected = in_srgb(SKY, DISPLAY_P3)
    assert max(abs(a - b) for a, b in zip(expected, SKY, strict=True)) > 15
    encoder = heic if format_ == "HEIF" else lambda **options: encode(format_, **options)
    image, notes = decoded(encoder(size=(64, 48), icc_profile=profile))
    assert close(image, (60, 40), expected, 2 if format_ in ("PNG", "TIFF") else 8)
    assert notes == []


def test_profiles_hold_for_reduced_jpegs_palettes_and_transparent_images() -> None:
    profile = rgb_profile(DISPLAY_P3)
    jpeg = encode("JPEG", size=(1600, 1200), icc_profile=profile)
    image, _ = decoded(jpeg, for_side=128)
    assert image.size == (800, 600)
    assert close(image, (790, 590), in_srgb(SKY, DISPLAY_P3), 6)
    for mode in ("P", "RGBA"):
        image, notes = decoded(encode("PNG", mode, icc_profile=profile))
        numbers = corpus.decode_image(encode("PNG", mode), "x").getpixel((1, 1))
        assert isinstance(numbers, tuple)
        assert close(image, (1, 1), in_srgb(numbers, DISPLAY_P3))
        assert notes == []
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.info["icc_profile"] = profile
    assert close(corpus.decode_loaded(corpus.LoadedImage("x", clear)), (4, 4), (255, 255, 255), 1)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_has_profiles_of_its_own(mode: str) -> None:
    image, notes = decoded(encode("PNG", mode, icc_profile=grey_profile(1.0)))
    plain = corpus.decode_image(encode("PNG", mode), "x")
    level = np.asarray(plain)[1, 1, 0] / 255
    expected = round(255 * (1.055 * level ** (1 / 2.4) - 0.055)) if level > 0.0031308 else 0
    assert close(image, (1, 1), (expected, expected, expected), 1)
    assert notes == []


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_print_colours_are_those_of_their_press(format_: str) -> None:
    profile = cmyk_profile(ink=(153, 98, 88))  # Lab 60, -30, -40
    image, notes = decoded(encode(format_, "CMYK", size=(64, 48), icc_profile=profile))
    assert close(image, (60, 40), (0, 161, 217), 12)
    assert notes == []


def test_an_srgb_profile_changes_nothing_to_the_byte() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for format_ in ("PNG", "JPEG"):
        image, notes = decoded(encode(format_, size=(64, 48), icc_profile=profile))
        plain = corpus.decode_image(encode(format_, size=(64, 48)), "x")
        assert image.tobytes() == plain.tobytes()
        assert notes == []


@pytest.mark.parametrize(
    ("mode", "profile", "reason"),
    [
        ("RGB", b"no profile at all", "is broken"),
        ("RGB", rgb_profile(DISPLAY_P3)[:200], "is broken"),
        ("RGB", rgb_profile(DISPLAY_P3).replace(b"RGB ", b"HSV "), "is broken"),
        ("RGB", grey_profile(1.0), "is for L images, and this one is RGB"),
        ("RGB", cmyk_profile(ink=(0, 128, 128)), "is for CMYK images, and this one is RGB"),
        ("CMYK", rgb_profile(DISPLAY_P3), "is for RGB images, and this one is CMYK"),
    ],
)
def test_a_profile_that_cannot_be_used_is_ignored_with_a_note(
    mode: str, profile: bytes, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    image, notes = decoded(encode("TIFF", mode, icc_profile=profile))
    assert image.tobytes() == corpus.decode_image(encode("TIFF", mode), "x").tobytes()
    (note,) = notes
    assert note.startswith(f"Its colour profile {reason}")
    assert note.endswith(", and was ignored.")
    assert capfd.readouterr() == ("", "")


def test_a_png_with_a_long_profile_is_read_within_a_bound() -> None:
    image, notes = decoded(encode("PNG", icc_profile=rgb_profile(DISPLAY_P3, padding=2 << 20)))
    assert close(image, (40, 28), in_srgb(SKY, DISPLAY_P3))
    assert notes == []
    plain = corpus.decode_image(encode("PNG"), "x")
    image, notes = decoded(encode("PNG", icc_profile=rgb_profile(DISPLAY_P3, padding=20 << 20)))
    assert image.tobytes() == plain.tobytes()
    assert notes == ["Its colour profile cannot be read, and was ignored."]
    image, notes = decoded(png_with_chunks((b"iCCP", b"x\0\0not deflated")))
    assert image.tobytes() == plain.tobytes()
    assert len(notes) == 1


def test_profiles_are_told_apart_in_a_pool_of_threads() -> None:
    files = [
        encode("PNG", size=(64, 48)),
        encode("PNG", size=(64, 48), icc_profile=rgb_profile(DISPLAY_P3)),
        encode("PNG", size=(64, 48), icc_profile=rgb_profile(SRGB, gamma=1.0)),
        encode("PNG", "L", size=(64, 48), icc_profile=grey_profile(1.0)),
    ]
    alone = [decoded(data)[0].tobytes() for data in files]
    assert len(set(alone)) == len(files)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda data: decoded(data)[0].tobytes(), files * 20))
    assert together == alone * 20
