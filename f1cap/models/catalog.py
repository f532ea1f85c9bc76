"""The models f1cap knows by name, as data, and how a name becomes one.

Code that runs a family is named as text and imported when a model is opened, so that listing
and `--help` load no torch.
"""

import dataclasses
import difflib
import json
import os
import re
from pathlib import Path
from typing import Any

from f1cap.errors import UnknownModelError, UnsupportedModelError
from f1cap.models import hub_cache
from f1cap.records.models import Availability, CatalogEntry, Decoding, Family, ModelSpec

FAMILIES: dict[Family, str] = {
    Family.BLIP: "f1cap.models.blip:BlipCaptioner",
    Family.GIT: "f1cap.models.git:GitCaptioner",
    Family.SWIN: "f1cap.models.swin:SwinCaptioner",
}
# what config.json calls a family, and the one of its classes that captions
_MODEL_TYPES: dict[str, tuple[Family, str]] = {
    "blip": (Family.BLIP, "BlipForConditionalGeneration"),
    "git": (Family.GIT, "GitForCausalLM"),
    "vision-encoder-decoder": (Family.SWIN, "VisionEncoderDecoderModel"),
}
_DECODER_TYPE = "gpt2"
_FAMILY_WORDS = "BLIP (model_type blip), GIT (git), image encoder + GPT-2 (vision-encoder-decoder)"

_BLIP_DECODING = Decoding(num_beams=5)
_GIT_DECODING = Decoding(num_beams=4)
_SWIN_DECODING = Decoding(num_beams=5, no_repeat_ngram_size=2)
_DECODINGS = {
    Family.BLIP: _BLIP_DECODING,
    Family.GIT: _GIT_DECODING,
    Family.SWIN: _SWIN_DECODING,
}

_BUNDLED = Path(__file__).resolve().parent.parent / "mini" / "checkpoints"
_MINI_NOTE = (
    "Trained only on scenes that f1cap renders: on real photographs it is fluent and wrong."
)
_NO_SAFETENSORS = (
    "The hub has its weights as a .bin file only; f1cap reads it without running code in it."
)

