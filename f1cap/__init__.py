"""Caption photographs with small vision-language models, and find the best one for them.

    with f1cap.load("git-mini") as captioner:
        for caption in captioner.iter_captions(["a.jpg", "b.jpg"]):
            print(caption.image, caption.caption)

What `__all__` names is the public API: it follows semantic versioning, and everything else may
change with any version.
"""

from typing import TYPE_CHECKING

from f1cap.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from f1cap import errors
    from f1cap.api.captioning import Captioner, load
    from f1cap.api.scoring import compare, evaluate
    from f1cap.errors import F1capError
    from f1cap.records.captions import Caption
    from f1cap.records.evaluations import Comparison, Evaluation
    from f1cap.records.images import Problem
    from f1cap.records.models import CatalogEntry, ModelSpec, Placement

    def models() -> tuple[CatalogEntry, ...]:
        """Return the catalogue: each model, and whether its weights are on this machine."""


# Loaded by the first use of a name, so that `import f1cap` takes no time.
_HOMES = {
    "Caption": "f1cap.records.captions",
    "Captioner": "f1cap.api.captioning",
    "CatalogEntry": "f1cap.records.models",
    "Comparison": "f1cap.records.evaluations",
    "Evaluation": "f1cap.records.evaluations",
    "F1capError": "f1cap.errors",
    "ModelSpec": "f1cap.records.models",
    "Placement": "f1cap.records.models",
    "Problem": "f1cap.records.images",
    "compare": "f1cap.api.scoring",
    "evaluate": "f1cap.api.scoring",
    "load": "f1cap.api.captioning",
}
__all__ = [
    "Caption",
    "Captioner",
    "CatalogEntry",
    "Comparison",
    "Evaluation",
    "F1capError",
    "ModelSpec",
    "Placement",
    "Problem",
    "__version__",
    "compare",
    "errors",
    "evaluate",
    "load",
    "models",
]


def __getattr__(name: str) -> object:
    """Import what a public name stands for."""
    from importlib import import_module

    if name in {"errors", "models"}:  # a module, and a package that can be called
        return import_module(f"f1cap.{name}")
    if name not in _HOMES:
        message = f"module 'f1cap' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Name the public API."""
    return __all__
