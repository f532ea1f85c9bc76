"""An image encoder and a GPT-2 with cross-attention: Swin-Tiny + DistilGPT2 and its kind."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from torch import nn
from transformers import VisionEncoderDecoderModel

from f1cap.models.captioner import TextIds, TransformersCaptioner
from f1cap.models.decoding.engine import FastDecoder
from f1cap.models.decoding.kernels import Projection, attend, pack_linears, split_heads
from f1cap.models.decoding.kv_cache import Entries, HeadShape, TextCache, TextSession, repeat_start
from f1cap.models.decoding.layers import CrossLayer, Head, encode, look_once

if TYPE_CHECKING:
    from torch import Tensor


class SwinDecoder:
    """Runs the weights of a VisionEncoderDecoderModel; implements `engine.FastDecoder`.

    The image encoder, Swin or another, is run as transformers has it.
    """

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a transformers model, which mypy skips
        self._encoder = model.encoder
        bridge = getattr(model, "enc_to_dec_proj", None)  # where the two widths differ
        self._bridge = nn.Identity() if bridge is None else Projection(bridge)
        text = model.decoder.transformer
        self._words = text.wte
        self._positions = text.wpe
        self._layers = tuple(_TextLayer(layer) for layer in text.h)
        first = text.h[0].attn
        self._shape = HeadShape(len(self._layers), first.num_heads, first.head_dim)
        self._norm = text.ln_f
        self._head = Head(model.decoder.lm_head, self._words)

    @classmethod
    def wrap(cls, model: Any) -> Self | None:  # noqa: ANN401
        """Share a model's weights; None for a text model that is no GPT-2 with cross-attention."""
        text = model.decoder.config
        is_gpt2 = text.model_type == "gpt2" and text.add_cross_attention
        return cls(model) if is_gpt2 else None

    def begin(self, pixels: "Tensor", start: Sequence[int], beams: int, steps: int) -> TextSession:
        """Encode images and project them for each layer's cross-attention, once."""
        image = self._bridge(encode(pixels, lambda part: self._encoder(pixel_values=part)[0]))
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
        states = self._words(tokens) + self._positions.weight[positions]
        for index, layer in enumerate(self._layers):
            states = layer.attend_to_text(states, index, mask, cache)
            states = layer.attend_to_image(states, images.keys[index], images.values[index])
            states = layer.feed(states)
        normed: Tensor = self._norm(states)
        return normed

    def score(self, states: "Tensor") -> "Tensor":
        """Turn states into logits over the vocabulary."""
        return self._head(states)

    def pack(self) -> None:
        """Lay all weights out for this CPU; see `kernels.Projection`."""
        for layer in self._layers:
            for projection in layer.projections:
                projection.pack()
        pack_linears(self._encoder)
        if isinstance(self._bridge, Projection):
            self._bridge.pack()
        self._head.pack()


class _TextLayer(CrossLayer):
    """A GPT-2 layer with cross-attention: text, image, feed-forward, each normalised before."""

    def __init__(self, layer: Any) -> None:  # noqa: ANN401
        own, cross = layer.attn, layer.crossattention
        self._heads = own.num_heads
        self._norm = layer.ln_1
        self._own = Projection(own.c_attn)
        self._own_scale = own.scaling
        self._own_out = Projection(own.c_proj)
        self._cross_norm = layer.ln_cross_attn
        self._cross_queries = Projection(cross.q_attn)
        self._cross_image = Projection(cross.c_attn)
        self._cross_scale = cross.scaling
        self._cross_out = Projection(cross.c_proj)
        self._feed_norm = layer.ln_2
        self._widen = Projection(layer.mlp.c_fc, activation=layer.mlp.act)
        self._narrow = Projection(layer.mlp.c_proj)

    def attend_to_text(
        self, states: "Tensor", index: int, mask: "Tensor | None", cache: TextCache
    ) -> "Tensor":
        """Look at what was said; the new tokens' keys and values join the cache."""
        queries, keys, values = (
            split_heads(part, self._heads)
            for part in self._own(self._norm(states)).chunk(3, dim=-1)
        )
        cache.write(index, keys, values)
        found = attend(queries, *cache.read(index), mask, self._own_scale)
        return self._own_out(found) + states

    def attend_to_image(self, states: "Tensor", keys: "Tensor", values: "Tensor") -> "Tensor":
        """Look at the image: its beams are so many queries of one attention."""
        queries = split_heads(self._cross_queries(self._cross_norm(states)), self._heads)
        return self._cross_out(attend(queries, keys, values, None, self._cross_scale)) + states

    def feed(self, states: "Tensor") -> "Tensor":
        """Run the feed-forward part."""
        return self._narrow(self._widen(self._feed_norm(states))) + states


class VisionGpt2Captioner(TransformersCaptioner):
    """Captions with VisionEncoderDecoderModel, whatever its image encoder."""

    model_class: ClassVar[Any] = VisionEncoderDecoderModel
    decoder_class: ClassVar[type[FastDecoder] | None] = SwinDecoder

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
