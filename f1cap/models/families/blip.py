"""BLIP: a vision transformer, and a BERT decoder with cross-attention to its image tokens."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from transformers import BlipForConditionalGeneration

from f1cap.models.decoding.kernels import Projection, attend, split_heads
from f1cap.models.decoding.kv_cache import (
    AttentionShape,
    KeyValues,
    KVCache,
    TextSession,
    repeat_prompt,
)
from f1cap.models.decoding.layers import (
    CrossAttentionLayer,
    LMHead,
    VisionEncoder,
    VisionLayer,
    precompute_cross_kv,
)
from f1cap.models.decoding.search import FastDecoder
from f1cap.models.families.captioner import TextIds, TransformersCaptioner

if TYPE_CHECKING:
    from torch import Tensor


class BlipDecoder:
    """Runs the weights of a BlipForConditionalGeneration; implements `search.FastDecoder`."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a transformers model, which mypy skips
        self._vision = _vision_encoder(model.vision_model)
        bert = model.text_decoder.bert
        predictions = model.text_decoder.cls.predictions
        self._token_embedding = bert.embeddings.word_embeddings
        self._position_embedding = bert.embeddings.position_embeddings
        self._embedding_norm = bert.embeddings.LayerNorm
        self._layers = tuple(_TextLayer(layer) for layer in bert.encoder.layer)
        self_attn = bert.encoder.layer[0].attention.self
        self._shape = AttentionShape(
            len(self._layers), self_attn.num_attention_heads, self_attn.attention_head_size
        )
        transform = predictions.transform
        self._transform = Projection(transform.dense, activation=transform.transform_act_fn)
        self._transform_norm = transform.LayerNorm
        self._lm_head = LMHead(predictions.decoder, self._token_embedding)

    @classmethod
    def wrap(cls, model: Any) -> Self:  # noqa: ANN401
        """Share a model's weights; all variants are supported."""
        return cls(model)

    def begin(
        self, pixels: "Tensor", prompt_ids: Sequence[int], num_beams: int, max_new_tokens: int
    ) -> TextSession:
        """Encode images and project them for each layer's cross-attention, once."""
        image_states = self._vision(pixels)
        cross_kv = precompute_cross_kv(self._layers, image_states, self._shape)
        capacity = len(prompt_ids) + num_beams * (max_new_tokens - 1)
        cache = KVCache(self._shape, len(pixels), num_beams, capacity, image_states)
        return TextSession(self, repeat_prompt(prompt_ids, pixels), cache, cross_kv)

    def forward(
        self,
        tokens: "Tensor",
        positions: slice,
        mask: "Tensor | None",
        cache: KVCache,
        cross_kv: KeyValues,
    ) -> "Tensor":
        """Run the text layers; see `kv_cache.TextModel`."""
        embedded = self._token_embedding(tokens) + self._position_embedding.weight[positions]
        states = self._embedding_norm(embedded)
        for index, layer in enumerate(self._layers):
            states = layer.self_attention(states, index, mask, cache)
            states = layer.cross_attention(states, cross_kv.keys[index], cross_kv.values[index])
            states = layer.mlp(states)
        return states

    def compute_logits(self, states: "Tensor") -> "Tensor":
        """Turn hidden states into logits over the vocabulary."""
        return self._lm_head(self._transform_norm(self._transform(states)))

    def prepack(self) -> None:
        """Prepack all weights for this CPU; see `kernels.Projection.prepack`."""
        for projection in chain.from_iterable(layer.projections for layer in self._layers):
            projection.prepack()
        self._vision.prepack()
        self._transform.prepack()
        self._lm_head.prepack()


class _TextLayer(CrossAttentionLayer):
    """A BERT decoder layer: self-attention, cross-attention, MLP, each with a norm after it."""

    def __init__(self, layer: Any) -> None:  # noqa: ANN401
        self_attn, cross_attn = layer.attention, layer.crossattention
        self._num_heads = self_attn.self.num_attention_heads
        self._self_attn_qkv = Projection(
            self_attn.self.query, self_attn.self.key, self_attn.self.value
        )
        self._self_attn_out = Projection(self_attn.output.dense)
        self._self_attn_norm = self_attn.output.LayerNorm
        self._cross_attn_q = Projection(cross_attn.self.query)
        self._cross_attn_kv = Projection(cross_attn.self.key, cross_attn.self.value)
        self._cross_attn_out = Projection(cross_attn.output.dense)
        self._cross_attn_norm = cross_attn.output.LayerNorm
        self._fc1 = Projection(
            layer.intermediate.dense, activation=layer.intermediate.intermediate_act_fn
        )
        self._fc2 = Projection(layer.output.dense)
        self._mlp_norm = layer.output.LayerNorm

    def self_attention(
        self, states: "Tensor", index: int, mask: "Tensor | None", cache: KVCache
    ) -> "Tensor":
        """Attend to the text so far; the new tokens' keys and values join the cache."""
        queries, keys, values = (
            split_heads(part, self._num_heads)
            for part in self._self_attn_qkv(states).chunk(3, dim=-1)
        )
        cache.write(index, keys, values)
        context = attend(queries, *cache.read(index), mask)
        normed: Tensor = self._self_attn_norm(self._self_attn_out(context) + states)
        return normed

    def cross_attention(self, states: "Tensor", keys: "Tensor", values: "Tensor") -> "Tensor":
        """Attend to the image; its beams are queries of one attention."""
        queries = split_heads(self._cross_attn_q(states), self._num_heads)
        context = attend(queries, keys, values)
        normed: Tensor = self._cross_attn_norm(self._cross_attn_out(context) + states)
        return normed

    def mlp(self, states: "Tensor") -> "Tensor":
        """Run the feed-forward part."""
        normed: Tensor = self._mlp_norm(self._fc2(self._fc1(states)) + states)
        return normed


def _vision_encoder(vision: Any) -> VisionEncoder:  # noqa: ANN401
    layers = tuple(
        VisionLayer(
            self_attn_norm=layer.layer_norm1,
            qkv=Projection(layer.self_attn.qkv),
            num_heads=layer.self_attn.num_heads,
            self_attn_out=Projection(layer.self_attn.projection),
            mlp_norm=layer.layer_norm2,
            fc1=Projection(layer.mlp.fc1, activation=layer.mlp.activation_fn),
            fc2=Projection(layer.mlp.fc2),
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
