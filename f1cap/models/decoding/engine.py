"""Which engine searches for a model's captions: ours, or transformers' `generate`."""

from typing import Any, Protocol, Self

from f1cap.errors import UnsupportedModelError
from f1cap.models.decoding.kernels import can_prepack, detach_from_mmap
from f1cap.models.decoding.search import TextDecoder
from f1cap.records.models import Engine

_AUTO_DEVICE_TYPES = frozenset(
    {"cpu", "cuda"}
)  # where `auto` takes our search: it was tested there


class FastDecoder(TextDecoder, Protocol):
    """A family's model as our search runs it."""

    @classmethod
    def wrap(cls, model: Any) -> Self | None:  # noqa: ANN401 - a transformers model, which mypy skips
        """Share a model's weights; None for a variant of the family that only transformers runs."""
        ...

    def prepack(self) -> None:
        """Prepack all weights for this CPU; see `kernels.Projection.prepack`."""
        ...


def choose_engine(
    family: type[FastDecoder],
    model: Any,  # noqa: ANN401
    engine: Engine,
    *,
    name: str,
) -> TextDecoder | None:
    """Choose the engine for a loaded model.

    Args:
        family: Our decoder for the model's family.
        model: In evaluation mode, on the device where it is to run. Our decoder shares its weights,
            and on a CPU prepacks them: the model itself cannot be run then.
        engine: What the user asked for.
        name: What the user calls the model.

    Returns:
        Our decoder; None for transformers' `generate`.

    Raises:
        UnsupportedModelError: Ours was asked for by name and does not support the model.
    """
    if engine is Engine.TRANSFORMERS:
        return None
    if engine is Engine.AUTO and model.device.type not in _AUTO_DEVICE_TYPES:
        return None
    decoder = family.wrap(model)
    if decoder is None:
        if engine is Engine.AUTO:
            return None
        raise UnsupportedModelError(
            f"{name} is a variant of its family that the fast engine does not support.",
            hint="Use --engine auto or --engine transformers.",
        )
    if can_prepack(model):
        decoder.prepack()
        detach_from_mmap(model)
    return decoder
