"""BLIP: a vision transformer, and a BERT decoder that looks at it by cross-attention."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from transformers import BlipForConditionalGeneration

from f1cap.models.captioner import TextIds, TransformersCaptioner
from f1cap.models.decoding.engine import FastDecoder
from f1cap.models.decoding.kernels import Projection, attend, split_heads
from f1cap.models.decoding.kv_cache import Entries, HeadShape, TextCache, TextSession, repeat_start
from f1cap.models.decoding.layers import CrossLayer, Head, VisionEncoder, VisionLayer, look_once

if TYPE_CHECKING:
    from torch import Tensor


class BlipDecoder:
    """Runs the weights of a BlipForConditionalGeneration; implements `engine.FastDecoder`."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a transformers model, which mypy skips
        self._vision = _vision_encoder(model.vision_model)
        bert = model.text_decoder.bert
        head = model.text_decoder.cls.predictions
        self._words = bert.embeddings.word_embeddings
        self._positions = bert.embeddings.position_embeddings
        self._norm = bert.embeddings.LayerNorm
        self._layers = tuple(_TextLayer(layer) for layer in bert.encoder.layer)
        first = bert.encoder.layer[0].attention.self
        self._shape = HeadShape(
            len(self._layers), first.num_attention_heads, first.attention_head_size
        )
        self._transform = Projection(
            head.transform.dense, activation=head.transform.transform_act_fn
        )
        self._transform_norm = head.transform.LayerNorm
        self._head = Head(head.decoder, self._words)

    @classmethod
    def wrap(cls, model: Any) -> Self:  # noqa: ANN401
        """Share a model's weights; all variants are served."""
        return cls(model)

    def begin(self, pixels: "Tensor", start: Sequence[int], beams: int, steps: int) -> TextSession:
        """Encode images and project them for each layer's cross-attention, once."""
        image = self._vision(pixels)
        images = look_once(self._layers, image, self._shape)
        room = len(start) + beams * (steps - 1)
        cache = TextCache(self._shape, len(pixels), beams, room, image)
        return TextSession(self, repeat_start(start, pixels), cache, images)

    def read(
        self,
        tokens: "Tensor",
        positions: slice,
        mask: "Tensor | None",
        cache: TextCache,
        images: Entries,
    ) -> "Tensor":
        """Run the text layers; see `session.TextModel`."""
        states = self._norm(self._words(tokens) + self._positions.weight[positions])
        for index, layer in enumerate(self._layers):
            states = layer.attend_to_text(states, index, mask, cache)
            states = layer.attend_to_image(states, images.keys[index], images.values[index])
            states = layer.feed(states)
        return states

    def score(self, states: "Tensor") -> "Tensor":
        """Turn states into logits over the vocabulary."""
        return self._head(self._transform_norm(self._transform(states)))

    def pack(self) -> None:
        """Lay all weights out for this CPU; see `kernels.Projection`."""
        for projection in chain.from_iterable(layer.projections for layer in self._layers):
            projection.pack()
        self._vision.pack()
        self._transform.pack()
        self._head.pack()


class _TextLayer(CrossLayer):
    """A BERT decoder layer: text, image, feed-forward, each normalised after it is added."""

    def __init__(self, layer: Any) -> None:  # noqa: ANN401
        own, cross = layer.attention, layer.crossattention
        self._heads = own.self.num_attention_heads
        self._own = Projection(own.self.query, own.self.key, own.self.value)
        self._own_out = Projection(own.output.dense)
        self._own_norm = own.output.LayerNorm
        self._cross_queries = Projection(cross.self.query)
        self._cross_image = Projection(cross.self.key, cross.self.value)
        self._cross_out = Projection(cross.output.dense)
        self._cross_norm = cross.output.LayerNorm
        self._widen = Projection(
            layer.intermediate.dense, activation=layer.intermediate.intermediate_act_fn
        )
        self._narrow = Projection(layer.output.dense)
        self._feed_norm = layer.output.LayerNorm

    def attend_to_text(
        self, states: "Tensor", index: int, mask: "Tensor | None", cache: TextCache
    ) -> "Tensor":
        """Look at what was said; the new tokens' keys and values join the cache."""
        queries, keys, values = (
            split_heads(part, self._heads) for part in self._own(states).chunk(3, dim=-1)
        )
        cache.write(index, keys, values)
        found = attend(queries, *cache.read(index), mask)
        normed: Tensor = self._own_norm(self._own_out(found) + states)
        return normed

    def attend_to_image(self, states: "Tensor", keys: "Tensor", values: "Tensor") -> "Tensor":
        """Look at the image: its beams are so many queries of one attention."""
        queries = split_heads(self._cross_queries(states), self._heads)
        normed: Tensor = self._cross_norm(self._cross_out(attend(queries, keys, values)) + states)
        return normed

    def feed(self, states: "Tensor") -> "Tensor":
        """Run the feed-forward part."""
        normed: Tensor = self._feed_norm(self._narrow(self._widen(states)) + states)
        return normed


def _vision_encoder(vision: Any) -> VisionEncoder:  # noqa: ANN401
    layers = tuple(
        VisionLayer(
            norm_attention=layer.layer_norm1,
            queries_keys_values=Projection(layer.self_attn.qkv),
            heads=layer.self_attn.num_heads,
            out=Projection(layer.self_attn.projection),
            norm_feed=layer.layer_norm2,
            widen=Projection(layer.mlp.fc1, activation=layer.mlp.activation_fn),
            narrow=Projection(layer.mlp.fc2),
        )
        for layer in vision.encoder.layers
    )
    return VisionEncoder(embed=vision.embeddings, layers=layers, norm=vision.post_layernorm)


class BlipCaptioner(TransformersCaptioner):
    """Captions with BlipForConditionalGeneration, which continues a prompt.

    As with transformers itself, a caption made with a prompt begins with the prompt. All
    images of a batch share it, so rows are equally long and none is padded at its start.
    """

    model_class: ClassVar[Any] = BlipForConditionalGeneration
    decoder_class: ClassVar[type[FastDecoder] | None] = BlipDecoder

    def _text_ids(self) -> TextIds:
        text = self._model.config.text_config
        # the config's eos is not what ends a caption: BLIP was trained to stop at BERT's [SEP]
        return TextIds(
            start_token_id=text.bos_token_id,
            eos_token_ids=(text.sep_token_id,),
            pad_token_id=text.pad_token_id,
            max_position_embeddings=text.max_position_embeddings,
            vocab_size=text.vocab_size,
        )

    def _image_size(self) -> Any:  # noqa: ANN401 - an int or two of them
        return self._model.config.vision_config.image_size

    def _text_model(self) -> Any:  # noqa: ANN401 - a transformers model, which mypy skips
        return self._model.text_decoder

    def _start_arguments(self, rows: Any) -> dict[str, Any]:  # noqa: ANN401
        # BLIP's generate expects a tokenised sentence: it drops the last id, an end token
        ends = torch.full_like(rows[:, :1], self._ids.eos_token_ids[0])
        return {"input_ids": torch.cat([rows, ends], dim=1)}
