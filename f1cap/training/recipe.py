"""What each mini checkpoint is trained on, for how long, and how it is to be decoded."""

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
        pictures: How many scenes are drawn.
        num_beams: Beams in decoding.
        no_repeat_ngram: Length of the word groups that may not come twice; 0 for any.
        prompts: Whether some captions are trained behind a prompt.
    """

    family: str
    domain: str
    steps: int
    steps_per_minute: int
    num_beams: int
    no_repeat_ngram: int = 0
    prompts: bool = False
    pictures: int = 32_000

    # The same for the three of them.
    batch: int = 32
    muon_rate: float = 2.4e-3
    adam_rate: float = 8e-4
    weight_decay: float = 0.02
    warm_up: int = 100
    clip: float = 1.0
    fact_weight: tuple[float, float] = (0.4, 0.1)  # of the fact head's loss, at start and end
    shift: int = 5  # pixels
    brightness: float = 0.15


RECIPES = {
    "git-mini": Recipe("git", "racing", steps=2200, steps_per_minute=145, num_beams=4),
    "blip-mini": Recipe(
        "blip", "racing", steps=2000, steps_per_minute=140, num_beams=5, prompts=True
    ),
    "swin-mini": Recipe(
        "swin", "everyday", steps=2000, steps_per_minute=130, num_beams=5, no_repeat_ngram=2
    ),
}
