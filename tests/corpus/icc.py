"""ICC profiles of a few hundred bytes, made by hand."""

import struct
from collections.abc import Sequence

Matrix = Sequence[Sequence[float]]

# Colorants in rows, adapted to D50, as the profiles that cameras write have them.
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
_D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(colorants: Matrix, *, gamma: float = 2.2, padding: int = 0) -> bytes:
    """Return the profile of a screen: a matrix, and one curve."""
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: _xyz(*row) for name, row in zip(names, colorants, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(gamma))
    return _profile(b"RGB ", b"XYZ ", tags | {b"text": bytes(padding)})


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def cmyk_profile(ink: tuple[int, int, int]) -> bytes:
    """Return the profile of a press that has black, and one colour, given as Lab in bytes."""
    straight = bytes(range(256))
    black = bytes((0, 128, 128))
    table = bytes((255, 128, 128)) + black + (bytes(ink) + black) * 7
    lut = struct.pack(">4sIBBBB", b"mft1", 0, 4, 3, 2, 0) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lut += straight * 4 + table + straight * 3
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut}, kind=b"prtr")


def _profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes], *, kind: bytes = b"mntr") -> bytes:
    tags = {b"desc": b"desc" + bytes(86), b"wtpt": _xyz(*_D50)} | tags
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x", at + len(body), 0x02400000, kind, space, pcs, b"acsp"
    )
    return header + _fixed(*_D50) + bytes(48) + table + body


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _curve(gamma: float) -> bytes:
    return struct.pack(">4sIIH", b"curv", 0, 1, round(gamma * 256))


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
