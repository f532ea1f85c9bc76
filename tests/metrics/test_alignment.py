"""Missing, surplus and empty captions: named and counted, scored as the options say."""

import pytest

from f1cap.errors import CaptionSetError
from f1cap.metrics.alignment import align
from f1cap.metrics.base import ScoringInput
from f1cap.metrics.remarks import token_remarks
from f1cap.metrics.scoring import ScoringSession
from f1cap.records.scores import Annotations, CaptionFlags, ScoreOptions

REFERENCES = {"a": ["one car"], "b": ["two cars", "a pair of cars"], "c": ["three cars"]}
FULL = {"a": "one car", "b": "two cars", "c": "three cars"}
PART = {"a": "one car", "c": "three cars"}


def test_missing_caption_is_an_error_that_names_it() -> None:
    with pytest.raises(CaptionSetError) as caught:
        align({"full": FULL, "part": PART}, REFERENCES, "error")
    assert caught.value.message == "part has no caption for 1 of 3 images with references: b."
    assert "--missing skip" in (caught.value.hint or "")


def test_many_missing_captions_are_counted() -> None:
    references = {f"{row:02}": ["a"] for row in range(12)}
    with pytest.raises(CaptionSetError, match=r"11 of 12 .*: 01, 02, 03, 04, 05 and 6 more"):
        align({"m": {"00": "a"}}, references, "error")


def test_skip_leaves_an_image_out_for_every_model() -> None:
    aligned = align({"full": FULL, "part": PART}, REFERENCES, "skip")
    assert aligned.images == ("a", "c")
    assert aligned.captions == {
        "full": ["one car", "three cars"],
        "part": ["one car", "three cars"],
    }
    assert [(remark.code, remark.model) for remark in aligned.remarks] == [
        ("missing_captions", "part")
    ]


def test_empty_scores_an_empty_caption() -> None:
    aligned = align({"part": PART}, REFERENCES, "empty")
    assert aligned.captions == {"part": ["one car", "", "three cars"]}
    assert "scored as an empty caption: b" in aligned.remarks[0].text


def test_captions_without_references_are_named() -> None:
    aligned = align({"m": {**FULL, "d": "x", "e": "y"}}, {**REFERENCES, "e": []}, "error")
    assert aligned.images == ("a", "b", "c")
    assert aligned.remarks[0].code == "without_references"
    assert "2 captions of m are not scored" in aligned.remarks[0].text


def test_names_that_never_agree_show_both_sides() -> None:
    with pytest.raises(CaptionSetError, match="No caption of m belongs") as caught:
        align({"m": {"x/a": "one car"}}, REFERENCES, "skip")
    assert caught.value.hint == "Names must agree: the captions have 'x/a', the references 'a'."


def test_without_need_of_references_every_captioned_image_counts() -> None:
    hypotheses = {"m": {**FULL, "d": "a car"}, "n": FULL}
    with pytest.raises(CaptionSetError, match=r"n has no caption for 1 of 4 images: d\."):
        align(hypotheses, {"a": ["one car"]}, "error", references_needed=False)
    aligned = align(hypotheses, {"a": ["one car"]}, "skip", references_needed=False)
    assert aligned.images == ("a", "b", "c")
    assert aligned.references == [["one car"], [], []]


