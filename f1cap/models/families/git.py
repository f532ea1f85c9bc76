"""GIT: image tokens as a prefix of one text decoder."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Self

from transformers import GitForCausalLM

from f1cap.models.captioner import TextIds, TransformersCaptioner
from f1cap.models.decoding.engine import FastDecoder
from f1cap.models.decoding.kernels import Projection, attend, split_heads
from f1cap.models.decoding.kv_cache import Entries, HeadShape, TextCache, TextSession, repeat_start
from f1cap.models.decoding.layers import Head, VisionEncoder, VisionLayer, portions

if TYPE_CHECKING:
    from torch import Tensor


class GitDecoder:
    """Runs the weights of a GitForCausalLM; implements `engine.FastDecoder`."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a transformers model, which mypy skips
        git = model.git
        self._vision = _vision_encoder(git.image_encoder.vision_model)
        linear, self._image_norm = git.visual_projection.visual_projection
        self._image = Projection(linear)
        self._words = git.embeddings.word_embeddings
        self._positions = git.embeddings.position_embeddings
        self._norm = git.embeddings.LayerNorm
        self._layers = tuple(_TextLayer(layer) for layer in git.encoder.layer)
        first = git.encoder.layer[0].attention.self
        self._shape = HeadShape(
            len(self._layers), first.num_attention_heads, first.attention_head_size
        )
        self._head = Head(model.output, self._words)

    @classmethod
    def wrap(cls, model: Any) -> Self | None:  # noqa: ANN401
        """Share a model's weights; None for the models for video, which give frames a time."""
        return None if model.config.num_image_with_embedding else cls(model)

    def begin(self, pixels: "Tensor", start: Sequence[int], beams: int, steps: int) -> TextSession:
        """Encode images and run their tokens through the text layers, once."""
        image = self._image_norm(self._image(self._vision(pixels)))
        tokens = image.shape[1]
        room = tokens + len(start) + beams * (steps - 1)
        cache = TextCache(self._shape, len(pixels), beams, room, image)
        cache.share(tokens)
        for rows, part in portions(image):
            self._read_image(part, rows.start, cache)
        none = Entries.none(image)
        return TextSession(self, repeat_start(start, pixels), cache, none, prefix=tokens)

    def read(
        self,
        tokens: "Tensor",
        positions: slice,
        mask: "Tensor | None",
        cache: TextCache,
        images: Entries,  # none: they are a prefix in the cache
    ) -> "Tensor":
        """Run the text layers; see `session.TextModel`."""
        states = self._norm(self._words(tokens) + self._positions.weight[positions])
        for index, layer in enumerate(self._layers):
            queries, keys, values = layer.project(states)
            cache.write(index, keys, values)
            states = layer.finish(states, attend(queries, *cache.read(index), mask))
        return states

    def score(self, states: "Tensor") -> "Tensor":
        """Turn states into logits over the vocabulary."""
        return self._head(states)

    def pack(self) -> None:
        """Lay all weights out for this CPU; see `kernels.Projection`."""
        for projection in chain.from_iterable(layer.projections for layer in self._layers):
            projection.pack()
        self._vision.pack()
        self._image.pack()
        self._head.pack()

    def _read_image(self, states: "Tensor", first: int, cache: TextCache) -> None:
        """Put image tokens, which see each other and no text, into the cache."""
        for index, layer in enumerate(self._layers):
            if index + 1 == len(self._layers):  # nobody reads the last layer's image states
                cache.write(index, *layer.project_past(states), first)
                return
            queries, keys, values = layer.project(states)
            cache.write(index, keys, values, first)
            states = layer.finish(states, attend(queries, keys, values))


class _TextLayer:
    """A BERT layer: attention and feed-forward, each normalised after it is added."""

    def __init__(self, layer: Any) -> None:  # noqa: ANN401
        own = layer.attention
        self._heads = own.self.num_attention_heads
        self._queries = Projection(own.self.query)
        self._past = Projection(own.self.key, own.self.value)
        self._out = Projection(own.output.dense)
        self._norm = own.output.LayerNorm
        self._widen = Projection(
            layer.intermediate.dense, activation=layer.intermediate.intermediate_act_fn
        )
        self._narrow = Projection(layer.output.dense)
        self._feed_norm = layer.output.LayerNorm

    @property
    def projections(self) -> tuple[Projection, ...]:
        """All linear layers."""
        return (self._queries, self._past, self._out, self._widen, self._narrow)

    def project(self, states: "Tensor") -> tuple["Tensor", "Tensor", "Tensor"]:
        """Return queries, keys and values by head."""
        return (split_heads(self._queries(states), self._heads), *self.project_past(states))

    def project_past(self, states: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Return keys and values by head."""
        keys, values = self._past(states).chunk(2, dim=-1)
        return split_heads(keys, self._heads), split_heads(values, self._heads)

    def finish(self, states: "Tensor", found: "Tensor") -> "Tensor":
        """Add what attention found, then the feed-forward part."""
        states = self._norm(self._out(found) + states)
        normed: Tensor = self._feed_norm(self._narrow(self._widen(states)) + states)
        return normed


def _vision_encoder(vision: Any) -> VisionEncoder:  # noqa: ANN401
    def embed(pixels: "Tensor") -> "Tensor":
        states: Tensor = vision.pre_layrnorm(vision.embeddings(pixels))
        return states

    layers = tuple(
        VisionLayer(
            norm_attention=layer.layer_norm1,
            queries_keys_values=Projection(
                layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj
            ),
            heads=layer.self_attn.num_heads,
            out=Projection(layer.self_attn.out_proj),
            norm_feed=layer.layer_norm2,
            widen=Projection(layer.mlp.fc1, activation=layer.mlp.activation_fn),
            narrow=Projection(layer.mlp.fc2),
        )
        for layer in vision.encoder.layers
    )
    return VisionEncoder(embed=embed, layers=layers, norm=vision.post_layernorm)


class GitCaptioner(TransformersCaptioner):
    """Captions with GitForCausalLM."""

    model_class: ClassVar[Any] = GitForCausalLM
    decoder_class: ClassVar[type[FastDecoder] | None] = GitDecoder

    def _text_ids(self) -> TextIds:
        config = self._model.config
        return TextIds(
            start_token_id=config.bos_token_id,
            eos_token_ids=(config.eos_token_id,),
            pad_token_id=config.pad_token_id,
            max_position_embeddings=config.max_position_embeddings,
            vocab_size=config.vocab_size,
        )

    def _image_size(self) -> Any:  # noqa: ANN401 - an int or two of them
        return self._model.config.vision_config.image_size

    def _start_arguments(self, rows: Any) -> dict[str, Any]:  # noqa: ANN401 - a tensor, which mypy skips
        return {"input_ids": rows}
