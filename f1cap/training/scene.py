"""What a rendered picture shows: the record that sampling, drawing and captions share."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """One picture to draw and to caption.

    Attributes:
        domain: "racing" or "everyday".
        theme: The kind of scene, e.g. "2_pit_stops"; also present in `facts` in its own words.
        facts: Fact name to value; only facts that hold for this scene.
        seed: All drawing jitter derives from it.
    """

    domain: str
    theme: str
    facts: Mapping[str, str]
    seed: int
