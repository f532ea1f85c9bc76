"""Arguments of the Python API, checked where the command line's own checks do not reach."""

import numbers
from enum import StrEnum
from typing import TypeVar, cast

from f1cap.errors import UsageError

Choice = TypeVar("Choice", bound=StrEnum)


def choice(kind: type[Choice], name: str, value: str) -> Choice:
    """Return the member of this value.

    Raises:
        UsageError: There is none.
    """
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(repr(str(member)) for member in kind)
        raise UsageError(f"{name} must be one of {known}, not {value!r}.") from None


def require_count(
    name: str, value: int | None, limit: int | None = None, *, least: int = 1
) -> None:
    """Refuse what is no integer in a range; None passes.

    Raises:
        UsageError: It is none.
    """
    if value is None:
        return
    if not is_integer(value) or value < least or (limit is not None and value > limit):
        upper = "" if limit is None else f" to {limit}"
        raise UsageError(f"{name} must be an integer from {least}{upper}, not {value!r}.")


def require_number(name: str, value: object, least: float, most: float) -> None:
    """Refuse what is no number in a range; None passes.

    Raises:
        UsageError: It is none.
    """
    if value is None:
        return
    is_number = isinstance(value, float) or is_integer(value)
    if not is_number or not least <= cast("float", value) <= most:
        raise UsageError(f"{name} must be a number from {least:g} to {most:g}, not {value!r}.")


def is_integer(value: object) -> bool:
    """Tell an integer, NumPy's too, from truth values and everything else."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
