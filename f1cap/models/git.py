"""GIT: image tokens as a prefix of one text decoder."""

from typing import Any, ClassVar

from transformers import GitForCausalLM

from f1cap.models.captioner import TextIds, TransformersCaptioner
from f1cap.models.decoding.engine import FastDecoder
from f1cap.models.decoding.git import GitDecoder


class GitCaptioner(TransformersCaptioner):
    """Captions with GitForCausalLM."""

    model_class: ClassVar[Any] = GitForCausalLM
    decoder_class: ClassVar[type[FastDecoder]] = GitDecoder

    def _text_ids(self) -> TextIds:
        config = self._model.config
        return TextIds(
            start=config.bos_token_id,
            end=config.eos_token_id,
            pad=config.pad_token_id,
            positions=config.max_position_embeddings,
            words=config.vocab_size,
        )

    def _start_arguments(self, rows: Any) -> dict[str, Any]:  # noqa: ANN401 - a tensor, which mypy skips
        return {"input_ids": rows}
