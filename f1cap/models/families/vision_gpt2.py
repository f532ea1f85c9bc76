"""An image encoder and a GPT-2 with cross-attention: Swin-Tiny + DistilGPT2, ViT + GPT-2."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from torch import nn
from transformers import VisionEncoderDecoderModel

from f1cap.models.decoding.kernels import Projection, attend, prepack_linears, split_heads
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
    encode_in_chunks,
    precompute_cross_kv,
)
from f1cap.models.decoding.search import FastDecoder
from f1cap.models.families.captioner import TextIds, TransformersCaptioner

if TYPE_CHECKING:
    from torch import Tensor


class VisionGpt2Decoder:
    """Runs the weights of a VisionEncoderDecoderModel; implements `search.FastDecoder`.

    The image encoder, Swin, ViT or another, runs transformers' own forward pass.
    """

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a transformers model, which mypy skips
        self._encoder = model.encoder
        enc_to_dec = getattr(model, "enc_to_dec_proj", None)  # where their hidden sizes differ
        self._enc_to_dec = nn.Identity() if enc_to_dec is None else Projection(enc_to_dec)
        gpt2 = model.decoder.transformer
        self._token_embedding = gpt2.wte
        self._position_embedding = gpt2.wpe
        self._layers = tuple(_TextLayer(layer) for layer in gpt2.h)
        self_attn = gpt2.h[0].attn
        self._shape = AttentionShape(len(self._layers), self_attn.num_heads, self_attn.head_dim)
        self._norm = gpt2.ln_f
        self._lm_head = LMHead(model.decoder.lm_head, self._token_embedding)

    @classmethod
    def wrap(cls, model: Any) -> Self | None:  # noqa: ANN401
        """Share a model's weights; None for a text model that is no GPT-2 with cross-attention."""
        text = model.decoder.config
        is_gpt2 = text.model_type == "gpt2" and text.add_cross_attention
        return cls(model) if is_gpt2 else None

    def begin(
        self, pixels: "Tensor", prompt_ids: Sequence[int], num_beams: int, max_new_tokens: int
    ) -> TextSession:
        """Encode images and project them for each layer's cross-attention, once."""
        encoded = encode_in_chunks(pixels, lambda chunk: self._encoder(pixel_values=chunk)[0])
        image_states = self._enc_to_dec(encoded)
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
        states = self._token_embedding(tokens) + self._position_embedding.weight[positions]
        for index, layer in enumerate(self._layers):
            states = layer.self_attention(states, index, mask, cache)
            states = layer.cross_attention(states, cross_kv.keys[index], cross_kv.values[index])
            states = layer.mlp(states)
        normed: Tensor = self._norm(states)
        return normed

    def compute_logits(self, states: "Tensor") -> "Tensor":
        """Turn hidden states into logits over the vocabulary."""
        return self._lm_head(states)

    def prepack(self) -> None:
        """Prepack all weights for this CPU; see `kernels.Projection.prepack`."""
        for layer in self._layers:
            for projection in layer.projections:
                projection.prepack()
        prepack_linears(self._encoder)
        if isinstance(self._enc_to_dec, Projection):
            self._enc_to_dec.prepack()
        self._lm_head.prepack()


class _TextLayer(CrossAttentionLayer):
    """A GPT-2 layer: self-attention, cross-attention, MLP, each with a norm before it."""

    def __init__(self, layer: Any) -> None:  # noqa: ANN401
        self_attn, cross_attn = layer.attn, layer.crossattention
        self._num_heads = self_attn.num_heads
        self._self_attn_norm = layer.ln_1
        self._self_attn_qkv = Projection(self_attn.c_attn)
        self._self_attn_scale = self_attn.scaling
        self._self_attn_out = Projection(self_attn.c_proj)
        self._cross_attn_norm = layer.ln_cross_attn
        self._cross_attn_q = Projection(cross_attn.q_attn)
        self._cross_attn_kv = Projection(cross_attn.c_attn)
        self._cross_attn_scale = cross_attn.scaling
        self._cross_attn_out = Projection(cross_attn.c_proj)
        self._mlp_norm = layer.ln_2
        self._fc1 = Projection(layer.mlp.c_fc, activation=layer.mlp.act)
        self._fc2 = Projection(layer.mlp.c_proj)

    def self_attention(
        self, states: "Tensor", index: int, mask: "Tensor | None", cache: KVCache
    ) -> "Tensor":
        """Attend to the text so far; the new tokens' keys and values join the cache."""
        qkv = self._self_attn_qkv(self._self_attn_norm(states))
        queries, keys, values = (
            split_heads(part, self._num_heads) for part in qkv.chunk(3, dim=-1)
        )
        cache.write(index, keys, values)
        context = attend(queries, *cache.read(index), mask, self._self_attn_scale)
        return self._self_attn_out(context) + states

    def cross_attention(self, states: "Tensor", keys: "Tensor", values: "Tensor") -> "Tensor":
        """Attend to the image; its beams are queries of one attention."""
        queries = split_heads(self._cross_attn_q(self._cross_attn_norm(states)), self._num_heads)
        context = attend(queries, keys, values, None, self._cross_attn_scale)
        return self._cross_attn_out(context) + states

    def mlp(self, states: "Tensor") -> "Tensor":
        """Run the feed-forward part."""
        return self._fc2(self._fc1(self._mlp_norm(states))) + states


class VisionGpt2Captioner(TransformersCaptioner):
    """Captions with VisionEncoderDecoderModel, whatever its image encoder."""

    model_class: ClassVar[Any] = VisionEncoderDecoderModel
    decoder_class: ClassVar[type[FastDecoder] | None] = VisionGpt2Decoder

    def _text_ids(self) -> TextIds:
        config, decoder = self._model.config, self._model.decoder.config
        end = _first("eos_token_id", config, decoder, default=decoder.bos_token_id)
        return TextIds(
            start_token_id=_first("decoder_start_token_id", config, default=decoder.bos_token_id),
            eos_token_ids=(end,),
            pad_token_id=_first("pad_token_id", config, decoder, default=end),
            max_position_embeddings=decoder.max_position_embeddings,
            vocab_size=decoder.vocab_size,
        )

    def _image_size(self) -> Any:  # noqa: ANN401 - an int or two of them
        return self._model.config.encoder.image_size


def _first(name: str, *configs: Any, default: Any) -> Any:  # noqa: ANN401
    """Return an id from the first config that gives it; checkpoints differ in which one does."""
    found = (getattr(config, name, None) for config in configs)
    return next((value for value in found if value is not None), default)