@pytest.mark.parametrize(
    ("candidates", "references", "message"),
    [
        ({}, REFERENCES, "no captions to score"),
        ({"m": FULL}, {}, "no references"),
        ({"m": FULL}, {"a": []}, "no references"),
        ({"m": {}}, REFERENCES, "No caption of m"),
        ({"m": {"a": None}}, REFERENCES, "The caption of a by m is null, not text"),
        ({"m": {"a": ["x"]}}, REFERENCES, "is a list, not text"),
        ({"m": FULL}, {"a": "one car"}, "references of a are not a list of texts"),
        ({"m": FULL}, {"a": [None]}, "references of a are not a list of texts"),
        ({"m": {"a": "x"}, "n": {"b": "y"}}, REFERENCES, "No image has a caption from every"),
    ],
)
def test_what_cannot_be_scored(
    candidates: dict[str, dict[str, str]], references: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(CaptionSetError, match=message):
        align(candidates, references, "skip")


@pytest.mark.java
def test_order_of_captions_changes_nothing(warm_session: ScoringSession) -> None:
    options = ScoreOptions(resamples=50)
    turned = dict(reversed(FULL.items()))
    one = warm_session.score({"m": FULL, "n": FULL}, REFERENCES, options=options)
    two = warm_session.score(
        {"m": turned, "n": FULL}, dict(reversed(REFERENCES.items())), options=options
    )
    assert one == two


@pytest.mark.java
def test_report_of_two_models(warm_session: ScoringSession) -> None:
    categories = {"a": "x", "b": "y", "c": "x"}
    flags = {"m": CaptionFlags(truncated=frozenset("ab"), line_breaks=frozenset("c"))}
    run_on = {image: text + " and a lot more that nobody sees here" for image, text in FULL.items()}
    report = warm_session.score(
        {"m": FULL, "run_on": run_on},
        REFERENCES,
        options=ScoreOptions(resamples=500),
        annotations=Annotations(categories, flags),
    )
    first, second = report.models
    assert [(entry.category, entry.images) for entry in first.categories] == [("x", 2), ("y", 1)]
    by_image = {entry.image: entry for entry in first.per_image}
    assert by_image["b"].references == ("two cars", "a pair of cars")
    x_scores = [by_image[image].scores["cider"] or 0.0 for image in "ac"]
    assert first.categories[0].scores["cider"] == pytest.approx(sum(x_scores) / 2)
    assert (first.text.truncated, second.text.truncated) == (2 / 3, None)
    assert (first.text.line_breaks, second.text.line_breaks) == (1 / 3, 0.0)
    primary = next(pair for pair in report.pairs if pair.metric == report.primary == "cider")
    assert (primary.a, primary.b, primary.exact) == ("m", "run_on", True)
    assert primary.difference > 0
    assert primary.low is not None
    assert primary.low <= primary.difference
    assert primary.p == primary.p_holm == 0.25  # the smallest that three images allow
    assert primary.wins > 0.99
    codes = [remark.code for remark in report.remarks]
    assert len(codes) == len(set(codes))
    expected = "few_images cider_few_images cider_one_reference small_category bleu_4_short run_on"
    assert set(codes) == {*expected.split(), "no_match"}
    (unmatched,) = (remark for remark in report.remarks if remark.code == "no_match")
    assert unmatched.text == (
        "No caption of m or run_on shares three consecutive words with a reference: BLEU-3 and "
        "BLEU-4 say nothing about them, and count as 0 in every test."
    )


def test_names_that_look_alike_are_told_apart() -> None:
    with pytest.raises(CaptionSetError) as caught:
        align({"m": {"cafe\u0301.jpg": "x"}}, {"caf\u00e9.jpg": ["x"]}, "error")
    assert caught.value.hint == (
        "Names must agree: the captions have 'cafe\\u0301.jpg', the references 'caf\\xe9.jpg'."
    )


def test_one_is_one() -> None:
    references = {"a": ["x"], "b": ["x"]}
    aligned = align({"m": {"a": "x", "c": "x"}}, references, "empty")
    assert [remark.text for remark in aligned.remarks] == [
        "1 caption of m is not scored, as its image has no references: c.",
        "m has no caption for 1 image; it is scored as an empty caption: b.",
    ]
    tokens = ScoringInput(["a", "b"], {"m": ["", "a car on the track"]}, [["x"], ["y"]])
    empty, short = (remark.text for remark in token_remarks(tokens))
    assert empty == "1 caption of m contains no word and scores 0: a."
    assert short.startswith("1 of 2 captions of m has fewer than four words")
