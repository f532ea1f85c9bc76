"""From images to what a model's forward pass takes: a checkpoint's own processor, and batches."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from f1cap.models.families import weights

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


class ModelInputs:
    """A checkpoint's processor, one image at a time; a family overrides what differs."""

    def __init__(self, folder: Path) -> None:
        self.processor: Any = self.load_processor(folder)

    def load_processor(self, folder: Path) -> Any:  # noqa: ANN401 - transformers' types
        """Load the image processor, or a processor of images and text.

        Raises:
            CorruptCheckpointError: Its file is missing or damaged.
        """
        return weights.load_image_processor(folder)

    def prepare(self, image: "Image") -> Any:  # noqa: ANN401
        """Turn one RGB image into what `collate` takes; callable from several threads.

        Returns:
            Pixels, [3, height, width]; a family may return a mapping of tensors, or anything
            else that its `collate` understands.
        """
        return self.processor(images=image, return_tensors="pt")["pixel_values"][0]

    def collate(self, prepared: Sequence[Any], instruction: str | None) -> "dict[str, Tensor]":
        """Make one batch of prepared images, by the names of the model's arguments.

        Args:
            prepared: At least one; tensors of one name are equally large in all of them.
            instruction: What the user asks of the model; a prompt that captions continue is none.
        """
        del instruction
        if not isinstance(prepared[0], Mapping):
            return {"pixel_values": torch.stack(list(prepared))}
        return {name: torch.stack([one[name] for one in prepared]) for name in prepared[0]}


def move(inputs: "Mapping[str, Tensor]", device: str, dtype: Any) -> "dict[str, Tensor]":  # noqa: ANN401 - torch's dtype
    """Move a batch to a device; numbers that are not ids or masks get the model's dtype."""
    return {
        name: tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype)
        for name, tensor in inputs.items()
    }
