"""Captioners: which there are, how they are found, loaded and run, and the memory they take.

The package is also the public function `f1cap.models()`: importing any of its modules makes
`f1cap.models` the package, so the package is what has to answer the call.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from f1cap.records.models import CatalogEntry


class _CallablePackage(ModuleType):
    def __call__(self) -> "tuple[CatalogEntry, ...]":
        """Return the catalogue: each model, and whether its weights are on this machine."""
        from f1cap.models import catalog

        return catalog.entries()


sys.modules[__name__].__class__ = _CallablePackage
