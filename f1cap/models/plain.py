"""The plain transformers loop, as a model card shows it: what f1cap's own search is measured by.

One image at a time, float32, the class's own `generate`. Nothing here is shared with f1cap's
way of captioning but the reading of the files.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer

from f1cap.models import weights
from f1cap.models.device import runtime
from f1cap.models.device.placement import resolve_placement
from f1cap.models.hub import cache, download
from f1cap.records.captions import Generation
from f1cap.records.models import Decoding, DType, ModelSpec, Placement

if TYPE_CHECKING:
    from PIL.Image import Image


class PlainCaptioner:
    """A checkpoint run as transformers runs it; fits `models.base.Captioner`."""

    engine = "transformers"

    def __init__(self, spec: ModelSpec, folder: Path, revision: str, placement: Placement) -> None:
        """Load a checkpoint folder in float32."""
        self.spec = spec
        self.placement = placement
        self.revision = revision
        self.threads = torch.get_num_threads()
        self._processor: Any = weights.load_image_processor(folder)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model = weights.load_model(AutoModelForImageTextToText, folder, torch.float32)
        self._model: Any = model.to(placement.device)
        # old checkpoints carry a limit of 20 tokens, which would compete with the one asked for
        self._model.generation_config.max_length = None
        seeing = getattr(self._model.config, "vision_config", None) or self._model.config.encoder
        self.input_side: int = seeing.image_size

    def preprocess(self, image: "Image") -> Any:  # noqa: ANN401 - a tensor, which mypy skips
        """Turn one RGB image into pixels, [1, 3, height, width]."""
        return self._processor(images=image, return_tensors="pt")["pixel_values"]

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        """Caption images one after another."""
        del prompt  # a benchmark has none
        return [self._caption(pixels, decoding) for pixels in prepared]

    def close(self) -> None:
        """Free the model's memory."""
        self._model = None
        runtime.free_cached()

    def _caption(self, pixels: Any, decoding: Decoding) -> Generation:  # noqa: ANN401
        options: dict[str, Any] = {
            "do_sample": False,
            "num_beams": decoding.num_beams,
            "max_new_tokens": decoding.max_new_tokens,
            "no_repeat_ngram_size": decoding.no_repeat_ngram_size,
            "repetition_penalty": decoding.repetition_penalty,
        }
        if decoding.min_new_tokens:
            options["min_new_tokens"] = decoding.min_new_tokens
        if decoding.num_beams > 1:  # `generate` warns of them where they mean nothing
            options["length_penalty"] = decoding.length_penalty
            options["early_stopping"] = decoding.early_stopping
        with torch.inference_mode():
            ids = self._model.generate(pixel_values=pixels.to(self.placement.device), **options)[0]
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        return Generation(text=text.strip(), tokens=len(ids), truncated=False)


def open_plain(
    spec: ModelSpec, *, device: str = "auto", dtype: DType = DType.AUTO, offline: bool = False
) -> PlainCaptioner:
    """Load a checkpoint that is on this machine; float32, whatever was asked for."""
    del dtype
    if spec.local:
        folder = Path(spec.checkpoint)
        revision = cache.digest(folder)
    else:
        snapshot = download.fetch(spec, offline=offline, on_download=None)
        folder, revision = snapshot.folder, snapshot.revision
    placement = resolve_placement(device, DType.FLOAT32, runtime.probe())
    runtime.keep_quiet()
    return PlainCaptioner(spec, folder, revision, placement)
