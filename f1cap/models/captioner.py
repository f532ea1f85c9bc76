"""What the three families share: loading, preprocessing, one search, and reading its result."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from transformers import GenerationConfig

from f1cap.errors import UnsupportedModelError, UsageError
from f1cap.models import weights
from f1cap.models.decoding.engine import FastDecoder, choose_engine
from f1cap.models.decoding.search import search
from f1cap.models.device import runtime
from f1cap.records.captions import Generation
from f1cap.records.models import Decoding, Engine, ModelSpec, Placement

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class TextIds:
    """The token ids around a caption, and how many positions and words the text model has."""

    start: int
    end: int
    pad: int
    positions: int
    words: int


class TransformersCaptioner(ABC):
    """A checkpoint run by its class in transformers; a family fills in what differs."""

    model_class: ClassVar[Any]
    decoder_class: ClassVar[type[FastDecoder]]
    takes_prompt: ClassVar[bool] = False

    def __init__(
        self,
        spec: ModelSpec,
        folder: Path,
        revision: str,
        placement: Placement,
        engine: Engine = Engine.AUTO,
    ) -> None:
        """Load a checkpoint folder.

        Raises:
            UnsupportedModelError: Our own search was asked for and does not serve this variant.
            CorruptCheckpointError: A file is missing, damaged, or of another model.
            UnsafeCheckpointError: The weights are a pickle that would run code.
            OutOfMemoryError: The weights do not fit.
        """
        self.spec = spec
        self.placement = placement
        self.revision = revision
        self._dtype = runtime.torch_dtype(placement.dtype)
        self._processor: Any = weights.load_image_processor(folder)
        self._model: Any = runtime.in_memory(
            lambda: weights.load_model(self.model_class, folder, self._dtype).to(placement.device),
            what=f"{spec.name} does not fit into the memory of {placement.device}.",
            hint=runtime.memory_hint(placement),
        )
        self.threads = runtime.choose_threads(self._model.num_parameters())
        self._ids = weights.reading(self._checked_ids, folder, what="config.json")
        size = self._vision_config().image_size
        weights.require_pixels(self._processor, folder, size)
        self.input_side: int = max(size) if isinstance(size, list | tuple) else size
        self._tokenizer: Any = weights.load_tokenizer(folder, self._ids.words)
        # Only the ids are kept of what a checkpoint says about generation: a caption must follow
        # from the settings that its run records, and old checkpoints carry a limit of 20 tokens.
        self._text_model().generation_config = GenerationConfig(
            bos_token_id=self._ids.start,
            decoder_start_token_id=self._ids.start,
            eos_token_id=self._ids.end,
            pad_token_id=self._ids.pad,
        )
        self._decoder = runtime.in_memory(
            lambda: choose_engine(self.decoder_class, self._model, engine, name=spec.name),
            what=f"{spec.name} does not fit into the memory of {placement.device}.",
            hint=runtime.memory_hint(placement),
        )
        self.engine = Engine.TRANSFORMERS if self._decoder is None else Engine.FAST

    def preprocess(self, image: "Image") -> Any:  # noqa: ANN401 - a tensor, which mypy skips
        """Turn one RGB image into pixels, [3, height, width]; callable from several threads."""
        return self._processor(images=image, return_tensors="pt")["pixel_values"][0]

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        """Caption a batch, in order; the same captions as one at a time.

        A prompt is the start of every caption, and part of its text.

        Raises:
            OutOfMemoryError: The batch does not fit; a smaller one may.
            UnsupportedModelError: A prompt was given to a family that takes none.
            UsageError: Prompt and new tokens are more than the model has positions for.
        """
        start = [self._ids.start, *self._prompt_ids(prompt)]
        if len(start) + decoding.max_new_tokens > self._ids.positions:
            room = max(0, self._ids.positions - len(start))
            raise UsageError(
                f"{self.spec.name} cannot write {decoding.max_new_tokens} new tokens"
                f"{' after this prompt' if prompt else ''}: it has room for {room}.",
                hint=f"Use --max-new-tokens {room} or fewer." if room else "Shorten the prompt.",
            )
        if not prepared:
            return []
        rows = runtime.in_memory(
            lambda: self._search(prepared, start, decoding),
            what=f"{len(prepared)} images at once do not fit into the memory of "
            f"{self.placement.device}."
            if len(prepared) > 1
            else f"One image does not fit into the memory of {self.placement.device}.",
            hint=runtime.memory_hint(self.placement),
        )
        return [self._read(row, len(start)) for row in rows]

    def close(self) -> None:
        """Free the model's memory, on the GPU too. Calling it twice is harmless."""
        self._model = None
        self._decoder = None
        self._processor = None
        self._tokenizer = None
        runtime.free_cached()

    @abstractmethod
    def _text_ids(self) -> TextIds:
        """Return the family's ids; its config is the only source, tokenizers differ in theirs."""

    def _checked_ids(self) -> TextIds:
        ids = self._text_ids()
        if not all(type(value) is int and value >= 0 for value in astuple(ids)):
            raise ValueError(f"it does not name all of these: {ids}")
        return ids

    def _vision_config(self) -> Any:  # noqa: ANN401
        """Return the config of the part that sees."""
        return self._model.config.vision_config

    def _text_model(self) -> Any:  # noqa: ANN401
        """Return the part of the model whose generation settings a search obeys."""
        return self._model

    @abstractmethod
    def _start_arguments(self, rows: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the family's name for the tokens that a caption starts with."""

    def _prompt_ids(self, prompt: str | None) -> list[int]:
        text = (prompt or "").strip()
        if not text:
            return []
        if not self.takes_prompt:
            raise UnsupportedModelError(
                f"{self.spec.name} takes no prompt: only BLIP models continue one.",
                hint="Leave --prompt out, or choose a BLIP model such as blip-base.",
            )
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _search(
        self, prepared: Sequence[Any], start: list[int], decoding: Decoding
    ) -> list[list[int]]:
        """Run the one search of a batch and return its rows of ids, start included."""
        with torch.inference_mode():
            pixels = torch.stack(list(prepared)).to(self.placement.device, self._dtype)
            if self._decoder is not None:
                return search(self._decoder, pixels, start, [self._ids.end], decoding)
            rows = torch.tensor([start] * len(prepared), device=pixels.device)
            found: list[list[int]] = self._model.generate(
                pixel_values=pixels, **self._start_arguments(rows), **_options(decoding)
            ).tolist()
            return found

    def _read(self, row: list[int], started: int) -> Generation:
        new = row[started:]
        truncated = self._ids.end not in new
        if not truncated:
            new = new[: new.index(self._ids.end)]
        # the start id may lie outside the tokenizer's vocabulary; a prompt belongs to the text
        text = self._tokenizer.decode([*row[1:started], *new], skip_special_tokens=True)
        return Generation(text=str(text).strip(), tokens=len(new), truncated=truncated)


def _options(decoding: Decoding) -> dict[str, Any]:
    """Name a decoding's fields for `generate`; what does not apply is left out, or it warns."""
    options: dict[str, Any] = {
        "do_sample": False,
        "num_beams": decoding.num_beams,
        "max_new_tokens": decoding.max_new_tokens,
        "no_repeat_ngram_size": decoding.no_repeat_ngram_size,
        "repetition_penalty": decoding.repetition_penalty,
    }
    if decoding.min_new_tokens:
        options["min_new_tokens"] = decoding.min_new_tokens
    if decoding.num_beams > 1:
        options["length_penalty"] = decoding.length_penalty
        options["early_stopping"] = decoding.early_stopping
    return options
