"""Florence-2: image tokens and a task, read by one encoder; a BART decoder writes."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image
from transformers import AutoTokenizer, Florence2ForConditionalGeneration, Florence2Processor

from f1cap.models.families import weights
from f1cap.models.families.captioner import ModelInputs, TextIds, TransformersCaptioner
from f1cap.records.captions import Generation

TASK = "<CAPTION>"


class Florence2Inputs(ModelInputs):
    """Pixels of each image, and the task as text after the places of its image tokens."""

    def load_processor(self, folder: Path) -> Any:
        images = weights.load_image_processor(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._ask = cache(self._read_task)
        return Florence2Processor(images, tokenizer)

    def prepare(self, image: Image.Image) -> Any:
        return self.processor.image_processor(images=image, return_tensors="pt")["pixel_values"][0]

    def collate(self, prepared: Sequence[Any], instruction: str | None) -> dict[str, Any]:
        task = {
            name: rows.expand(len(prepared), -1)
            for name, rows in self._ask(instruction or TASK).items()
        }
        return super().collate(prepared, instruction) | task

    def _read_task(self, task: str) -> dict[str, Any]:
        read = self.processor(images=Image.new("RGB", (8, 8)), text=task, return_tensors="pt")
        return {name: read[name] for name in ("input_ids", "attention_mask")}


class Florence2Captioner(TransformersCaptioner):
    """Captions with Florence2ForConditionalGeneration, by transformers' `generate`."""

    model_class: ClassVar[Any] = Florence2ForConditionalGeneration
    inputs_class: ClassVar[type[ModelInputs]] = Florence2Inputs

    def _text_ids(self) -> TextIds:
        text = self._model.config.text_config
        return TextIds(
            start_token_id=text.decoder_start_token_id,
            eos_token_ids=(text.eos_token_id,),
            pad_token_id=text.pad_token_id,
            max_position_embeddings=text.max_position_embeddings,
            vocab_size=text.vocab_size,
        )

    def _generation_config(self) -> Any:
        settings = super()._generation_config()
        settings.forced_bos_token_id = self._model.config.text_config.bos_token_id
        return settings

    def _read(self, row: list[int], started: int) -> Generation:
        return super()._read(row, started + 1)  # the forced first token is no word
