"""Which metrics there are, which are chosen, and what is said of those that do not exist."""

import importlib.metadata

import pytest

from f1cap.cli import scoring
from f1cap.errors import PluginError, UsageError
from f1cap.metrics import registry
from f1cap.metrics.base import Scorer
from f1cap.metrics.registry import MetricSpec, choose, deciding
from f1cap.records.scores import Metric

USUAL = ["bleu", "rouge_l", "meteor", "cider"]
TWIN = MetricSpec("twin", "nowhere:Twin", (Metric("cider", "CIDEr of others"),))
NO_TUPLE = MetricSpec("lone", "nowhere:Lone", Metric("lone", "Lone"))  # type: ignore[arg-type]
NOT_A_SPEC = "cider"


def names(specs: tuple[MetricSpec, ...]) -> list[str]:
    return [spec.name for spec in specs]


def test_the_usual_ones_are_chosen_unless_some_are_named() -> None:
    assert names(choose(None)) == USUAL
    assert names(choose(["cider", "bleu", "cider"])) == ["bleu", "cider"]
    assert scoring.chosen_metrics(None, semantic=False) is None
    assert scoring.chosen_metrics("cider,bleu", semantic=False) == ("cider", "bleu")
    assert scoring.chosen_metrics(" cider, ", semantic=True) == ("cider", "semantic")
    assert scoring.chosen_metrics(None, semantic=True) == (*USUAL, "semantic")


@pytest.mark.parametrize("spec", registry.METRICS, ids=lambda spec: spec.name)
def test_every_row_names_a_scorer(spec: MetricSpec) -> None:
    module, _, name = spec.target.partition(":")
    found = getattr(__import__(module, fromlist=[name]), name)
    assert issubclass(found, Scorer)
    assert spec.columns


def test_what_does_not_exist_is_answered_with_what_does() -> None:
    with pytest.raises(UsageError, match="no metric clder") as caught:
        choose(["clder"])
    assert "Did you mean cider? Known metrics: bleu, rouge_l, meteor, cider" in (
        caught.value.hint or ""
    )
    with pytest.raises(UsageError, match="no metric bleu_4") as caught:
        choose(["bleu_4"])
    assert (caught.value.hint or "").startswith("It is one of the scores of bleu.")
    with pytest.raises(UsageError, match="names no metric"):
        choose([])


def test_what_decides_is_among_what_is_computed() -> None:
    assert deciding(choose(None), None).name == "cider"
    assert deciding(choose(["bleu", "semantic"]), None).name == "bleu_4"
    assert deciding(choose(["bleu"]), "bleu_2").name == "bleu_2"
    with pytest.raises(UsageError, match="cider is not among the metrics") as caught:
        deciding(choose(["bleu"]), "cider")
    assert "Name one of bleu_1, bleu_2, bleu_3, bleu_4" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("twin", "TWIN", "cider has a score named cider too"),
        ("other", "TWIN", "is named twin"),
        ("lone", "NO_TUPLE", "are not a tuple of Metric"),
        ("text", "NOT_A_SPEC", "is a str, not a MetricSpec"),
        ("gone", "GONE", "AttributeError"),
    ],
)
def test_an_entry_that_does_not_fit(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = importlib.metadata.EntryPoint(name, f"{__name__}:{value}", registry.ENTRY_POINTS)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry])
    with pytest.raises(PluginError, match=message):
        choose(["cider", name])


def test_two_packages_do_not_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    twins = [
        importlib.metadata.EntryPoint("lone", f"{__name__}:{value}", registry.ENTRY_POINTS)
        for value in ("NO_TUPLE", "TWIN")
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: twins)
    with pytest.raises(PluginError, match="adds a metric of that name too"):
        choose(["lone"])
    assert [spec.name for spec in choose(["cider"])] == ["cider"]


def test_names_are_completed_one_after_another() -> None:
    assert scoring.complete_metrics("rou") == ["rouge_l"]
    offered = scoring.complete_metrics("cider,")
    assert {"cider,bleu", "cider,semantic"} <= set(offered)
    assert "cider,cider" not in offered
