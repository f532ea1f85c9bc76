"""Which image formats f1cap opens: a file's by its first bytes, a folder's by their names."""

from io import BytesIO
from typing import TYPE_CHECKING

from f1cap.corpus.png_chunks import without_long_text

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# What Pillow decodes by itself, those with an unmistakable first line before those without. Of what
# else it registers, EPS starts Ghostscript, WMF asks Windows to draw, FITS inflates without a
# bound; BUFR, GRIB, HDF5, IPTC and MPEG have no decoder; and CUR, FLI, GBR, BLP, FTEX, IM, IMT,
# MCIDAS, MSP, PIXAR, SPIDER and XVTHUMB hold pointers, brushes, textures, measurements, or nothing
# that anybody has met for decades.
FORMATS = (
    *("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "QOI", "ICO", "ICNS"),
    *("PSD", "DDS", "SGI", "SUN", "XBM", "XPM", "DCX", "PCX", "PCD", "DIB", "TGA"),
)
_HEIF = frozenset({"heic", "heif", "hif", "heics", "heifs"})
# By the names that Pillow registers for FORMATS, and HEIF's. Written down, since asking Pillow
# would import all its decoders. Left out: .vst, which is mostly Visio's.
IMAGES = _HEIF | frozenset(
    {"jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff"}
    | {"avif", "avifs", "jp2", "j2k", "jpf", "jpx", "j2c", "jpc", "ppm", "pgm", "pbm", "pnm", "pfm"}
    | {"tga", "icb", "vda", "qoi", "ico", "icns", "psd", "dds", "sgi", "rgb", "rgba", "bw", "ras"}
    | {"xbm", "xpm", "dcx", "pcx", "pcd"}
)
# Images that f1cap does not decode, for which a folder's listing has a word: raw photographs, JPEG
# XL, drawings, and what Pillow would open and f1cap does not.
UNDECODABLE = frozenset(
    {"cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "dng", "orf", "rw2", "raf", "pef"}
    | {"srw", "x3f", "3fr", "iiq", "rwl", "mrw", "erf", "raw", "jxl", "svg", "svgz", "eps", "wmf"}
    | {"emf", "fits", "fts", "cur", "fli", "flc", "gbr", "blp", "ftc", "ftu", "msp", "pxr", "xcf"}
)
# Major brands of HEIF files in HEVC; AVIF's container is the same, and `mif1` says neither.
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_EITHER = frozenset({b"mif1", b"msf1", b"mif2"})
_AV1 = frozenset({b"avif", b"avis"})


def open_image(data: bytes) -> "ImageFile":
    """Open an image by its first bytes, whatever it is called; its pixels are not decoded yet.

    Raises:
        Exception: What the decoder raises; `UnidentifiedImageError` where there is none.
    """
    if is_heif(data):
        # Not registered with Pillow: that would be for the whole process, and for good.
        from pillow_heif import HeifImageFile

        return HeifImageFile(BytesIO(data))  # type: ignore[no-untyped-call]
    from PIL import Image

    stripped, profile = without_long_text(data)
    image = Image.open(BytesIO(stripped), formats=FORMATS)
    if profile is not None:
        image.info["icc_profile"] = profile
    return image


def is_heif(data: bytes) -> bool:
    """Tell a HEIF file whose images are in HEVC, as phones make them."""
    if data[4:8] != b"ftyp":
        return False
    major = data[8:12]
    if major in _EITHER:
        length = min(int.from_bytes(data[:4], "big"), 256)
        compatible = {data[at : at + 4] for at in range(16, length, 4)}
        return not compatible & _AV1
    return major in _HEVC
