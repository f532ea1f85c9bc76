"""What a comparison says: the sentence, and the marks that must not contradict it."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest

from f1cap.records.evaluations import Evaluation
from f1cap.records.scores import (
    Metric,
    ModelScores,
    PairComparison,
    Score,
    ScoreReport,
    Signature,
    TextStatistics,
)
from f1cap.services.score.compare import leaders
from f1cap.services.score.conclusion import conclude

CIDER = Metric("cider", "CIDEr")
SIGNATURE = Signature("cider", "1", "ptb", "3", 60)
TEXT = TextStatistics(9.0, 9.0, 1.0, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.5, 0.5)
VALUES = {"git-mini": 0.9, "blip-mini": 0.8, "swin-mini": 0.1}
SURE, UNSURE = (0.01, 0.05), (0.4, -0.05)


def _report(pairs: Mapping[tuple[str, str], tuple[float, float]]) -> ScoreReport:
    """Return a report of VALUES.

    Args:
        pairs: Corrected p and lower end of the difference's interval; SURE where there is none.
    """
    models = tuple(
        ModelScores(name, 60, {"cider": Score(value, 0.0, 1.0, SIGNATURE)}, TEXT, (), ())
        for name, value in VALUES.items()
    )
    found = []
    for a, b in itertools.combinations(VALUES, 2):
        p, low = pairs.get((a, b), SURE)
        difference = VALUES[a] - VALUES[b]
        found.append(PairComparison(a, b, "cider", difference, low, 1.0, p, p, False, 0.5))
    return ScoreReport(60, "cider", (CIDER,), models, tuple(found), (), (), None, 100, 1, 0.95)


def _sentence(report: ScoreReport) -> str:
    return conclude(Evaluation(report, {}, {}, frozenset()))


def test_all_that_share_the_lead_are_said_to_be_ahead_of_the_rest() -> None:
    assert _sentence(_report({("git-mini", "blip-mini"): UNSURE})) == (
        "git-mini and blip-mini cannot be told apart by CIDEr on these 60 images "
        "(difference 0.100, p = 0.400), and git-mini and blip-mini are ahead of swin-mini."
    )
    partly = _report({("git-mini", "blip-mini"): UNSURE, ("blip-mini", "swin-mini"): UNSURE})
    assert _sentence(partly) == (
        "blip-mini cannot be told apart from git-mini and swin-mini by CIDEr on these 60 images "
        "(blip-mini − git-mini: difference 0.100, p = 0.400), and git-mini is ahead of swin-mini."
    )


def test_the_star_and_the_sentence_agree() -> None:
    clear = _report({})
    assert leaders(clear) == {"cider": ("git-mini",)}
    assert "git-mini is ahead of blip-mini and swin-mini" in _sentence(clear)
    for p, low in ((0.4, 0.05), (0.01, -0.05)):
        unclear = _report({("git-mini", "blip-mini"): (p, low)})
        assert leaders(unclear) == {"cider": ("git-mini", "blip-mini")}
        # Marks go by both under a metric that is not the primary one, too.
        assert leaders(replace(unclear, primary="other"))["cider"] == ("git-mini", "blip-mini")
        assert "git-mini and blip-mini cannot be told apart" in _sentence(unclear)
    assert "p = 0.010, but its interval contains zero" in _sentence(unclear)


def test_every_pair_is_in_the_sentence() -> None:
    assert _sentence(_report({})) == (
        "git-mini is ahead of blip-mini and swin-mini by CIDEr on these 60 images "
        "(git-mini − blip-mini: difference 0.100, p = 0.010), and blip-mini is ahead of swin-mini."
    )
    # The study's: the leader is level with two of which one is ahead of the other.
    open_lead = {("git-mini", "blip-mini"): UNSURE, ("git-mini", "swin-mini"): UNSURE}
    assert _sentence(_report(open_lead)) == (
        "git-mini cannot be told apart from blip-mini and swin-mini by CIDEr on these 60 images "
        "(git-mini − blip-mini: difference 0.100, p = 0.400), and blip-mini is ahead of swin-mini."
    )
    behind = {("blip-mini", "swin-mini"): UNSURE}
    assert _sentence(_report(behind)) == (
        "git-mini is ahead of blip-mini and swin-mini by CIDEr on these 60 images "
        "(git-mini − blip-mini: difference 0.100, p = 0.010), and blip-mini and swin-mini cannot "
        "be told apart."
    )
    nothing = dict.fromkeys(itertools.combinations(VALUES, 2), UNSURE)
    assert _sentence(_report(nothing)) == (
        "git-mini, blip-mini and swin-mini cannot be told apart by CIDEr on these 60 images "
        "(git-mini − blip-mini: difference 0.100, p = 0.400)."
    )


@pytest.mark.parametrize(("images", "p"), [(2, "1"), (5, "0.1875"), (6, "0.09375")])
def test_so_few_images_that_no_p_is_small_enough(images: int, p: str) -> None:
    report = _report({})
    pairs = tuple(replace(pair, p_holm=0.2, exact=True) for pair in report.pairs)
    few = replace(report, images=images, pairs=pairs)
    assert _sentence(few) == (
        f"git-mini, blip-mini and swin-mini cannot be told apart by CIDEr on these {images} "
        f"images: with so few no corrected p below {p} exists, however large the difference is."
    )
    assert leaders(few) == {"cider": ("git-mini", "blip-mini", "swin-mini")}
    seven = tuple(replace(pair, exact=True) for pair in report.pairs)
    enough = _sentence(replace(few, images=7, pairs=seven))
    assert enough.startswith("git-mini is ahead of blip-mini and swin-mini")


def test_what_nothing_tells_apart_has_no_mark() -> None:
    report = _report({})
    level = tuple(
        replace(pair, difference=0.0, low=0.0, high=0.0, p=1.0, p_holm=1.0) for pair in report.pairs
    )
    models = tuple(
        replace(model, scores={"cider": replace(model.scores["cider"], low=None, high=None)})
        for model in report.models
    )
    unmatched = replace(report, pairs=level, models=models)
    assert leaders(unmatched) == {}
    assert _sentence(unmatched) == (
        "CIDEr says nothing on these 60 images: by it no caption matches a reference, so nothing "
        "can be concluded."
    )
