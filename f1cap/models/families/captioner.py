"""What the families share: loading, image inputs, search and reading its result."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import torch
from transformers import GenerationConfig

from f1cap.errors import UnsupportedModelError, UsageError
from f1cap.models import catalog, registry
from f1cap.models.decoding.search import FastDecoder, choose_engine, search
from f1cap.models.device import runtime
from f1cap.models.families import weights
from f1cap.records.captions import Generation
from f1cap.records.models import Decoding, Engine, ModelSpec, Placement

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


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TextIds:
    """The token ids around a caption, and how many positions and tokens the text model has."""

    start_token_id: int
    eos_token_ids: tuple[int, ...]
    pad_token_id: int
    max_position_embeddings: int
    vocab_size: int

    def __post_init__(self) -> None:
        numbers = (
            self.start_token_id,
            *self.eos_token_ids,
            self.pad_token_id,
            self.max_position_embeddings,
            self.vocab_size,
        )
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError(f"it does not name all of these: {self}")


class TransformersCaptioner(ABC):
    """A checkpoint run by its class in transformers; a family fills in what differs.

    Attributes:
        model_class: The class in transformers that captions.
        decoder_class: f1cap's own code for it; None leaves the search to transformers' `generate`.
        inputs_class: How images are prepared and batched.
        input_side: Pixels on a side of what the model looks at; None where it follows the image.
    """

    model_class: ClassVar[Any]
    decoder_class: ClassVar[type[FastDecoder] | None] = None
    inputs_class: ClassVar[type[ModelInputs]] = ModelInputs
    input_side: int | None

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
            UnsupportedModelError: The fast engine was asked for and does not support this model.
            CorruptCheckpointError: A file is missing, damaged, or of another model.
            UnsafeCheckpointError: The weights are a pickle that would run code.
            OutOfMemoryError: The weights do not fit.
        """
        self.spec = spec
        self.placement = placement
        self.revision = revision
        self._family = registry.find(spec.family)
        self._dtype = runtime.torch_dtype(placement.dtype)
        self._require_engine(engine)

        self._inputs: Any = self.inputs_class(folder)
        self._model: Any = self._in_memory(lambda: self._load_model(folder))
        self._ids = weights.reading(self._text_ids, folder, what="config.json")
        self.input_side = self._check_image_size(folder)
        self._tokenizer: Any = self._load_tokenizer(folder)
        self._text_model().generation_config = self._generation_config()

        self.threads = runtime.choose_threads(self._model.num_parameters())
        self._decoder: Any = self._in_memory(lambda: self._choose_decoder(engine))
        self.engine = Engine.TRANSFORMERS if self._decoder is None else Engine.FAST

    def preprocess(self, image: "Image") -> Any:  # noqa: ANN401 - a tensor, which mypy skips
        """Turn one RGB image into what `generate` takes; callable from several threads."""
        return self._inputs.prepare(image)

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        """Caption a batch, in order; the same captions as one at a time.

        Args:
            prepared: From `preprocess`.
            decoding: What to search for.
            prompt: The start of every caption and part of its text, or an instruction: as the
                family takes it.

        Raises:
            OutOfMemoryError: The batch does not fit; a smaller one may.
            UnsupportedModelError: A prompt was given to a family that takes none.
            UsageError: Prompt and new tokens are more than the model has positions for.
        """
        prompt = (prompt or "").strip() or None
        if prompt is not None:
            catalog.require_prompt(self.spec)
        start_text, instruction = (
            (prompt, None) if self._family.continues_prompt else (None, prompt)
        )
        start = self._start_ids(start_text)
        self._require_positions(len(start), decoding, with_prompt=start_text is not None)
        if not prepared:
            return []
        rows = runtime.in_memory(
            lambda: self._search(prepared, start, decoding, instruction),
            what=f"Batch size {len(prepared)} does not fit into the memory of "
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
        self._inputs = None
        self._tokenizer = None
        runtime.free_cached()

    # What a family fills in or overrides

    @abstractmethod
    def _text_ids(self) -> TextIds:
        """Return the family's ids; its config is the only source, tokenizers differ in theirs."""

    def _start_arguments(self, rows: Any) -> dict[str, Any]:  # noqa: ANN401 - a tensor, which mypy skips
        """Return `generate`'s name for the tokens that captions start with, [images, tokens]."""
        return {"decoder_input_ids": rows}

    def _image_size(self) -> Any:  # noqa: ANN401 - an int or two of them
        """Return the only size of pixels that the model takes, as its config says it, or None."""
        return None

    def _text_model(self) -> Any:  # noqa: ANN401
        """Return the part of the model whose generation settings a search obeys."""
        return self._model

    def _load_tokenizer(self, folder: Path) -> Any:  # noqa: ANN401
        return weights.load_tokenizer(folder, self._ids.vocab_size)

    def _generation_config(self) -> GenerationConfig:
        """Return the settings of a search that are not a decoding's.

        Only the ids are kept of what a checkpoint says about generation: a caption must follow
        from the settings that its run records, and old checkpoints carry a limit of 20 tokens.
        """
        return GenerationConfig(
            bos_token_id=self._ids.start_token_id,
            decoder_start_token_id=self._ids.start_token_id,
            eos_token_id=list(self._ids.eos_token_ids),
            pad_token_id=self._ids.pad_token_id,
        )

    def _start_ids(self, text: str | None) -> list[int]:
        """Return the tokens that every caption starts with, those of a text among them."""
        ids = [] if text is None else self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return [self._ids.start_token_id, *ids]

    def _read(self, row: list[int], started: int) -> Generation:
        """Read a found row of ids, of which the first `started` were given."""
        new = row[started:]
        end = next(
            (index for index, token in enumerate(new) if token in self._ids.eos_token_ids), None
        )
        new = new[:end]
        # the start id may lie outside the tokenizer's vocabulary; a prompt belongs to the text
        text = self._tokenizer.decode([*row[1:started], *new], skip_special_tokens=True)
        return Generation(text=str(text).strip(), tokens=len(new), truncated=end is None)

    # Loading

    def _require_engine(self, engine: Engine) -> None:
        if engine is Engine.FAST and self.decoder_class is None:
            raise UnsupportedModelError(
                f"The fast engine does not run {self.spec.name}: {self._family.label} models run "
                "on transformers only.",
                hint="Use --engine auto or --engine transformers.",
            )

    def _load_model(self, folder: Path) -> Any:  # noqa: ANN401
        return weights.load_model(self.model_class, folder, self._dtype).to(
            str(self.placement.device)
        )

    def _check_image_size(self, folder: Path) -> int | None:
        size = self._image_size()
        if size is None:
            return None
        weights.require_pixels(self._inputs.prepare, folder, size)
        return max(size) if isinstance(size, list | tuple) else int(size)

    def _choose_decoder(self, engine: Engine) -> Any:  # noqa: ANN401 - a decoder or None
        if self.decoder_class is None:
            return None
        return choose_engine(self.decoder_class, self._model, engine, name=self.spec.name)

    def _in_memory(self, work: Callable[[], _T]) -> _T:
        return runtime.in_memory(
            work,
            what=f"{self.spec.name} does not fit into the memory of {self.placement.device}.",
            hint=runtime.memory_hint(self.placement),
        )

    # Searching

    def _require_positions(self, started: int, decoding: Decoding, *, with_prompt: bool) -> None:
        if started + decoding.max_new_tokens <= self._ids.max_position_embeddings:
            return
        limit = max(0, self._ids.max_position_embeddings - started)
        raise UsageError(
            f"{self.spec.name} cannot generate {decoding.max_new_tokens} new tokens"
            f"{' after this prompt' if with_prompt else ''}: its limit is {limit}.",
            hint=f"Use --max-new-tokens {limit} or fewer." if limit else "Shorten the prompt.",
        )

    def _search(
        self,
        prepared: Sequence[Any],
        start: list[int],
        decoding: Decoding,
        instruction: str | None,
    ) -> list[list[int]]:
        """Run the one search of a batch and return its rows of ids, start included."""
        with torch.inference_mode():
            batch = self._inputs.collate(prepared, instruction)
            inputs = move(batch, str(self.placement.device), self._dtype)
            if self._decoder is not None:
                return search(
                    self._decoder,
                    inputs["pixel_values"],
                    start,
                    self._ids.eos_token_ids,
                    decoding,
                )
            return self._generate(inputs, [start] * len(prepared), decoding)

    def _generate(
        self, inputs: Mapping[str, Any], starts: list[list[int]], decoding: Decoding
    ) -> list[list[int]]:
        rows = torch.tensor(starts, device=str(self.placement.device))
        found: list[list[int]] = self._model.generate(
            **inputs, **self._start_arguments(rows), **generate_options(decoding)
        ).tolist()
        return found


def generate_options(decoding: Decoding) -> dict[str, Any]:
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
