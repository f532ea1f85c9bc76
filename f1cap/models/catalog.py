"""The models f1cap knows by name, as data, and what of them is on this machine."""

from collections.abc import Iterable
from pathlib import Path

from f1cap.errors import UnsupportedModelError
from f1cap.models import registry
from f1cap.models.hub import cache
from f1cap.models.registry import BLIP, GIT, VISION_ENCODER_DECODER
from f1cap.records.models import Availability, CatalogEntry, Decoding, ModelSpec

_BUNDLED = Path(__file__).resolve().parent.parent / "bundled" / "checkpoints"
_MINI_NOTE = (
    "Trained only on scenes that f1cap renders: on real photographs it is fluent and wrong."
)
_NO_SAFETENSORS = (
    "The hub has its weights as a .bin file only; f1cap reads it without running code in it."
)

# BLIP's output layer is its word embeddings, and a tensor of its own in the file.
_BLIP_HEAD = 30_524 * 768
_ROWS = (
    ModelSpec(
        name="blip-base",
        aliases=("blip",),
        checkpoint="Salesforce/blip-image-captioning-base",
        revision="82a37760796d32b1411fe092ab5d4e227313294b",
        family=BLIP.name,
        decoding=BLIP.decoding,
        parameters=223_971_644,
        stored_twice=_BLIP_HEAD,
        note="Pre-trained, COCO captions among its data; the COCO scores published for BLIP are of "
        f"other, fine-tuned weights. {_NO_SAFETENSORS}",
    ),
    ModelSpec(
        name="git-base",
        aliases=("git",),
        checkpoint="microsoft/git-base",
        family=GIT.name,
        decoding=GIT.decoding,
        parameters=176_619_066,
        note="Pre-trained on image-text pairs, not fine-tuned on COCO; git-base-coco is.",
    ),
    ModelSpec(
        name="swin-tiny",
        aliases=("swin",),
        checkpoint="yesidcanoc/image-captioning-swin-tiny-distilgpt2",
        family=VISION_ENCODER_DECODER.name,
        decoding=VISION_ENCODER_DECODER.decoding,
        parameters=123_615_354,
        negative_control=True,
        note="The negative control: fluent COCO captions that have nothing to do with racing. "
        "It was not trained to stop; --first-sentence cuts its captions.",
    ),
    ModelSpec(
        name="blip-large",
        checkpoint="Salesforce/blip-image-captioning-large",
        family=BLIP.name,
        decoding=BLIP.decoding,
        parameters=446_290_492,
        stored_twice=_BLIP_HEAD,
        note="The larger BLIP, twice the size of blip-base.",
    ),
    ModelSpec(
        name="git-base-coco",
        checkpoint="microsoft/git-base-coco",
        revision="a13141da42abd4a8cbf283601a8104265f537cee",
        family=GIT.name,
        decoding=GIT.decoding,
        parameters=176_619_066,
        note="git-base fine-tuned on COCO captions.",
    ),
    ModelSpec(
        name="git-large-coco",
        checkpoint="microsoft/git-large-coco",
        family=GIT.name,
        decoding=GIT.decoding,
        parameters=394_196_026,
        note="Fine-tuned on COCO captions; twice the size of git-base-coco.",
    ),
    ModelSpec(
        name="vit-gpt2",
        checkpoint="nlpconnect/vit-gpt2-image-captioning",
        revision="dc68f91c06a1ba6f15268e5b9c13ae7a7c514084",
        family=VISION_ENCODER_DECODER.name,
        decoding=Decoding(num_beams=4, max_new_tokens=16),
        parameters=239_195_904,
        note="Fine-tuned on COCO captions, which its model card limits to 16 tokens. "
        f"{_NO_SAFETENSORS}",
    ),
    ModelSpec(
        name="git-mini",
        checkpoint=str(_BUNDLED / "git-mini"),
        family=GIT.name,
        decoding=GIT.decoding,
        parameters=2_792_954,
        local=True,
        bundled=True,
        note=_MINI_NOTE,
    ),
    ModelSpec(
        name="blip-mini",
        checkpoint=str(_BUNDLED / "blip-mini"),
        family=BLIP.name,
        decoding=BLIP.decoding,
        parameters=3_512_507,
        local=True,
        bundled=True,
        note=_MINI_NOTE,
    ),
    ModelSpec(
        name="swin-mini",
        checkpoint=str(_BUNDLED / "swin-mini"),
        family=VISION_ENCODER_DECODER.name,
        decoding=VISION_ENCODER_DECODER.decoding,
        parameters=3_345_460,
        local=True,
        bundled=True,
        negative_control=True,
        note=f"The bundled negative control: it knows everyday scenes, not racing. {_MINI_NOTE}",
    ),
)
CATALOG: dict[str, ModelSpec] = {row.name: row for row in _ROWS}
STUDY: tuple[str, ...] = ("blip-base", "git-base", "swin-tiny")  # what --all means
MINIS: tuple[str, ...] = ("git-mini", "blip-mini", "swin-mini")  # what runs without a download


def require_prompt(spec: ModelSpec) -> None:
    """Refuse a prompt to a model whose family takes none.

    Raises:
        UnsupportedModelError: It takes none.
    """
    if registry.find(spec.family).takes_prompt:
        return
    takers = [family for family in registry.families() if family.takes_prompt]
    names = {family.name for family in takers}
    example = next(name for name, row in CATALOG.items() if row.family in names)
    raise UnsupportedModelError(
        f"{spec.name} takes no prompt: only {' and '.join(one.label for one in takers)} models do.",
        hint=f"Leave --prompt out, or choose a model that takes one, such as {example}.",
    )


def drawings_note(specs: Iterable[ModelSpec]) -> str | None:
    """Say which of the models are made for the bundled images only; None where none is."""
    names = [spec.name for spec in specs if spec.bundled]
    if not names:
        return None
    *others, last = names
    one = not others
    return (
        f"{last if one else ', '.join(others) + f' and {last}'} "
        f"know{'s' if one else ''} rendered drawings only: of other images "
        f"{'its' if one else 'their'} captions are fluent and wrong. "
        "For photographs use a model such as blip-base."
    )


def availability(spec: ModelSpec) -> Availability:
    """Tell where a model's weights are, by looking at folders only."""
    if spec.bundled:
        complete = cache.is_complete(Path(spec.checkpoint))
        return Availability.BUNDLED if complete else Availability.ABSENT
    if spec.local:
        complete = cache.is_complete(Path(spec.checkpoint))
        return Availability.DOWNLOADED if complete else Availability.ABSENT
    complete = cache.find_complete(spec.checkpoint, spec.revision) is not None
    return Availability.DOWNLOADED if complete else Availability.ABSENT


def entries() -> tuple[CatalogEntry, ...]:
    """Return the catalogue in its order, each row with where its weights are."""
    return tuple(CatalogEntry(spec, availability(spec)) for spec in CATALOG.values())
