"""What a comparison says: the sentence, and the marks that must not contradict it."""

import itertools
from collections.abc import Mapping

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
    assert _sentence(partly).endswith(", and git-mini is ahead of swin-mini.")


def test_the_star_and_the_sentence_agree() -> None:
    clear = _report({})
    assert leaders(clear) == {"cider": ("git-mini",)}
    assert "git-mini is ahead of blip-mini and swin-mini" in _sentence(clear)
    for p, low in ((0.4, 0.05), (0.01, -0.05)):
        unclear = _report({("git-mini", "blip-mini"): (p, low)})
        assert leaders(unclear) == {"cider": ("git-mini", "blip-mini")}
        assert "git-mini and blip-mini cannot be told apart" in _sentence(unclear)
    assert "p = 0.010, but its interval contains zero" in _sentence(unclear)
