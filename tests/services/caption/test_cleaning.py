"""What becomes of a model's text."""

import pytest

from f1cap.services.caption.batches import clean_caption, first_sentence, has_line_breaks


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("  a  red\tcar\n\n on track ", "a red car on track"),
        ("a\r\nb\x0bc\x0cd\u2028e\u2029f\x85g\xa0h", "a b c d e f g h"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred[0m"),
        ("lone \ud83d half", "lone half"),
        ("zwei grüne Autos 🏎️ 漢字", "zwei grüne Autos 🏎️ 漢字"),
        ("<b>&amp;</b> | [bold]", "<b>&amp;</b> | [bold]"),
        ("\n\t ", ""),
    ],
)
def test_clean_caption(text: str, caption: str) -> None:
    assert clean_caption(text) == caption


@pytest.mark.parametrize(
    ("caption", "sentence"),
    [
        ("a car. a car. a car", "a car."),
        ("a car! what", "a car!"),
        ("lap 1.23 on the board. next", "lap 1.23 on the board."),
        ("no end at all", "no end at all"),
        ("ends here.", "ends here."),
        ("a cat .a dog", "a cat .a dog"),
        ("", ""),
    ],
)
def test_first_sentence(caption: str, sentence: str) -> None:
    assert first_sentence(caption) == sentence


def test_line_breaks_are_those_inside() -> None:
    assert has_line_breaks("a player \n\n on a field")
    assert has_line_breaks("a\u2028b")
    assert not has_line_breaks("\na player\n")
    assert not has_line_breaks("")
