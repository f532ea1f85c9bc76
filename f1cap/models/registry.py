"""The registry of model families: the only list of what f1cap runs. Imports no torch.

A family of f1cap's own is a row here and a file in `models/families`. A package that is not ours
adds one by an entry point in the group `f1cap.families`, whose value is a FamilySpec, several, or
a function that returns them; the module that it names should import no torch either, as a spec
names its code as text. Plug-ins are looked for only when none of our own families matches.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from f1cap.errors import UnsupportedModelError
from f1cap.records.models import Decoding

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from f1cap.records.fits import Architecture

PLUGIN_GROUP = "f1cap.families"
_DECODING = Decoding()


class PromptKind(StrEnum):
    """What a family makes of a prompt."""

    NONE = "none"
    CONTINUATION = "continuation"  # the start of every caption, which the model continues
    INSTRUCTION = "instruction"  # a task or a question, which is no part of the caption


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilySpec:
    """One family: how its checkpoints are recognised, and the code that runs them.

    Attributes:
        name: Of the family, in records and JSON.
        label: What sentences call it.
        model_types: The values of `model_type` in config.json that it supports.
        architectures: Those of transformers' classes for these types that caption.
        target: The captioner, `module:Class`, imported when a model is opened. It is made as
            `TransformersCaptioner` is, and fits `base.Captioner`.
        decoding: For a checkpoint that is not in the catalogue.
        prompt: What the family makes of a prompt.
        shape: Reads a config.json for the memory estimate: a function, or `module:function`; it
            imports no torch. Without one, no memory is predicted.
        check: Returns why a checkpoint of these types is not supported, as in "has the
            text decoder 'bert'", or None.
    """

    name: str
    label: str
    model_types: tuple[str, ...]
    architectures: tuple[str, ...]
    target: str
    decoding: Decoding = _DECODING
    prompt: PromptKind = PromptKind.NONE
    shape: "str | Callable[[Mapping[str, Any]], Architecture] | None" = None
    check: Callable[[Mapping[str, Any]], str | None] | None = None

    def __post_init__(self) -> None:
        """Refuse text where a tuple of texts is meant: a comma is easily forgotten.

        Raises:
            TypeError: It is text, in which every part of a name would be found.
        """
        for name in ("model_types", "architectures"):
            if isinstance(getattr(self, name), str):
                message = f"{name} of the family {self.name} must be a tuple, not a str"
                raise TypeError(message)

    @property
    def takes_prompt(self) -> bool:
        """Whether a prompt may be given at all."""
        return self.prompt is not PromptKind.NONE

    @property
    def continues_prompt(self) -> bool:
        """Whether a prompt is the start of every caption."""
        return self.prompt is PromptKind.CONTINUATION

    @property
    def description(self) -> str:
        """The label, and how a config.json names the family."""
        return f"{self.label} (model_type {', '.join(self.model_types)})"

    def problem_of(self, config: Mapping[str, Any]) -> str | None:
        """Say why a checkpoint of one of the model types is not supported; None if it is."""
        made = config.get("architectures")
        if isinstance(made, list) and made and not set(self.architectures) & set(map(str, made)):
            return f"is made for {', '.join(map(str, made))}, which does not generate captions"
        return None if self.check is None else self.check(config)

    def read_shape(self, config: Mapping[str, Any]) -> "Architecture | None":
        """Read a config.json for the memory estimate; None where the family has no reader.

        Raises:
            LookupError: The config lacks a number; a reader may raise what else a wrong value
                makes it raise.
        """
        read = _import_target(self.shape) if isinstance(self.shape, str) else self.shape
        found: Architecture | None = None if read is None else read(config)
        return found


def _require_gpt2(config: Mapping[str, Any]) -> str | None:
    decoder = config.get("decoder")
    declared = decoder.get("model_type") if isinstance(decoder, dict) else None
    return None if declared == "gpt2" else f"has the text decoder {declared!r}, not GPT-2"


BLIP = FamilySpec(
    name="blip",
    label="BLIP",
    model_types=("blip",),
    architectures=("BlipForConditionalGeneration",),
    target="f1cap.models.families.blip:BlipCaptioner",
    decoding=Decoding(num_beams=5),
    prompt=PromptKind.CONTINUATION,
    shape="f1cap.models.memory_estimate:blip_shape",
)
GIT = FamilySpec(
    name="git",
    label="GIT",
    model_types=("git",),
    architectures=("GitForCausalLM",),
    target="f1cap.models.families.git:GitCaptioner",
    decoding=Decoding(num_beams=4),
    shape="f1cap.models.memory_estimate:git_shape",
)
VISION_ENCODER_DECODER = FamilySpec(
    name="vision-encoder-decoder",
    label="image encoder + GPT-2",
    model_types=("vision-encoder-decoder",),
    architectures=("VisionEncoderDecoderModel",),
    target="f1cap.models.families.vision_gpt2:VisionGpt2Captioner",
    decoding=Decoding(num_beams=5, no_repeat_ngram_size=2),
    shape="f1cap.models.memory_estimate:encoder_gpt2_shape",
    check=_require_gpt2,
)
BUILT_IN = (BLIP, GIT, VISION_ENCODER_DECODER)


@dataclass(frozen=True, slots=True)
class Plugins:
    """What other packages add.

    Attributes:
        families: In the order of their packages.
        packages: Name and version of the package that each family, by its name, comes from.
        problems: A sentence for each entry point that could not be used.
    """

    families: tuple[FamilySpec, ...]
    packages: Mapping[str, str]
    problems: tuple[str, ...]


def families() -> tuple[FamilySpec, ...]:
    """Return all families, ours first."""
    return (*BUILT_IN, *plugins().families)


def find(name: str) -> FamilySpec:
    """Return a family by its name.

    Raises:
        UnsupportedModelError: There is none, as when a plug-in was uninstalled.
    """
    for family in _ours_then_others():
        if family.name == name:
            return family
    raise UnsupportedModelError(f"f1cap has no family of models named {name!r}.", hint=served())


def serving(model_type: str) -> Iterator[FamilySpec]:
    """Yield the families that support a value of `model_type`, ours first."""
    return (family for family in _ours_then_others() if model_type in family.model_types)


def served() -> str:
    """Say which families there are, and which plug-ins could not be used."""
    known = ", ".join(family.description for family in families())
    return " ".join((f"f1cap runs {known}.", *plugins().problems))


def captioner_class(name: str) -> Any:  # noqa: ANN401 - a class named as text
    """Import the captioner of a family, and torch with it.

    Raises:
        UnsupportedModelError: There is no such family, or its plug-in cannot be imported.
    """
    family = find(name)
    if family in BUILT_IN:
        return _import_target(family.target)
    try:
        return _import_target(family.target)
    except Exception as error:  # code that is not ours may raise anything
        raise broken(name, error, "cannot be imported") from error


def broken(name: str, error: Exception, what: str) -> UnsupportedModelError:
    """Blame the package of a family that is not ours for what its captioner raised."""
    family = find(name)
    return UnsupportedModelError(
        f"{family.label} models cannot be run: {family.target} of the package "
        f"{plugins().packages[name]} {what}: {_reason(error)}",
        hint="Update that package, or uninstall it.",
    )


@cache
def plugins() -> Plugins:
    """Load the families that other packages add, once a process.

    A package that fails costs its own families only; nothing replaces a family that is there.
    """
    from importlib.metadata import entry_points  # slow to import, and seldom needed

    added: list[FamilySpec] = []
    packages: dict[str, str] = {}
    problems: list[str] = []
    taken = {family.name: "f1cap" for family in BUILT_IN}
    for entry_point in entry_points(group=PLUGIN_GROUP):
        package = _package_of(entry_point)
        try:
            found = _load(entry_point)
        except Exception as error:  # noqa: BLE001 - code that is not ours may raise anything
            problems.append(
                f"The package {package} adds no family: its entry point {entry_point.name} = "
                f"{entry_point.value} failed: {_reason(error)}"
            )
            continue
        for family in found:
            if family.name in taken:
                problems.append(
                    f"The package {package} names a family {family.name!r}, which "
                    f"{taken[family.name]} already has: it is ignored."
                )
                continue
            taken[family.name] = packages[family.name] = package
            added.append(family)
    return Plugins(tuple(added), packages, tuple(problems))


def _ours_then_others() -> Iterator[FamilySpec]:
    yield from BUILT_IN
    yield from plugins().families


def _load(entry_point: "EntryPoint") -> tuple[FamilySpec, ...]:
    value: Any = entry_point.load()
    if callable(value):
        value = value()
    found = (value,) if isinstance(value, FamilySpec) else value
    if not isinstance(found, Iterable):
        raise TypeError(f"{found!r} is not a FamilySpec.")
    found = tuple(found)
    for one in found:
        if not isinstance(one, FamilySpec):
            raise TypeError(f"{one!r} is not a FamilySpec.")
    return found


def _package_of(entry_point: "EntryPoint") -> str:
    package = entry_point.dist
    return entry_point.value if package is None else f"{package.name} {package.version}"


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _import_target(target: str) -> Any:  # noqa: ANN401
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
