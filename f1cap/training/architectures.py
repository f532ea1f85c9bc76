"""The three tiny architectures: the real model classes, with a few million parameters."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipTextConfig,
    BlipVisionConfig,
    GenerationConfig,
    GitConfig,
    GitForCausalLM,
    GPT2Config,
    PreTrainedModel,
    SwinConfig,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
)

IMAGE_SIZE = 128  # pixels; the scenes are drawn to be read at this size
PATCH_SIZE = 16
HIDDEN_SIZE = 192
INTERMEDIATE_SIZE = 512
NUM_HEADS = 4
VISION_LAYERS = 5
GIT_VISION_LAYERS = 4  # its image tokens pass through the text layers too
TEXT_LAYERS = 3
MAX_POSITIONS = 128  # text positions: 50 new tokens, a prompt, and room to spare
MAX_NEW_TOKENS = 50
INITIAL_RANGE = 0.05  # 0.02, the default, is for widths of 768
INITIAL_POSITIONS = 0.4  # far apart from the start: where things are is half of what is to be said
IGNORED = -100  # a label that the loss skips


@dataclass(frozen=True)
class Tokens:
    """The vocabulary's size and the special token ids that an architecture is built around."""

    vocab_size: int
    bos: int
    eos: int
    pad: int


@dataclass(frozen=True)
class Batch:
    """One batch of images with their captions, ready for a model."""

    pixel_values: torch.Tensor
    input_ids: torch.Tensor  # from start token to end token, then padding
    labels: torch.Tensor  # the same, unshifted, with IGNORED where the loss is to skip
    facts: torch.Tensor  # [image, fact]: the index of its value, -1 where there is none


@dataclass(frozen=True)
class Output:
    """What one training step needs of a forward pass."""

    loss: torch.Tensor
    image_states: torch.Tensor  # [image, image token, hidden]


def build_git(tokens: Tokens) -> PreTrainedModel:
    """Build a GIT: image tokens as a prefix of one decoder."""
    config = GitConfig(
        vision_config={
            "hidden_size": HIDDEN_SIZE,
            "intermediate_size": INTERMEDIATE_SIZE,
            "num_hidden_layers": GIT_VISION_LAYERS,
            "num_attention_heads": NUM_HEADS,
            "image_size": IMAGE_SIZE,
            "patch_size": PATCH_SIZE,
            "initializer_range": INITIAL_RANGE,
        },
        vocab_size=tokens.vocab_size,
        hidden_size=HIDDEN_SIZE,
        intermediate_size=INTERMEDIATE_SIZE,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=NUM_HEADS,
        max_position_embeddings=MAX_POSITIONS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=INITIAL_RANGE,
        bos_token_id=tokens.bos,
        eos_token_id=tokens.eos,
        pad_token_id=tokens.pad,
        tie_word_embeddings=False,
    )
    model = GitForCausalLM(config)
    _spread(model.git.image_encoder.vision_model.embeddings.position_embedding.weight)
    return model


def build_blip(tokens: Tokens) -> PreTrainedModel:
    """Build a BLIP: a ViT, and a BERT decoder with cross-attention to it."""
    vision = BlipVisionConfig(
        hidden_size=HIDDEN_SIZE,
        intermediate_size=INTERMEDIATE_SIZE,
        num_hidden_layers=VISION_LAYERS,
        num_attention_heads=NUM_HEADS,
        image_size=IMAGE_SIZE,
        patch_size=PATCH_SIZE,
        initializer_range=INITIAL_RANGE,
    )
    text = BlipTextConfig(
        vocab_size=tokens.vocab_size,
        hidden_size=HIDDEN_SIZE,
        encoder_hidden_size=HIDDEN_SIZE,
        intermediate_size=INTERMEDIATE_SIZE,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=NUM_HEADS,
        max_position_embeddings=MAX_POSITIONS,
        initializer_range=INITIAL_RANGE,
        bos_token_id=tokens.bos,
        sep_token_id=tokens.eos,
        eos_token_id=tokens.eos,
        pad_token_id=tokens.pad,
    )
    config = BlipConfig(
        text_config=text,
        vision_config=vision,
        initializer_range=INITIAL_RANGE,
        projection_dim=HIDDEN_SIZE,
    )
    model = BlipForConditionalGeneration(config)
    _spread(model.vision_model.embeddings.position_embedding)
    return model


