"""The image processors of the mini checkpoints: the real ones' settings, but for the size."""

import json
from pathlib import Path
from typing import Any

from f1cap.training.architectures import IMAGE_SIZE

CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
_SQUARE = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
_SHARED = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "do_resize": True}

PROCESSORS: dict[str, dict[str, Any]] = {
    "blip": {
        "image_processor_type": "BlipImageProcessor",
        "do_convert_rgb": True,
        "size": _SQUARE,
        "resample": 3,  # bicubic
        "image_mean": CLIP_MEAN,
        "image_std": CLIP_STD,
        **_SHARED,
    },
    "git": {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_center_crop": True,
        "crop_size": _SQUARE,
        "size": {"shortest_edge": IMAGE_SIZE},
        "resample": 3,
        "image_mean": CLIP_MEAN,
        "image_std": CLIP_STD,
        **_SHARED,
    },
    "swin": {
        "image_processor_type": "ViTImageProcessor",
        "size": _SQUARE,
        "resample": 2,  # bilinear
        "image_mean": IMAGENET_MEAN,
        "image_std": IMAGENET_STD,
        **_SHARED,
    },
}


def save_processor(family: str, folder: Path) -> None:
    """Write a family's image processor settings into a checkpoint's folder."""
    text = json.dumps(PROCESSORS[family], indent=2)
    (folder / "preprocessor_config.json").write_text(text + "\n", encoding="utf-8")
