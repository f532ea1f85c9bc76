"""Image formats: how files are recognised by content, and which extensions a folder scan takes."""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# Those with an unmistakable signature first. Of what else Pillow registers, EPS starts Ghostscript,
# WMF is drawn by Windows, FITS is inflated without a bound; BUFR, GRIB, HDF5, IPTC and MPEG have
# no decoder; CUR, FLI, GBR, BLP, FTEX, IM, IMT, MCIDAS, MSP, PIXAR, SPIDER and XVTHUMB hold no
# photographs (cursors, brushes, textures, measurements) or are long out of use.
FORMATS = (
    *("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "QOI", "ICO", "ICNS"),
    *("PSD", "DDS", "SGI", "SUN", "XBM", "XPM", "DCX", "PCX", "PCD", "DIB", "TGA"),
)
_HEIF = frozenset({"heic", "heif", "hif", "heics", "heifs"})
# The extensions that Pillow registers for FORMATS, and HEIF's. Written down, since asking Pillow
# would import all its decoders. Without .vst, which is mostly Visio's.
IMAGES = _HEIF | frozenset(
    {"jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff"}
    | {"avif", "avifs", "jp2", "j2k", "jpf", "jpx", "j2c", "jpc", "ppm", "pgm", "pbm", "pnm", "pfm"}
    | {"tga", "icb", "vda", "qoi", "ico", "icns", "psd", "dds", "sgi", "rgb", "rgba", "bw", "ras"}
    | {"xbm", "xpm", "dcx", "pcx", "pcd"}
)
# Images that f1cap does not decode but a folder scan names: raw photographs, JPEG XL, vector
# graphics, and Pillow formats that are not in FORMATS.
UNDECODABLE = frozenset(
    {"cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "dng", "orf", "rw2", "raf", "pef"}
    | {"srw", "x3f", "3fr", "iiq", "rwl", "mrw", "erf", "raw", "jxl", "svg", "svgz", "eps", "wmf"}
    | {"emf", "fits", "fts", "cur", "fli", "flc", "gbr", "blp", "ftc", "ftu", "msp", "pxr", "xcf"}
)
# Major brands of HEIF files in HEVC; AVIF's container is the same, and `mif1` says neither.
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_EITHER = frozenset({b"mif1", b"msf1", b"mif2"})
_PNG = b"\x89PNG\r\n\x1a\n"
_AV1 = frozenset({b"avif", b"avis"})


def open_image(data: bytes) -> "ImageFile":
    """Open an image by its first bytes, whatever it is called; its pixels are not decoded yet.

    Raises:
        Exception: What the decoder raises; `UnidentifiedImageError` where there is none.
    """
    if is_heif(data):
        # Called directly: registering it with Pillow would affect the whole process.
        from pillow_heif import HeifImageFile

        return HeifImageFile(BytesIO(data))  # type: ignore[no-untyped-call]
    from PIL import Image

    if not data.startswith(_PNG):
        return Image.open(BytesIO(data), formats=FORMATS)
    from f1cap.corpus.png_chunks import without_long_text

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
