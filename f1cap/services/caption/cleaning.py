"""From what a model wrote to a caption: one clean line."""

import re
import unicodedata

_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)")


def clean_caption(text: str) -> str:
    """Collapse white space and drop control characters and lone surrogates.

    Everything else stays as the model wrote it; markup is escaped where it is shown.
    """
    kept = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return " ".join(kept.split())


def first_sentence(caption: str) -> str:
    """Cut a clean caption after its first sentence; one without an end stays whole."""
    found = _SENTENCE.match(caption)
    return found[1] if found else caption


def has_line_breaks(text: str) -> bool:
    """Tell whether a model's text, white space around it aside, runs over several lines."""
    return len(text.strip().splitlines()) > 1
