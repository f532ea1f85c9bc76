"""What a search needs to know of a text model's words: where captions start and end."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """The token ids that every caption of a batch starts with, and those that end one."""

    start: tuple[int, ...]
    ends: tuple[int, ...]
