"""GIT: image tokens as a prefix of one text decoder."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Self

from transformers import GitForCausalLM

from f1cap.models.decoding.kernels import Projection, attend, split_heads
from f1cap.models.decoding.kv_cache import (
    AttentionShape,
    KeyValues,
    KVCache,
    TextSession,
    repeat_prompt,
)
from f1cap.models.decoding.layers import LMHead, VisionEncoder, VisionLayer, chunks
from f1cap.models.decoding.search import FastDecoder
from f1cap.models.families.captioner import TextIds, TransformersCaptioner

if TYPE_CHECKING:
    from torch import Tensor


class GitDecoder:
    """Runs the weights of a GitForCausalLM; implements `search.FastDecoder`."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a transformers model, which mypy skips
        git = model.git
        self._vision = _vision_encoder(git.image_encoder.vision_model)
        linear, self._visual_norm = git.visual_projection.visual_projection
        self._visual_projection = Projection(linear)
        self._token_embedding = git.embeddings.word_embeddings
        self._position_embedding = git.embeddings.position_embeddings
        self._embedding_norm = git.embeddings.LayerNorm
        self._layers = tuple(_TextLayer(layer) for layer in git.encoder.layer)
        self_attn = git.encoder.layer[0].attention.self
        self._shape = AttentionShape(
            len(self._layers), self_attn.num_attention_heads, self_attn.attention_head_size
        )
        self._lm_head = LMHead(model.output, self._token_embedding)

    @classmethod
    def wrap(cls, model: Any) -> Self | None:  # noqa: ANN401
        """Share a model's weights; None for the video models, which embed the time of a frame."""
        return None if model.config.num_image_with_embedding else cls(model)

    def begin(
        self, pixels: "Tensor", prompt_ids: Sequence[int], num_beams: int, max_new_tokens: int
    ) -> TextSession:
        """Encode images and run their tokens through the text layers, once."""
        image_states = self._visual_norm(self._visual_projection(self._vision(pixels)))
        prefix_length = image_states.shape[1]
        capacity = prefix_length + len(prompt_ids) + num_beams * (max_new_tokens - 1)
        cache = KVCache(self._shape, len(pixels), num_beams, capacity, image_states)
        cache.extend_shared(prefix_length)
        for rows, chunk in chunks(image_states):
            self._prefill_image(chunk, rows.start, cache)
        prompt = repeat_prompt(prompt_ids, pixels)
        return TextSession(self, prompt, cache, KeyValues.empty(image_states), prefix_length)

    def forward(
        self,
        tokens: "Tensor",
        positions: slice,
        mask: "Tensor | None",
        cache: KVCache,
        cross_kv: KeyValues,  # empty: image tokens are a prefix in the cache
    ) -> "Tensor":
        """Run the text layers; see `kv_cache.TextModel`."""
        embedded = self._token_embedding(tokens) + self._position_embedding.weight[positions]
        states = self._embedding_norm(embedded)
        for index, layer in enumerate(self._layers):
            queries, keys, values = layer.project_qkv(states)
            cache.write(index, keys, values)
            states = layer.finish(states, attend(queries, *cache.read(index), mask))
        return states

    def compute_logits(self, states: "Tensor") -> "Tensor":
        """Turn hidden states into logits over the vocabulary."""
        return self._lm_head(states)

    def prepack(self) -> None:
        """Prepack all weights for this CPU; see `kernels.Projection.prepack`."""
        for projection in chain.from_iterable(layer.projections for layer in self._layers):
            projection.prepack()
        self._vision.prepack()
        self._visual_projection.prepack()
        self._lm_head.prepack()

    def _prefill_image(self, states: "Tensor", first: int, cache: KVCache) -> None:
        """Put image tokens, which attend to each other and to no text, into the cache."""
        for index, layer in enumerate(self._layers):
            if index + 1 == len(self._layers):  # the last layer's image states are not used
                cache.write(index, *layer.project_kv(states), first)
                return
            queries, keys, values = layer.project_qkv(states)
            cache.write(index, keys, values, first)
            states = layer.finish(states, attend(queries, keys, values))


class _TextLayer:
    """A BERT layer: self-attention and MLP, each with a norm after it."""

    def __init__(self, layer: Any) -> None:  # noqa: ANN401
        self_attn = layer.attention
        self._num_heads = self_attn.self.num_attention_heads
        self._q = Projection(self_attn.self.query)
        self._kv = Projection(self_attn.self.key, self_attn.self.value)
        self._self_attn_out = Projection(self_attn.output.dense)
        self._self_attn_norm = self_attn.output.LayerNorm
        self._fc1 = Projection(
            layer.intermediate.dense, activation=layer.intermediate.intermediate_act_fn
        )
        self._fc2 = Projection(layer.output.dense)
        self._mlp_norm = layer.output.LayerNorm

    @property
    def projections(self) -> tuple[Projection, ...]:
        """All linear layers."""
        return (self._q, self._kv, self._self_attn_out, self._fc1, self._fc2)

    def project_qkv(self, states: "Tensor") -> tuple["Tensor", "Tensor", "Tensor"]:
        """Return queries, keys and values by head."""
        return (split_heads(self._q(states), self._num_heads), *self.project_kv(states))

    def project_kv(self, states: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Return keys and values by head."""
        keys, values = self._kv(states).chunk(2, dim=-1)
        return split_heads(keys, self._num_heads), split_heads(values, self._num_heads)

    def finish(self, states: "Tensor", context: "Tensor") -> "Tensor":
        """Add attention's output, then run the MLP."""
        states = self._self_attn_norm(self._self_attn_out(context) + states)
        normed: Tensor = self._mlp_norm(self._fc2(self._fc1(states)) + states)
        return normed


def _vision_encoder(vision: Any) -> VisionEncoder:  # noqa: ANN401
    def embed(pixels: "Tensor") -> "Tensor":
        states: Tensor = vision.pre_layrnorm(vision.embeddings(pixels))
        return states

    layers = tuple(
        VisionLayer(
            self_attn_norm=layer.layer_norm1,
            qkv=Projection(layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj),
            num_heads=layer.self_attn.num_heads,
            self_attn_out=Projection(layer.self_attn.out_proj),
            mlp_norm=layer.layer_norm2,
            fc1=Projection(layer.mlp.fc1, activation=layer.mlp.activation_fn),
            fc2=Projection(layer.mlp.fc2),
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