_ROWS = (
    ModelSpec(
        name="blip-base",
        aliases=("blip",),
        checkpoint="Salesforce/blip-image-captioning-base",
        revision="82a37760796d32b1411fe092ab5d4e227313294b",
        family=Family.BLIP,
        decoding=_BLIP_DECODING,
        parameters=223_971_644,
        note=f"Fine-tuned on COCO captions. {_NO_SAFETENSORS}",
    ),
    ModelSpec(
        name="git-base",
        aliases=("git",),
        checkpoint="microsoft/git-base",
        family=Family.GIT,
        decoding=_GIT_DECODING,
        parameters=176_619_066,
        note="Pre-trained on image-text pairs, not fine-tuned on COCO; git-base-coco is.",
    ),
    ModelSpec(
        name="swin-tiny",
        aliases=("swin",),
        checkpoint="yesidcanoc/image-captioning-swin-tiny-distilgpt2",
        family=Family.SWIN,
        decoding=_SWIN_DECODING,
        parameters=123_615_354,
        negative_control=True,
        note="The negative control: fluent COCO captions that have nothing to do with racing. "
        "It was never taught to stop; --first-sentence cuts its captions.",
    ),
    ModelSpec(
        name="blip-large",
        checkpoint="Salesforce/blip-image-captioning-large",
        family=Family.BLIP,
        decoding=_BLIP_DECODING,
        parameters=446_290_492,
        note="Fine-tuned on COCO captions; twice the size of blip-base.",
    ),
    ModelSpec(
        name="git-base-coco",
        checkpoint="microsoft/git-base-coco",
        revision="a13141da42abd4a8cbf283601a8104265f537cee",
        family=Family.GIT,
        decoding=_GIT_DECODING,
        parameters=176_619_066,
        note="git-base fine-tuned on COCO captions.",
    ),
    ModelSpec(
        name="git-large-coco",
        checkpoint="microsoft/git-large-coco",
        family=Family.GIT,
        decoding=_GIT_DECODING,
        parameters=394_196_026,
        note="Fine-tuned on COCO captions; twice the size of git-base-coco.",
    ),
    ModelSpec(
        name="vit-gpt2",
        checkpoint="nlpconnect/vit-gpt2-image-captioning",
        revision="dc68f91c06a1ba6f15268e5b9c13ae7a7c514084",
        family=Family.SWIN,
        decoding=Decoding(num_beams=4, max_new_tokens=16),
        parameters=239_195_904,
        note=f"Fine-tuned on COCO captions, which its card decodes to 16 tokens. {_NO_SAFETENSORS}",
    ),
    ModelSpec(
        name="git-mini",
        checkpoint=str(_BUNDLED / "git-mini"),
        family=Family.GIT,
        decoding=_GIT_DECODING,
        parameters=2_792_954,
        local=True,
        bundled=True,
        note=_MINI_NOTE,
    ),
    ModelSpec(
        name="blip-mini",
        checkpoint=str(_BUNDLED / "blip-mini"),
        family=Family.BLIP,
        decoding=_BLIP_DECODING,
        parameters=3_512_507,
        local=True,
        bundled=True,
        note=_MINI_NOTE,
    ),
    ModelSpec(
        name="swin-mini",
        checkpoint=str(_BUNDLED / "swin-mini"),
        family=Family.SWIN,
        decoding=_SWIN_DECODING,
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

# org/name, and after an @ the revision that was asked for
_HUB_ID = re.compile(r"(?P<repo>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w./-]+))?")


def resolve(name: str, *, offline: bool = False) -> ModelSpec:
    """Turn what the user calls a model into its spec.

    The network is asked in one case only: for the config.json of a hub id that is neither in
    the catalogue nor in the cache, since a family that is not served is refused before
    anything else is fetched or run.

    Args:
        name: A catalogue name or alias in any case, a folder, or a hub id (`org/name`). All but
            a folder may end in `@revision`. A name in the catalogue wins over a folder of that
            name; write `./name` for the folder.
        offline: Do not ask the network.

    Raises:
        UnknownModelError: It is none of these.
        UnsupportedModelError: It is a checkpoint of a family that f1cap does not serve.
        CheckpointError: Its config.json cannot be fetched; subclasses say why.
    """
    wanted = name.strip()
    known, _, revision = wanted.partition("@")
    for spec in CATALOG.values():
        if known.lower() in {spec.name, *spec.aliases} and not (revision and spec.local):
            return _at_revision(spec, revision)
    folder = Path(wanted).expanduser()
    if wanted and folder.is_dir():
        return _local_spec(folder)
    if _looks_like_path(wanted):
        message = f"There is no checkpoint folder at {wanted}."
        raise UnknownModelError(message, hint=_choices())
    if match := _HUB_ID.fullmatch(wanted):
        return _hub_spec(match["repo"], match["revision"], wanted, offline=offline)
    raise UnknownModelError(
        f"There is no model named {wanted!r}.{_nearest(wanted)}", hint=_choices()
    )


def availability(spec: ModelSpec) -> Availability:
    """Tell where a model's weights are, by looking at folders only."""
    if spec.bundled:
        complete = hub_cache.is_complete(Path(spec.checkpoint))
        return Availability.BUNDLED if complete else Availability.ABSENT
    if spec.local:
        complete = hub_cache.is_complete(Path(spec.checkpoint))
        return Availability.DOWNLOADED if complete else Availability.ABSENT
    complete = hub_cache.find_complete(spec.checkpoint, spec.revision) is not None
    return Availability.DOWNLOADED if complete else Availability.ABSENT


def entries() -> tuple[CatalogEntry, ...]:
    """Return the catalogue in its order, each row with where its weights are."""
    return tuple(CatalogEntry(spec, availability(spec)) for spec in CATALOG.values())


def read_family(folder: Path, *, name: str) -> Family:
    """Return the family that a checkpoint's config.json declares.

    Raises:
        UnsupportedModelError: There is no readable config.json, or its family is not served.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{name} is not a checkpoint folder: it has no config.json."
        raise UnsupportedModelError(message, hint=f"f1cap runs {_FAMILY_WORDS}.") from None
    except (OSError, ValueError) as error:
        message = f"The config.json of {name} cannot be read: {error}."
        raise UnsupportedModelError(message, hint=f"f1cap runs {_FAMILY_WORDS}.") from None
    if not isinstance(config, dict):
        config = {}
    declared = config.get("model_type")
    family, captioner = _MODEL_TYPES.get(str(declared), (None, ""))
    problem = None
    if family is None:
        problem = f"is of the family {declared!r}"
    elif isinstance(made := config.get("architectures"), list) and made and captioner not in made:
        problem = f"is made for {', '.join(map(str, made))}, which writes no captions"
    elif family is Family.SWIN and (text := _decoder_type(config)) != _DECODER_TYPE:
        problem = f"writes with {text!r}, not GPT-2"
    if family is None or problem is not None:
        message = f"{name} {problem}: f1cap does not run it."
        raise UnsupportedModelError(message, hint=f"f1cap runs {_FAMILY_WORDS}.")
    return family


def _decoder_type(config: dict[str, Any]) -> object:
    decoder = config.get("decoder")
    return decoder.get("model_type") if isinstance(decoder, dict) else None


def _local_spec(folder: Path) -> ModelSpec:
    folder = folder.resolve()
    for spec in CATALOG.values():
        if spec.local and Path(spec.checkpoint) == folder:
            return spec
    family = read_family(folder, name=str(folder))
    return ModelSpec(
        name=folder.name,
        checkpoint=str(folder),
        family=family,
        decoding=_DECODINGS[family],
        local=True,
    )


def _hub_spec(repo: str, revision: str | None, wanted: str, *, offline: bool) -> ModelSpec:
    for spec in CATALOG.values():
        if not spec.local and spec.checkpoint.lower() == repo.lower():
            return _at_revision(spec, revision)
    snapshot = hub_cache.find_snapshot(repo, revision)
    if snapshot is not None and (snapshot.folder / "config.json").is_file():
        folder = snapshot.folder
    else:
        from f1cap.models import fetch  # here: it asks this module for the bundled models' names

        folder = fetch.fetch_config(repo, revision, offline=offline)
    family = read_family(folder, name=repo)
    return ModelSpec(
        name=wanted,
        checkpoint=repo,
        family=family,
        decoding=_DECODINGS[family],
        revision=revision,
    )


def _at_revision(spec: ModelSpec, revision: str | None) -> ModelSpec:
    if not revision or revision == spec.revision:
        return spec
    return dataclasses.replace(spec, name=f"{spec.name}@{revision}", revision=revision)


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "~", "/", os.sep)) or Path(name).is_absolute() or "\\" in name


def _nearest(name: str) -> str:
    known = [word for spec in CATALOG.values() for word in (spec.name, *spec.aliases)]
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""


def _choices() -> str:
    names = ", ".join(CATALOG)
    return f"Known models: {names}. A hub id (org/name) or a checkpoint folder works too."
