"""Renders the images of the bundled dataset: `python -m f1cap.training.dataset [FOLDER]`.

The captions beside them, `captions.json`, are written by hand and are not touched.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from f1cap.training.racing import DOMAIN
from f1cap.training.racing.facts import CARS, DRIVERS, PITS, STRATEGY

SIZE = 768
# Training takes seeds below 10,000,000, and its tests take 20,000,000 and more.
FIRST_SEED = 30_000_000
_QUALITY = 85

SEEDS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        DRIVERS: (30_000_004, 30_000_019, 30_000_017, 30_000_009, 30_000_025),
        PITS: (30_001_013, 30_001_029, 30_001_004, 30_001_008, 30_001_006),
        CARS: (30_002_002, 30_002_024, 30_002_018, 30_002_703, 30_002_971),
        STRATEGY: (30_003_029, 30_003_007, 30_003_023, 30_003_006, 30_003_025),
    }
)
_STEMS: Mapping[str, str] = {DRIVERS: "driver", PITS: "pitstop", CARS: "car", STRATEGY: "strategy"}


def images() -> dict[str, tuple[str, int]]:
    """Return the theme and the seed of each image, by its path inside the dataset."""
    return {
        f"{theme}/{_STEMS[theme]}_{number:02}.jpg": (theme, seed)
        for theme, seeds in SEEDS.items()
        for number, seed in enumerate(seeds, start=1)
    }


def write_images(folder: Path) -> None:
    """Render every image of the dataset into `folder`."""
    for name, (theme, seed) in images().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = DOMAIN.render(DOMAIN.sample(seed, theme=theme), SIZE)
        image.save(path, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)


if __name__ == "__main__":
    write_images(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("dataset"))
