"""Statistics of text, counted by hand."""

import pytest

from f1cap.metrics.fluency import is_multiline, text_statistics, words_of
from f1cap.records.scores import CaptionFlags


def test_words_are_without_case_and_the_punctuation_around_them() -> None:
    assert words_of("A driver's “fast” car -- No. 7, (red)...") == [
        "a", "driver's", "fast", "car", "no", "7", "red",
    ]  # fmt: skip


@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_line_breaks_of_every_kind(mark: str) -> None:
    assert is_multiline(f"one{mark}two")
    assert not is_multiline(f"one{mark}")


def test_statistics_by_hand() -> None:
    captions = {"a": "The car, the car.", "b": "A red car", "c": "a  red car!", "d": "..."}
    references = {"a": ["one two", "one two three four"], "b": ["one two three"]}
    flags = CaptionFlags(truncated=frozenset({"a", "elsewhere"}))
    text = text_statistics(captions, references, flags)
    assert text.words_per_caption == 10 / 4
    assert text.reference_words == 3
    assert text.length_ratio == pytest.approx(2.5 / 3)
    assert text.truncated == 1 / 4
    assert text.line_breaks == 0
    assert text.empty == 1
    assert text.identical == 2
    assert text.repeated_1 == pytest.approx(2 / 10)
    assert text.repeated_2 == pytest.approx(1 / 7)
    assert text.repeated_4 == 0
    assert text.distinct_1 == pytest.approx(4 / 10)
    assert text.distinct_2 == pytest.approx(4 / 7)


def test_no_words_at_all_divide_nothing() -> None:
    text = text_statistics({"a": "", "b": "..."}, {})
    assert (text.words_per_caption, text.length_ratio, text.distinct_2) == (0, None, 0)
    assert (text.empty, text.identical) == (2, 0)
    assert text_statistics({"a": "x"}, {"a": ["!"]}).length_ratio is None
