"""The numbers of a model that decide how much memory it takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisionShape:
    """An image encoder.

    Attributes:
        pixels: Side of the square image that it takes.
        tokens: Positions of its first layer, where a pyramid such as Swin holds the most.
        width: Of a position there.
        mlp_width: Of the feed-forward part there.
        tokens_out: Positions that it hands to the text model.
    """

    pixels: int
    tokens: int
    width: int
    mlp_width: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class TextShape:
    """A text decoder.

    Attributes:
        tied: The token embeddings serve as the output layer too.
        prefix: Image tokens are the start of its text (GIT); else it reads them by cross-attention
            (BLIP, GPT-2).
    """

    layers: int
    width: int
    mlp_width: int
    vocab_size: int
    tied: bool
    prefix: bool


@dataclass(frozen=True, slots=True)
class Architecture:
    """A captioner's two halves."""

    vision: VisionShape
    text: TextShape


@dataclass(frozen=True, slots=True)
class Footprint:
    """The memory that a model is predicted to take while it captions, in bytes, by what takes it.

    Attributes:
        weights: Exact: every parameter once, at the number format's size.
        prepack: On a CPU, tied embeddings a second time, packed as an output layer.
        images: Prepared images of a batch.
        encoder: The most that the image encoder holds at once.
        cache: Keys and values: of the images once, of the text per beam.
        prefill: What the text model holds while it takes the image tokens in.
        search: Logits and scores of all beams over the vocabulary.
        overhead: What the CUDA context and the allocator add on a GPU; 0 on a CPU.
    """

    weights: int
    prepack: int
    images: int
    encoder: int
    cache: int
    prefill: int
    search: int
    overhead: int

    @property
    def working(self) -> int:
        """The peak of what comes and goes: the three stages come one after the other."""
        return self.images + max(self.encoder, self.cache + max(self.prefill, self.search))

    @property
    def tensors(self) -> int:
        """The peak of all tensors."""
        return self.weights + self.prepack + self.working

    @property
    def total(self) -> int:
        """The peak that the driver is predicted to see."""
        return self.tensors + self.overhead