def build_swin(tokens: Tokens) -> PreTrainedModel:
    """Build a Swin encoder and a GPT-2 decoder with cross-attention."""
    encoder = SwinConfig(
        image_size=IMAGE_SIZE,
        patch_size=8,
        embed_dim=HIDDEN_SIZE // 2,
        depths=[2, 4],
        num_heads=[2, 4],
        window_size=8,
        mlp_ratio=INTERMEDIATE_SIZE / HIDDEN_SIZE,
        drop_path_rate=0.0,
        initializer_range=INITIAL_RANGE,
        use_absolute_embeddings=True,
    )
    decoder = GPT2Config(
        vocab_size=tokens.vocab_size,
        n_positions=MAX_POSITIONS,
        n_embd=HIDDEN_SIZE,
        n_layer=TEXT_LAYERS,
        n_head=NUM_HEADS,
        n_inner=INTERMEDIATE_SIZE,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        summary_first_dropout=0.0,
        initializer_range=INITIAL_RANGE,
        bos_token_id=tokens.bos,
        eos_token_id=tokens.eos,
        pad_token_id=tokens.pad,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        encoder,
        decoder,
        decoder_start_token_id=tokens.bos,
        eos_token_id=tokens.eos,
        pad_token_id=tokens.pad,
    )
    model = VisionEncoderDecoderModel(config)
    model.set_attn_implementation("eager")  # on a CPU 1.4 times as fast in training as the default
    _spread(model.encoder.embeddings.position_embeddings)
    return model


def run_git(model: PreTrainedModel, batch: Batch) -> Output:
    """Run a GIT on a batch; it shifts the labels itself."""
    kept: list[torch.Tensor] = []
    hook = model.git.image_encoder.register_forward_hook(
        lambda _module, _inputs, output: kept.append(output.last_hidden_state)
    )
    try:
        output = model(
            input_ids=batch.input_ids, pixel_values=batch.pixel_values, labels=batch.labels
        )
    finally:
        hook.remove()
    return Output(loss=output.loss, image_states=kept[0])


def run_blip(model: PreTrainedModel, batch: Batch) -> Output:
    """Run a BLIP on a batch; it shifts the labels itself."""
    output = model(pixel_values=batch.pixel_values, input_ids=batch.input_ids, labels=batch.labels)
    return Output(loss=output.loss, image_states=output.last_hidden_state)


def run_swin(model: PreTrainedModel, batch: Batch) -> Output:
    """Run an encoder and decoder on a batch; given both, it shifts nothing."""
    output = model(
        pixel_values=batch.pixel_values,
        decoder_input_ids=batch.input_ids[:, :-1],
        labels=batch.labels[:, 1:],
    )
    return Output(loss=output.loss, image_states=output.encoder_last_hidden_state)


def set_generation(model: PreTrainedModel, tokens: Tokens, *, start: str) -> None:
    """Give a model the generation settings that its folder carries; `start` is the key's name."""
    model.generation_config = GenerationConfig(
        **{start: tokens.bos},
        eos_token_id=tokens.eos,
        pad_token_id=tokens.pad,
        max_new_tokens=MAX_NEW_TOKENS,
    )


@dataclass(frozen=True)
class Architecture:
    """How a family is built, run in training, and started in generation."""

    build: Callable[[Tokens], PreTrainedModel]
    run: Callable[[PreTrainedModel, Batch], Output]
    start_key: str


ARCHITECTURES = {
    "git": Architecture(build_git, run_git, "bos_token_id"),
    "blip": Architecture(build_blip, run_blip, "bos_token_id"),
    "swin": Architecture(build_swin, run_swin, "decoder_start_token_id"),
}


def _spread(positions: torch.Tensor) -> None:
    """Draw position embeddings anew, far apart."""
    with torch.no_grad():
        positions.normal_(std=INITIAL_POSITIONS)
