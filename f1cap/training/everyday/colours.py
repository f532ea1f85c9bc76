"""The paints that colour words stand for."""

from collections.abc import Mapping
from types import MappingProxyType

from f1cap.training.canvas import Color

PAINTS: Mapping[str, Color] = MappingProxyType(
    {
        "red": (222, 34, 40),
        "blue": (30, 96, 230),
        "green": (20, 160, 74),
        "yellow": (255, 216, 30),
        "orange": (255, 130, 10),
        "pink": (255, 120, 186),
        "brown": (142, 84, 42),
        "black": (44, 42, 50),
        "white": (246, 246, 244),
    }
)
