"""What each mini checkpoint is trained on, for how long, and how it is decoded."""

from dataclasses import dataclass

DEFAULT_SEED = 1


@dataclass(frozen=True)
class Recipe:
    """How one checkpoint is made.

    Attributes:
        family: git, blip or swin.
        domain: The scenes that it learns: racing or everyday.
        steps: Training steps, each of one batch; fixed, so that a seed gives the same weights.
        steps_per_minute: Steps that one core did in a minute when `steps` was chosen.
        images: How many scenes are drawn.
        num_beams: Beams in decoding.
        no_repeat_ngram_size: Length of the token n-grams that may not repeat; 0 bans none.
        prompts: Whether some captions are trained behind a prompt.
    """

    family: str
    domain: str
    steps: int
    steps_per_minute: int
    num_beams: int
    no_repeat_ngram_size: int = 0
    prompts: bool = False
    images: int = 32_000

    # The same for the three of them.
    batch_size: int = 32
    muon_lr: float = 2.4e-3
    adamw_lr: float = 8e-4
    weight_decay: float = 0.02
    warmup_steps: int = 100
    max_grad_norm: float = 1.0
    fact_weight: tuple[float, float] = (0.4, 0.1)  # of the fact head's loss, at start and end
    max_shift: int = 5  # pixels
    brightness: float = 0.15  # relative change


RECIPES = {
    "git-mini": Recipe("git", "racing", steps=2200, steps_per_minute=145, num_beams=4),
    "blip-mini": Recipe(
        "blip", "racing", steps=2000, steps_per_minute=140, num_beams=5, prompts=True
    ),
    "swin-mini": Recipe(
        "swin", "everyday", steps=2000, steps_per_minute=130, num_beams=5, no_repeat_ngram_size=2
    ),
}
