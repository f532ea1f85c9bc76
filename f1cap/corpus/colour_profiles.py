"""From the colours of an image's ICC profile to sRGB, which the models were trained on."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsTransform

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
# The largest difference of a channel, of 255, at which a profile counts as sRGB: the many sRGB
# profiles in use differ in rounding only, and skipping the conversion costs nothing.
_TOLERANCE = 2
_GRID = 9  # levels of each channel that are tried


class ProfileError(Exception):
    """A profile that cannot be used; its text completes `its colour profile …`."""


def to_srgb(image: "Image", rgb: "Image", profile: bytes) -> "Image":
    """Convert an image from its colour space to sRGB.

    The rendering intent is perceptual, ICC's default and that of photographs, with black point
    compensation. Profiles of cameras and screens are a matrix and curves: for these all intents
    are the same.

    Args:
        image: As decoded.
        rgb: A copy of it in RGB, transparent parts in white; may be changed in place.
        profile: Its ICC profile, untrusted.

    Raises:
        ProfileError: It is broken, or for another kind of image.
    """
    if not profile:
        raise ProfileError("cannot be read")
    conversion = _conversion(bytes(profile))
    if conversion.mode == "CMYK":
        source = image if image.mode == "CMYK" else None
    elif conversion.mode == "L":
        source = rgb.getchannel("R") if image.mode in _GREY else None
    else:
        source = None if image.mode in ("CMYK", "LAB") else rgb
    if source is None:
        raise ProfileError(f"is for {conversion.mode} images, and this one is {image.mode}")
    if conversion.transform is None:
        return rgb
    if source is rgb:
        return conversion.transform.apply_in_place(rgb)
    return conversion.transform.apply(source)


@dataclass(frozen=True, slots=True)
class _Conversion:
    """A parsed profile.

    Attributes:
        mode: Of the images that it applies to.
        transform: To sRGB; None for sRGB itself.
    """

    mode: str
    transform: "ImageCmsTransform | None"


@lru_cache(maxsize=16)  # a folder has the profiles of a few cameras; LittleCMS may run in threads
def _conversion(profile: bytes) -> _Conversion:
    try:
        return _build(profile)
    except Exception as error:
        # Not narrower: the bytes are untrusted, and Pillow may have been built without LittleCMS.
        raise ProfileError("is broken, or for colours that f1cap does not know") from error


def _build(profile: bytes) -> _Conversion:
    from PIL import ImageCms

    opened = ImageCms.ImageCmsProfile(BytesIO(profile))
    mode = _MODES[opened.profile.xcolor_space.strip()]
    transform = ImageCms.buildTransform(
        opened,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.PERCEPTUAL,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return _Conversion(mode, None if _is_identity(transform, mode) else transform)


def _is_identity(transform: "ImageCmsTransform", mode: str) -> bool:
    """Apply a transform to a grid of colours."""
    import numpy as np
    from PIL import Image

    if mode == "CMYK":
        return False
    if mode == "L":
        levels = np.arange(256, dtype=np.uint8)[None]
        expected = np.repeat(levels[..., None], 3, axis=2)
    else:
        levels = np.linspace(0, 255, _GRID).astype(np.uint8)
        cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
        levels = expected = cube.reshape(_GRID, -1, 3)
    found = np.asarray(transform.apply(Image.fromarray(levels)))
    return int(np.abs(found.astype(np.int16) - expected).max()) <= _TOLERANCE
