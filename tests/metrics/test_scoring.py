"""Every number against pycocoevalcap's own, on clean text and on text that makes it shift."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from f1cap.metrics import coco, formulas
from f1cap.metrics.base import ScoringInput
from f1cap.metrics.scoring import ScoringSession
from f1cap.records.scores import ModelScores, ScoreOptions

pytestmark = pytest.mark.java

CASES = sorted((Path(__file__).parents[1] / "golden" / "metrics").glob("*.json"))
QUICK = ScoreOptions(resamples=50)


def load(name: str) -> dict[str, Any]:
    path = next(case for case in CASES if case.stem == name)
    case: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return case


def assert_equal(model: ModelScores, expected: dict[str, Any]) -> None:
    for name, value in expected["corpus"].items():
        assert model.scores[name].value == pytest.approx(value, rel=0, abs=1e-12), name
    for entry in model.per_image if "per_image" in expected else ():
        for name, value in expected["per_image"][entry.image].items():
            assert entry.scores[name] == pytest.approx(value, rel=0, abs=1e-12), (entry.image, name)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden_case(path: Path, warm_session: ScoringSession) -> None:
    case = json.loads(path.read_text("utf-8"))
    report = warm_session.score({"model": case["candidates"]}, case["references"], options=QUICK)
    assert report.problems == ()
    assert_equal(report.models[0], case["expected"])
    for name, value in case.get("published", {}).items():
        score = report.models[0].scores[name]
        assert score.value == pytest.approx(value, rel=0, abs=case["tolerance"])


def test_line_breaks_change_no_number(warm_session: ScoringSession) -> None:
    clean, soiled = load("racing_1ref"), load("racing_1ref_line_breaks")
    assert soiled["expected"] == clean["expected"]
    report = warm_session.score({"model": soiled["candidates"]}, clean["references"], options=QUICK)
    assert_equal(report.models[0], clean["expected"])


@pytest.mark.skipif(
    not os.access(coco.tokenizer_jar().parent, os.W_OK),
    reason="the original tokeniser writes into its own package",
)
def test_random_text_against_the_original_classes(warm_session: ScoringSession) -> None:
    generator = random.Random(3)
    vocabulary = [word for line in load("racing_3refs")["references"].values() for word in line]
    words = [*" ".join(vocabulary).split(), "don't", "1:23.4", "(a)", "Q3,", "of", "running"]
    marks = ["", ".", " !", ",", " '", "...", "-"]

    def text(longest: int) -> str:
        chosen = (generator.choice(words) + generator.choice(marks) for _ in range(longest))
        return " ".join(list(chosen)[: generator.randint(1, longest)])

    references = {f"{row}": [text(14) for _ in range(generator.randint(1, 4))] for row in range(40)}
    candidates = {image: text(generator.choice([2, 12, 50])) for image in references}
    answer = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("original.py"))],
        input=json.dumps({"references": references, "candidates": candidates}),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    report = warm_session.score({"model": candidates}, references, options=QUICK)
    assert_equal(report.models[0], json.loads(answer.stdout))


def test_formulas_agree_with_the_scorers_and_add_up() -> None:
    case = load("racing_3refs")
    images = sorted(case["references"])
    references = [case["references"][image] for image in images]
    captions = [case["candidates"][image] for image in images]
    bleu = coco.Bleu().statistics(ScoringInput(images, {"m": captions}, references))["m"]
    whole = formulas.bleu(bleu.rows.sum(axis=0))
    assert whole == pytest.approx(bleu.corpus, rel=0, abs=1e-14)
    assert formulas.bleu(bleu.rows) == pytest.approx(bleu.per_image, rel=0, abs=1e-14)
    assert formulas.bleu(np.stack([bleu.rows.sum(axis=0)] * 3)).shape == (3, 4)


def test_models_do_not_disturb_each_other(warm_session: ScoringSession) -> None:
    case = load("racing_3refs")
    other = {image: f"unseen words {row}" for row, image in enumerate(case["candidates"])}
    both = {"other": other, "model": case["candidates"]}
    report = warm_session.score(both, case["references"], options=QUICK)
    assert [model.model for model in report.models] == ["other", "model"]
    assert_equal(report.models[1], case["expected"])


def test_one_image_has_no_cider_and_no_interval(warm_session: ScoringSession) -> None:
    report = warm_session.score({"m": {"a": "a red car"}}, {"a": ["a red car is fast"]})
    scores = report.models[0].scores
    assert scores["cider"].value is None
    assert scores["cider"].note is not None
    assert "at least 2 images" in scores["cider"].note
    assert scores["meteor"].value is not None
    assert (scores["meteor"].low, scores["meteor"].high) == (None, None)
    assert report.models[0].per_image[0].scores["cider"] is None


def test_references_that_tell_nothing_apart_have_no_cider(warm_session: ScoringSession) -> None:
    same = {image: ["a red car"] for image in "abc"}
    report = warm_session.score({"m": dict.fromkeys("abc", "a red car")}, same, options=QUICK)
    assert report.models[0].scores["cider"].value is None
    assert report.models[0].scores["bleu_3"].value == pytest.approx(1.0, abs=1e-8)


def test_captions_without_any_word_anywhere(warm_session: ScoringSession) -> None:
    marks = {"a": ["!"], "b": ["..."]}
    report = warm_session.score({"m": {"a": "", "b": "?"}}, marks, options=QUICK)
    scores = {name: score.value for name, score in report.models[0].scores.items()}
    assert scores["cider"] is None
    assert scores["meteor"] == 0.0
    assert scores["bleu_4"] == pytest.approx(0.0, abs=1e-6)
    codes = {remark.code for remark in report.remarks}
    assert {"empty_captions", "empty_references", "empty_match"} <= codes
    for score in report.models[0].scores.values():
        assert all(end is None or np.isfinite(end) for end in (score.low, score.high))


def test_every_character_keeps_its_line(warm_session: ScoringSession) -> None:
    planes = [
        *range(0x3100),
        *range(0xD7F0, 0xE010),
        *range(0xFE00, 0x10000),
        *range(0x1F600, 0x1F650),
    ]
    captions = {f"{point:06x}": f"start {chr(point)} x{chr(point)}y end{point}" for point in planes}
    references = {image: [f"end{int(image, 16)}"] for image in captions}
    options = ScoreOptions(metrics=("bleu",), resamples=2)
    report = warm_session.score({"m": captions}, references, options=options)
    # A caption moved to another image would lose its one match.
    assert all((entry.scores["bleu_1"] or 0) > 0.1 for entry in report.models[0].per_image)


def test_signature_says_how(warm_session: ScoringSession) -> None:
    case = load("aac_metrics_readme")
    report = warm_session.score({"m": case["candidates"]}, case["references"], options=QUICK)
    lines = {name: str(score.signature) for name, score in report.models[0].scores.items()}
    common = "tok:ptb-3.4.1.lc.nopunct|refs:1-3|n:2"
    assert lines["bleu_4"] == f"bleu_4|v:pycocoevalcap-1.2|{common}|len:closest|smooth:none"
    assert lines["meteor"] == f"meteor|v:1.5|{common}|lang:en|norm|a:.85|b:.2|g:.6|d:.75"
    assert lines["cider"] == (
        f"cider|v:pycocoevalcap-1.2|{common}|variant:d|n:4|sigma:6|df:references"
    )
