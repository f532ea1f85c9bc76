"""A package that is not f1cap's: Florence-2, added by the entry point `f1cap.families`."""

from f1cap.models.registry import FamilySpec, PromptKind
from f1cap.records.models import Decoding

FLORENCE2 = FamilySpec(
    name="florence2",
    label="Florence-2",
    model_types=("florence2",),
    architectures=("Florence2ForConditionalGeneration",),
    target="f1cap_florence2.captioner:Florence2Captioner",
    decoding=Decoding(num_beams=3),
    prompt=PromptKind.INSTRUCTION,
)
