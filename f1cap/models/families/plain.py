"""The plain transformers loop, as a model card shows it: what f1cap's own search is measured by.

One image at a time, float32, the class's own `generate` under the checkpoint's own generation
settings. Nothing here is shared with f1cap's way of captioning but the reading of the files, the
family's way to prepare an image, and the names of the decoding's options.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoTokenizer

from f1cap.errors import UnsupportedModelError
from f1cap.models import catalog, registry
from f1cap.models.device import runtime
from f1cap.models.device.placement import resolve_placement
from f1cap.models.families import weights
from f1cap.models.families.captioner import TransformersCaptioner, generate_options, move
from f1cap.models.hub import cache, download
from f1cap.records.captions import Generation
from f1cap.records.models import Decoding, DType, ModelSpec, Placement

if TYPE_CHECKING:
    from PIL.Image import Image


class PlainCaptioner:
    """A checkpoint run as transformers runs it; fits `models.base.Captioner`."""

    engine = "transformers"
    input_side: int | None = None  # images are prepared from all their pixels

    def __init__(
        self,
        captioner: type[TransformersCaptioner],
        spec: ModelSpec,
        folder: Path,
        revision: str,
        placement: Placement,
    ) -> None:
        """Load a checkpoint folder in float32, with the class and the processor of its family."""
        self.spec = spec
        self._family = registry.find(spec.family)
        self.placement = placement
        self.revision = revision
        self.threads = torch.get_num_threads()
        self._inputs: Any = captioner.inputs_class(folder)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model = weights.load_model(captioner.model_class, folder, torch.float32)
        self._model: Any = model.to(str(placement.device))
        # old checkpoints carry a limit of 20 tokens, which would compete with the one asked for
        self._model.generation_config.max_length = None

    def preprocess(self, image: "Image") -> Any:  # noqa: ANN401 - a tensor, which mypy skips
        """Turn one RGB image into what `generate` takes."""
        return self._inputs.prepare(image)

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        """Caption images one after another.

        Raises:
            UnsupportedModelError: A prompt was given to a family that takes none.
        """
        if prompt is not None:
            catalog.require_prompt(self.spec)
        return [self._caption(one, decoding, prompt) for one in prepared]

    def close(self) -> None:
        """Free the model's memory."""
        self._model = None
        runtime.free_cached()

    def _caption(self, prepared: Any, decoding: Decoding, prompt: str | None) -> Generation:  # noqa: ANN401
        continues = self._family.continues_prompt
        inputs = self._inputs.collate([prepared], None if continues else prompt)
        if continues and prompt is not None:
            inputs["input_ids"] = self._tokenizer(prompt, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            placed = move(inputs, str(self.placement.device), torch.float32)
            ids = self._model.generate(**placed, **generate_options(decoding))[0]
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        return Generation(text=text.strip(), tokens=len(ids), truncated=False)


def open_plain(
    spec: ModelSpec, *, device: str = "auto", dtype: DType = DType.AUTO, offline: bool = False
) -> PlainCaptioner:
    """Load a checkpoint that is on this machine; float32, whatever was asked for.

    Raises:
        UnsupportedModelError: The family's captioner is not one of transformers' classes.
    """
    del dtype
    captioner = registry.captioner_class(spec.family)
    if not issubclass(captioner, TransformersCaptioner):
        raise UnsupportedModelError(
            f"{spec.name} has no plain transformers loop to compare with.",
            hint="Leave out --compare-transformers.",
        )
    if spec.local:
        folder = Path(spec.checkpoint)
        revision = cache.digest(folder)
    else:
        snapshot = download.fetch(spec, offline=offline, on_download=None)
        folder, revision = snapshot.folder, snapshot.revision
    placement = resolve_placement(device, DType.FLOAT32, runtime.probe())
    runtime.keep_quiet()
    return PlainCaptioner(captioner, spec, folder, revision, placement)
