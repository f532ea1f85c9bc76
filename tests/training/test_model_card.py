"""Model cards: what the template makes of the recorded log and scores, and nothing by hand."""

import json
import shutil
from pathlib import Path

import pytest

from f1cap.training.model_card import SCORES_NAME, Measured, write_card
from f1cap.training.recipe import DEFAULT_SEED, RECIPES
from f1cap.training.score import Score
from f1cap.training.train import CHECKPOINTS


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_bundled_card_is_what_its_log_and_scores_make(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(CHECKPOINTS / name, tmp_path / name)
    recorded = json.loads((folder / SCORES_NAME).read_text("utf-8"))
    measured = [Measured(title, Score(**score)) for title, score in recorded.items()]
    write_card(name, folder, RECIPES[name], measured, seed=DEFAULT_SEED)
    for file in ("README.md", SCORES_NAME):
        assert (folder / file).read_bytes() == (CHECKPOINTS / name / file).read_bytes()


def test_a_card_tells_the_scores_and_the_limits() -> None:
    for name in RECIPES:
        card = (CHECKPOINTS / name / "README.md").read_text("utf-8")
        scores = json.loads((CHECKPOINTS / name / SCORES_NAME).read_text("utf-8"))
        first = list(scores.values())[1]  # the zeroth is the grammar
        assert "On real photographs it is fluent and wrong" in card
        assert f"| {first['all_facts']:.3f} |" in card
        assert f"| {first['cider']:.2f} |" in card
