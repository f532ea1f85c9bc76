"""An image encoder and a GPT-2 with cross-attention: Swin-Tiny + DistilGPT2 and its kind."""

from typing import Any, ClassVar

from transformers import VisionEncoderDecoderModel

from f1cap.models.captioner import TextIds, TransformersCaptioner
from f1cap.models.decoding.engine import FastDecoder
from f1cap.models.decoding.swin import SwinDecoder


class SwinCaptioner(TransformersCaptioner):
    """Captions with VisionEncoderDecoderModel, whatever its image encoder."""

    model_class: ClassVar[Any] = VisionEncoderDecoderModel
    decoder_class: ClassVar[type[FastDecoder]] = SwinDecoder

    def _text_ids(self) -> TextIds:
        config, decoder = self._model.config, self._model.decoder.config
        end = _first("eos_token_id", config, decoder, default=decoder.bos_token_id)
        return TextIds(
            start=_first("decoder_start_token_id", config, default=decoder.bos_token_id),
            end=end,
            pad=_first("pad_token_id", config, decoder, default=end),
            positions=decoder.max_position_embeddings,
            words=decoder.vocab_size,
        )

    def _vision_config(self) -> Any:  # noqa: ANN401 - a transformers config, which mypy skips
        return self._model.config.encoder

    def _start_arguments(self, rows: Any) -> dict[str, Any]:  # noqa: ANN401 - a tensor, which mypy skips
        return {"decoder_input_ids": rows}


def _first(name: str, *configs: Any, default: Any) -> Any:  # noqa: ANN401
    """Return an id from the first config that gives it; checkpoints differ in which one does."""
    found = (getattr(config, name, None) for config in configs)
    return next((value for value in found if value is not None), default)
