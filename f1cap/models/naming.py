"""From what a user calls a model to its spec: catalogue names, hub ids and folders."""

import dataclasses
import difflib
import json
import os
import re
from pathlib import Path

from f1cap.errors import UnknownModelError, UnsupportedModelError
from f1cap.models import registry
from f1cap.models.catalog import CATALOG
from f1cap.models.hub import cache
from f1cap.models.registry import FamilySpec
from f1cap.records.models import ModelSpec

# org/name, and after an @ the revision that was asked for
_HUB_ID = re.compile(r"(?P<repo>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w./-]+))?")


def resolve(name: str, *, offline: bool = False) -> ModelSpec:
    """Turn what the user calls a model into its spec.

    The network is used in one case only: for the config.json of a hub id that is neither in
    the catalogue nor in the cache, since a family that is not supported is refused before
    anything else is fetched or run.

    Args:
        name: A catalogue name or alias in any case, a folder, or a hub id (`org/name`). All but
            a folder may end in `@revision`. A name in the catalogue wins over a folder of that
            name; write `./name` for the folder.
        offline: Do not use the network.

    Raises:
        UnknownModelError: It is none of these.
        UnsupportedModelError: It is a checkpoint of a family that f1cap does not support.
        CheckpointError: Its config.json cannot be fetched; subclasses say why.
    """
    wanted = name.strip()
    if (spec := find_in_catalogue(wanted)) is not None:
        return spec
    folder = Path(os.path.expanduser(wanted))  # noqa: PTH111 - pathlib's may raise
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


def find_in_catalogue(name: str) -> ModelSpec | None:
    """Return the spec of a catalogue name or alias, `@revision` allowed; None for any other."""
    known, _, revision = name.strip().partition("@")
    for spec in CATALOG.values():
        if known.lower() in {spec.name, *spec.aliases} and not (revision and spec.local):
            return _at_revision(spec, revision)
    return None


def read_family(folder: Path, *, name: str) -> FamilySpec:
    """Return the family that a checkpoint's config.json declares.

    Raises:
        UnsupportedModelError: There is no readable config.json, or its family is not supported.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{name} is not a checkpoint folder: it has no config.json."
        raise UnsupportedModelError(message, hint=registry.served()) from None
    except (OSError, ValueError) as error:
        message = f"The config.json of {name} cannot be read: {error}."
        raise UnsupportedModelError(message, hint=registry.served()) from None
    if not isinstance(config, dict):
        config = {}
    problems: list[str] = []
    for family in registry.serving(str(config.get("model_type"))):
        problem = family.problem_of(config)
        if problem is None:
            return family
        problems.append(problem)
    problem = problems[0] if problems else f"is of the family {config.get('model_type')!r}"
    message = f"{name} {problem}: f1cap does not run it."
    raise UnsupportedModelError(message, hint=registry.served())


def _local_spec(folder: Path) -> ModelSpec:
    folder = folder.resolve()
    for spec in CATALOG.values():
        if spec.local and Path(spec.checkpoint) == folder:
            return spec
    family = read_family(folder, name=str(folder))
    return ModelSpec(
        name=folder.name,
        checkpoint=str(folder),
        family=family.name,
        decoding=family.decoding,
        local=True,
    )


def _hub_spec(repo: str, revision: str | None, wanted: str, *, offline: bool) -> ModelSpec:
    for spec in CATALOG.values():
        if not spec.local and spec.checkpoint.lower() == repo.lower():
            return _at_revision(spec, revision)
    snapshot = cache.find_snapshot(repo, revision)
    if snapshot is not None and (snapshot.folder / "config.json").is_file():
        folder = snapshot.folder
    else:
        from f1cap.models.hub import download  # what is known by name needs no hub

        folder = download.fetch_config(repo, revision, offline=offline)
    family = read_family(folder, name=repo)
    return ModelSpec(
        name=wanted,
        checkpoint=repo,
        family=family.name,
        decoding=family.decoding,
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
