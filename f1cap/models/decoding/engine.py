"""Which code runs a model's search: our own, or transformers' `generate`."""

from typing import Any, Protocol, Self

from f1cap.errors import UnsupportedModelError
from f1cap.models.decoding.kernels import can_pack, leave_file
from f1cap.models.decoding.search import TextDecoder
from f1cap.records.models import Engine

_TRIED = frozenset({"cpu", "cuda"})  # kinds of device that `auto` trusts our search on


class FastDecoder(TextDecoder, Protocol):
    """A family's model as our search runs it."""

    @classmethod
    def wrap(cls, model: Any) -> Self | None:  # noqa: ANN401 - a transformers model, which mypy skips
        """Share a model's weights; None for a variant of the family that only transformers runs."""
        ...

    def pack(self) -> None:
        """Lay all weights out for this CPU; see `kernels.Projection.pack`."""
        ...


def choose_engine(
    family: type[FastDecoder],
    model: Any,  # noqa: ANN401
    engine: Engine,
    *,
    name: str,
) -> TextDecoder | None:
    """Decide who searches for a loaded model's captions.

    Args:
        family: Our code for the model's family.
        model: In evaluation mode, on the device where it is to run. Our decoder shares its weights,
            and on a CPU lays them out anew: the model itself cannot be run then.
        engine: What the user asked for.
        name: What the user calls the model.

    Returns:
        Our decoder; None for transformers' `generate`.

    Raises:
        UnsupportedModelError: Ours was asked for by name and does not serve the model.
    """
    if engine is Engine.TRANSFORMERS:
        return None
    if engine is Engine.AUTO and model.device.type not in _TRIED:
        return None
    decoder = family.wrap(model)
    if decoder is None:
        if engine is Engine.AUTO:
            return None
        raise UnsupportedModelError(
            f"{name} is a variant of its family that the fast engine does not run.",
            hint="Use --engine auto or --engine transformers.",
        )
    if can_pack(model):
        decoder.pack()
        leave_file(model)
    return decoder
