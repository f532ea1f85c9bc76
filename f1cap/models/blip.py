"""BLIP: a vision transformer, and a BERT decoder that looks at it by cross-attention."""

from typing import Any, ClassVar

import torch
from transformers import BlipForConditionalGeneration

from f1cap.models.captioner import TextIds, TransformersCaptioner
from f1cap.models.decoding.blip import BlipDecoder
from f1cap.models.decoding.engine import FastDecoder


class BlipCaptioner(TransformersCaptioner):
    """Captions with BlipForConditionalGeneration; the one family that takes a prompt.

    As with transformers itself, a caption made with a prompt begins with the prompt. All
    pictures of a batch share it, so rows are equally long and none is padded at its start.
    """

    model_class: ClassVar[Any] = BlipForConditionalGeneration
    decoder_class: ClassVar[type[FastDecoder]] = BlipDecoder
    takes_prompt: ClassVar[bool] = True

    def _text_ids(self) -> TextIds:
        text = self._model.config.text_config
        # the config's eos is not what ends a caption: BLIP was trained to stop at BERT's [SEP]
        return TextIds(
            start=text.bos_token_id,
            end=text.sep_token_id,
            pad=text.pad_token_id,
            positions=text.max_position_embeddings,
            words=text.vocab_size,
        )

    def _text_model(self) -> Any:  # noqa: ANN401 - a transformers model, which mypy skips
        return self._model.text_decoder

    def _start_arguments(self, rows: Any) -> dict[str, Any]:  # noqa: ANN401
        # BLIP's generate expects a tokenised sentence: it drops the last id, an end token
        ends = torch.full_like(rows[:, :1], self._ids.end)
        return {"input_ids": torch.cat([rows, ends], dim=1)}
