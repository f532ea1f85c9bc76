"""From an image file of unknown origin to RGB, or to one sentence that says why not."""

import logging
import math
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from f1cap.corpus.files import reason_of
from f1cap.corpus.image_formats import open_image
from f1cap.errors import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 200_000_000  # the largest sensor in a phone has 199.8 million
# GIT's processor brings the short side to 224 and keeps the shape: 60,000 x 10 would become 300
# million pixels. Panoramas end at about 10 to 1.
MAX_ASPECT = 20
# How much larger than what the model sees a reduced JPEG stays: with less, colours differ more and
# more captions change; with more, decoding takes longer.
_REDUCED = 3
_REDUCIBLE = ("JPEG", "MPO")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF's
# Messages of C libraries that are kept for one image; the rest repeats them.
_MOST_MESSAGES = 5
_SMALLER = "Save a smaller copy: captioning models see a few hundred pixels a side."
_PILLOW = r"PIL\."
_lock = threading.Lock()
_convert_lock = threading.Lock()
_nowhere = logging.NullHandler()


OnNote = Callable[[str], None]


def decode_image(
    data: bytes,
    name: str,
    *,
    max_pixels: int = MAX_PIXELS,
    for_side: int | None = None,
    on_note: OnNote = lambda _: None,
) -> "Image":
    """Return an image as people see it: upright, in sRGB, its first frame.

    The content decides, not the extension. What is transparent shows white. 16-bit grey keeps its
    whole range. An image longer than MAX_ASPECT times its width is squeezed to that ratio.
    Safe to call from several threads.

    Args:
        data: The whole file.
        name: What the error calls it.
        max_pixels: A larger image is refused before it is decoded; at most MAX_PIXELS.
        for_side: Pixels on a side of what will be made of it. A JPEG that is much larger is then
            decoded at a half, a quarter or an eighth of its size: faster, and not quite the same.
        on_note: Called with each remark on the file, whether or not it can be decoded.

    Raises:
        ImageError: It cannot be decoded, whatever the decoder's own exception was.
    """
    if not data:
        raise ImageError(f"{name} is an empty file.")
    _prepare_pillow()
    from PIL import UnidentifiedImageError

    with _one_sentence(name, max_pixels), _collected(on_note, tiff=data[:4] in _TIFF):
        try:
            image = open_image(data)
        except UnidentifiedImageError as error:
            raise _unidentified(name) from error
        with image:
            _check_size(image.size, name, max_pixels)
            if for_side is not None:
                _reduce(image, for_side)
            image.load()
            return _as_seen(image, on_note)


def convert_image(image: "Image", name: str, *, on_note: OnNote = lambda _: None) -> "Image":
    """Return an opened image as `decode_image` would; the given one is not changed.

    Raises:
        ImageError: Its file, which Pillow reads late, cannot be decoded.
    """
    _prepare_pillow()
    # One image may be given twice, and Pillow loads it where it stands.
    with (
        _one_sentence(name, MAX_PIXELS),
        _collected(on_note, tiff=image.format == "TIFF"),
        _convert_lock,
    ):
        _check_size(image.size, name, MAX_PIXELS)
        image.load()
        return _as_seen(image, on_note)


def _as_seen(image: "Image", on_note: OnNote) -> "Image":
    rgb = _to_rgb(image)
    if "icc_profile" in image.info:
        from f1cap.corpus.colour_profiles import ProfileError, to_srgb

        try:
            rgb = to_srgb(image, rgb, image.info["icc_profile"])
        except ProfileError as error:
            on_note(f"Its colour profile {error}, and was ignored.")
    return _squeeze(_turn(rgb, _orientation(image)))


@contextmanager
def _collected(on_note: OnNote, *, tiff: bool) -> Iterator[None]:
    """Pass on the messages of libtiff, which would write them to stderr, each once."""
    if not tiff:
        yield
        return
    from f1cap.corpus import library_messages

    lines: dict[str, None] = {}
    try:
        with library_messages.redirected(lines.setdefault):
            yield
    finally:
        for line in list(lines)[:_MOST_MESSAGES]:
            on_note(line)


