"""Metrics of packages that are not ours, through the front door."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from f1cap.cli.app import app
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
Run = Callable[..., Result]


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
def inside(runner: CliRunner) -> Iterator[Run]:
    """Return the program in this process, with the packages of one folder on its path."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:

        def run(*args: str | Path, site: str) -> Result:
            if site not in sys.path:
                patch.syspath_prepend(site)
            return runner.invoke(app, [*map(str, args)])

        yield run
    for name in set(sys.modules) - before:
        if name.endswith("_metric"):
            del sys.modules[name]


@pytest.fixture
def two(files: Path) -> list[str | Path]:
    """The arguments that compare two caption files."""
    hypotheses = ("--captions", files / "good.json", "--captions", files / "bad.json")
    return ["compare", *hypotheses, "--references", files / "references.json"]


def test_a_metric_of_another_package_is_shown_like_our_own(
    program: Program, inside: Run, two: list[str | Path], files: Path, install: Install
) -> None:
    site = install("chrf", CHRF)
    done = program(*two, "--metrics", "chrf", "--format", "json", PYTHONPATH=site)
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

    table = inside(*two, "--metrics", "chrf", site=site).stdout
    assert re.search(r"^Model +chrF +95 %", table, re.MULTILINE)
    assert re.search(r"^good +100\.0\* +\[100, 100\]", table, re.MULTILINE)
    assert "Difference in chrF" in table
    rows = inside(
        "eval", "--captions", files / "bad.json", "--references", files / "references.json",
        "--metrics", "chrf", "--format", "csv", site=site,
    )  # fmt: skip
    assert rows.stdout.splitlines()[0] == "model,image,category,caption,chrf"


def test_a_metric_that_needs_images_and_no_references(
    inside: Run, tmp_path: Path, install: Install
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
    done = inside("compare", photos, *arguments, "--format", "json", site=site)
    assert done.exit_code == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["images"] == len(images) == 8
    assert data["best"] == {"weight": ["short"]}, "lower is better"
    assert data["pairs"][0]["difference"] < 0
    assert data["pairs"][0]["wins"] == 1.0
    assert [row["category"] for row in data["models"][0]["categories"]] == ["cars", "pits"]
    for form in ("table", "markdown"):
        done = inside("compare", photos, *arguments, "--format", form, site=site)
        assert done.exit_code == 0, done.stderr
    done = inside("eval", photos, *arguments, site=site)
    assert "Best by Weight" in done.stdout
    bare = inside(
        "compare", *arguments, "--references", tmp_path / "short.json", site=site
    )  # fmt: skip
    assert bare.exit_code == 2
    assert "weight needs the images, and no dataset was named" in bare.stderr


def test_a_package_that_does_not_load_is_named(
    inside: Run, two: list[str | Path], install: Install
) -> None:
    site = install("chrf", "import no_such_module\n")
    done = inside(*two, "--metrics", "chrf", site=site)
    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    message = "The metric chrf of the package chrf-metric cannot be loaded: ModuleNotFoundError"
    assert message in " ".join(done.stderr.split())
    assert inside(*two, "--metrics", "cider", site=site).exit_code == 0
    assert inside("eval", "--help", site=site).exit_code == 0
    done = inside(*two, "--metrics", "chrff", site=site)
    assert done.exit_code == 2
    assert "Did you mean chrf?" in done.stderr


def test_a_package_that_fails_costs_its_own_score_only(
    inside: Run, two: list[str | Path], install: Install
) -> None:
    site = install("chrf", CHRF.replace("return 100 * best", "return 1 / 0"))
    done = inside(*two, "--metrics", "chrf,cider", "--format", "json", site=site)
    assert done.exit_code == 3, done.stderr
    document = json.loads(done.stdout)
    (error,) = document["errors"]
    assert error["code"] == "plugin"
    assert "chrf of the package chrf-metric failed: ZeroDivisionError" in error["message"]
    scores = document["data"]["models"][0]["scores"]
    assert scores["chrf"]["value"] is None
    assert scores["chrf"]["note"] == error["message"]
    assert scores["cider"]["value"] > 0
