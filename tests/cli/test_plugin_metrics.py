"""Metrics of packages that are not ours, through the front door."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, make_images

REFERENCES = {f"{row}.jpg": [f"a red car number {row} on the track"] for row in range(8)}
GOOD = {image: lines[0] for image, lines in REFERENCES.items()}
BAD = {
    image: f"{lines[0][: 9 + row]} and nothing else"
    for row, (image, lines) in enumerate(REFERENCES.items())
}

CHRF = """
from collections import Counter

from f1cap.metrics.base import PerImageScorer
from f1cap.metrics.registry import MetricSpec
from f1cap.records.scores import Metric


def _grams(text, order):
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))


class Chrf(PerImageScorer):
    version = "0.1"

    def score(self, caption, references):
        found, best = _grams(caption, 4), 0.0
        for reference in references:
            wanted = _grams(reference, 4)
            shared = (found & wanted).total()
            if shared:
                best = max(best, 2 * shared / (found.total() + wanted.total()))
        return 100 * best


CHRF = MetricSpec("chrf", "chrf_metric:Chrf", (Metric("chrf", "chrF", decimals=1),))
"""

# Lower is better, and only the images are looked at: the length of a caption over its image's.
WEIGHT = """
import numpy as np

from f1cap.metrics.base import Scorer, Statistics
from f1cap.metrics.registry import MetricSpec, Needs
from f1cap.records.scores import Metric


class Weight(Scorer):
    version = "0.1"

    def statistics(self, batch):
        assert batch.references == [[]] * len(batch.images)
        sizes = [len(batch.read_image(image)) for image in batch.images]
        return {
            model: Statistics(np.array([[1e3 * len(c) / s] for c, s in zip(lines, sizes)]))
            for model, lines in batch.captions.items()
        }


WEIGHT = MetricSpec(
    "weight", "weight_metric:Weight", (Metric("weight", "Weight", higher_is_better=False),),
    Needs.IMAGES, references=False,
)
"""

Install = Callable[[str, str], str]
Score = Callable[..., Any]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Return what puts a package with one metric into a folder, for PYTHONPATH."""
    site = tmp_path / "site"

    def add(name: str, source: str) -> str:
        info = site / f"{name}_metric-0.1.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}_metric.py").write_text(source, encoding="utf-8")
        metadata = f"Metadata-Version: 2.1\nName: {name}-metric\nVersion: 0.1\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        entry = f"[f1cap.metrics]\n{name} = {name}_metric:{name.upper()}\n"
        (info / "entry_points.txt").write_text(entry, encoding="utf-8")
        return str(site)

    return add


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, content in (("references", REFERENCES), ("good", GOOD), ("bad", BAD)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


@pytest.fixture
def compare(program: Program, files: Path) -> Score:
    def run(*args: str, site: str) -> Any:
        return program(
            "compare",
            *("--captions", files / "good.json", "--captions", files / "bad.json"),
            *("--references", files / "references.json", *args),
            PYTHONPATH=site,
        )

    return run


def test_a_metric_of_another_package_is_shown_like_our_own(
    compare: Score, program: Program, files: Path, install: Install
) -> None:
    site = install("chrf", CHRF)
    done = compare("--metrics", "chrf", "--format", "json", site=site)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["primary"] == "chrf"
    assert data["metrics"] == [{"name": "chrf", "label": "chrF", "higher_is_better": True}]
    assert data["java"] is None, "text takes no Java"
    score = data["models"][1]["scores"]["chrf"]
    assert 0 < score["low"] < score["value"] < score["high"] < 100
    assert score["signature"] == "chrf|v:0.1|tok:none|refs:1|n:8"
    (pair,) = data["pairs"]
    assert pair["p"] == pair["p_holm"] == 2 / 2**8
    assert data["best"] == {"chrf": ["good"]}
    assert "good is ahead of bad by chrF on these 8 images" in data["conclusion"]

    table = compare("--metrics", "chrf", site=site).stdout
    assert re.search(r"^Model +chrF +95 %", table, re.MULTILINE)
    assert re.search(r"^good +100\.0\* +\[100, 100\]", table, re.MULTILINE)
    assert "Difference in chrF" in table
    done = program(
        "eval", "--captions", files / "bad.json", "--references", files / "references.json",
        "--metrics", "chrf", "--format", "csv", PYTHONPATH=site,
    )  # fmt: skip
    assert done.stdout.splitlines()[0] == "model,image,category,caption,chrf"


def test_a_metric_that_needs_images_and_no_references(
    program: Program, tmp_path: Path, install: Install
) -> None:
    site = install("weight", WEIGHT)
    photos = tmp_path / "photos"
    make_images(photos, 8)
    images = [path.relative_to(photos).as_posix() for path in sorted(photos.rglob("*.jpg"))]
    arguments: list[str | Path] = []
    for name, text in (("short", "a car"), ("long", "a car that is described at length")):
        (tmp_path / f"{name}.json").write_text(json.dumps(dict.fromkeys(images, text)), "utf-8")
        arguments += ["--captions", tmp_path / f"{name}.json"]
    arguments += ["--metrics", "weight"]
    done = program("compare", photos, *arguments, "--format", "json", PYTHONPATH=site)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["images"] == len(images) == 8
    assert data["best"] == {"weight": ["short"]}, "lower is better"
    assert data["pairs"][0]["difference"] < 0
    assert data["pairs"][0]["wins"] == 1.0
    assert [row["category"] for row in data["models"][0]["categories"]] == ["cars", "pits"]
    for form in ("table", "markdown"):
        done = program("compare", photos, *arguments, "--format", form, PYTHONPATH=site)
        assert done.returncode == 0, done.stderr
    done = program("eval", photos, *arguments, PYTHONPATH=site)
    assert "Best by Weight" in done.stdout
    bare = program(
        "compare", *arguments, "--references", tmp_path / "short.json", PYTHONPATH=site
    )  # fmt: skip
    assert bare.returncode == 2
    assert "weight needs the images, and no dataset was named" in bare.stderr


def test_a_package_that_does_not_load_is_named(
    compare: Score, program: Program, install: Install
) -> None:
    site = install("chrf", "import no_such_module\n")
    done = compare("--metrics", "chrf", site=site)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    message = "The metric chrf of the package chrf-metric cannot be loaded: ModuleNotFoundError"
    assert message in " ".join(done.stderr.split())
    assert compare("--metrics", "cider", site=site).returncode == 0
    assert program("eval", "--help", PYTHONPATH=site).returncode == 0
    done = compare("--metrics", "chrff", site=site)
    assert done.returncode == 2
    assert "Did you mean chrf?" in done.stderr


def test_a_package_that_fails_costs_its_own_score_only(compare: Score, install: Install) -> None:
    site = install("chrf", CHRF.replace("return 100 * best", "return 1 / 0"))
    done = compare("--metrics", "chrf,cider", "--format", "json", site=site)
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    (error,) = document["errors"]
    assert error["code"] == "plugin"
    assert "chrf of the package chrf-metric failed: ZeroDivisionError" in error["message"]
    scores = document["data"]["models"][0]["scores"]
    assert scores["chrf"]["value"] is None
    assert scores["chrf"]["note"] == error["message"]
    assert scores["cider"]["value"] > 0