@contextmanager
def _one_sentence(name: str, max_pixels: int) -> Iterator[None]:
    """Make an ImageError of whatever a decoder raises."""
    from PIL import Image

    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        message = f"{name} has more pixels than f1cap opens ({max_pixels:,})."
        raise ImageError(message, hint=_SMALLER) from error
    except MemoryError as error:
        raise ImageError(f"{name} does not fit into memory.") from error
    except (OSError, SyntaxError, EOFError, struct.error) as error:
        raise ImageError(f"{name} is damaged or truncated: {reason_of(error)}.") from error
    except Exception as error:
        # Not narrower: a decoder given unknown bytes may raise anything (IndexError, KeyError,
        # zlib.error, OverflowError, ...), and one bad file must not end a run.
        raise ImageError(f"{name} cannot be decoded: {reason_of(error)}.") from error


def _reduce(image: "Image", side: int) -> None:
    """Have a JPEG decoded at a reduced size, if its short side stays `_REDUCED` times `side`."""
    scale = _REDUCED * side / min(image.size)
    # HEIC would answer with a thumbnail of any quality.
    if scale < 1 and image.format in _REDUCIBLE:
        width, height = image.size
        image.draft(image.mode, (math.ceil(width * scale), math.ceil(height * scale)))


def _prepare_pillow() -> None:
    """Set what Pillow keeps for the whole process: its pixel limit, and silence.

    `warnings.catch_warnings` would do for one thread; in several they restore each other's state.
    """
    from PIL import Image

    with _lock:
        Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow warns at this and refuses at twice this
        present = any(
            action == "ignore" and getattr(module, "pattern", None) == _PILLOW
            for action, _, _, module, _ in warnings.filters
        )
        if not present:
            warnings.filterwarnings("ignore", module=_PILLOW)
        # Without a handler of its own, an error logged by Pillow would go to stderr.
        logging.getLogger("PIL").addHandler(_nowhere)


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ImageError(
            f"{name} has {width:,} x {height:,} pixels; f1cap opens at most {max_pixels:,}.",
            hint=_SMALLER,
        )


def _unidentified(name: str) -> ImageError:
    return ImageError(f"{name} is not an image that f1cap can decode.")


def _orientation(image: "Image") -> int:
    """Return how the camera was held, as EXIF numbers it; 1, upright, where that is unreadable."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # noqa: BLE001 - EXIF broken in any way is no reason to lose the image
        return 1


def _turn(image: "Image", orientation: int) -> "Image":
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(orientation)
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: "Image") -> "Image":
    from PIL import Image as Pillow

    if image.mode.startswith(("I", "F")):
        return _grey_to_8_bits(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    white = Pillow.new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def _grey_to_8_bits(image: "Image") -> "Image":
    """Scale what Pillow's own conversion would clip at 255.

    White is the end of the range: 1, 255 or 65,535, the first that contains all values (never below
    65,535 for integers: Pillow keeps 16-bit images in its 32-bit mode too). Other ranges have no
    agreed white and are stretched from their lowest to their highest value.
    """
    import numpy as np
    from PIL import Image as Pillow

    with np.errstate(invalid="ignore"):  # a signalling NaN in a damaged file warns
        values = np.asarray(image, dtype=np.float64)
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    whites = (65535.0,) if image.mode.startswith("I") else (1.0, 255.0, 65535.0)
    white = next((white for white in whites if low >= 0 and high <= white), None)
    if white is None:
        values -= low
        white = high - low or 1.0  # one value all over is black
    values *= 255.0 / white
    return Pillow.fromarray(np.rint(values).astype(np.uint8))


def _squeeze(image: "Image") -> "Image":
    """Bound the ratio of the sides, so that a processor that keeps the shape keeps its size too.

    Squeezed and not cropped: BLIP's and Swin's image processors make every image square anyway.
    """
    width, height = image.size
    bounded = (min(width, MAX_ASPECT * height), min(height, MAX_ASPECT * width))
    return image if bounded == image.size else image.resize(bounded)
