"""`f1cap bench --save` and `--baseline`: what is kept, and what a gate lets through."""

import json
from pathlib import Path

from tests.cli.conftest import Bench, document_of


def test_a_worse_number_than_the_baseline_s_is_an_exit_code(bench: Bench, tmp_path: Path) -> None:
    assert bench("--model", "git-mini", "--save", "before").exit_code == 0
    kept = tmp_path / "home" / "f1cap" / "benchmarks" / "saved" / "before.json"
    before = json.loads(kept.read_text(encoding="utf-8"))

    same = bench("--model", "git-mini", "--baseline", "before", "--tolerance", "100000%")
    assert same.exit_code == 0, same.output
    assert "No worse than before by more than" in same.stdout

    before["rows"][0]["images_per_s"] *= 1000
    before["rows"][0]["memory"] = [1]  # not a benchmark of ours, and no reason to lose the new one
    before["environment"]["cpu"] = "Another"
    kept.write_text(json.dumps(before), encoding="utf-8")
    worse = bench("--model", "git-mini", "--baseline", "before", "--format", "json")
    assert worse.exit_code == 3
    comparison = document_of(worse)["data"]["comparison"]
    assert "images_per_s" in {found["metric"] for found in comparison["regressions"]}
    assert any(difference.startswith("cpu was Another") for difference in comparison["differences"])
    assert document_of(worse)["errors"] == []

    for damage in ("{", '{"format": 1, "environment": {}, "rows": [{}]}'):
        kept.write_text(damage, encoding="utf-8")
        result = bench("--model", "git-mini", "--baseline", "before")
        assert (result.exit_code, result.stdout) == (1, "")
    kept.write_text("{", encoding="utf-8")
    assert bench("--model", "git-mini", "--baseline", "before").exit_code == 1
    absent = bench("--model", "git-mini", "--baseline", "never")
    assert absent.exit_code == 1
    assert "Saved benchmarks: before." in absent.stderr


def test_a_result_that_cannot_be_kept_is_shown_all_the_same(bench: Bench, tmp_path: Path) -> None:
    cache = tmp_path / "home" / "f1cap"
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file where a folder is needed", encoding="utf-8")
    result = bench("--model", "git-mini", "--save", "x", "--format", "json")
    assert result.exit_code == 3
    document = document_of(result)
    assert document["data"]["rows"][0]["status"] == "ok"
    assert document["data"]["saved"] is None
    assert [error["code"] for error in document["errors"]] == ["storage"]


def test_a_baseline_with_nothing_to_compare_does_not_pass(bench: Bench, photos: Path) -> None:
    args = ("--model", "git-mini", "--model", "swin-mini")
    assert bench(*args, "--save", "both").exit_code == 0
    fewer = bench("--model", "git-mini", "--baseline", "both", "--tolerance", "100000%")
    assert fewer.exit_code == 0, fewer.output
    assert "swin-mini (float32) was measured in the baseline and not in this run" in fewer.stdout

    other = bench("--model", "git-mini", "--batch-size", "3", "--baseline", "both")
    assert other.exit_code == 3
    assert "Nothing to compare" in other.stdout

    next(photos.rglob("*.jpg")).unlink()
    images = bench(*args, "--baseline", "both", "--format", "json")
    assert images.exit_code == 3
    document = document_of(images)
    assert document["data"]["comparison"]["differences"] == ["images was 5 and is 4"]
    assert [error["code"] for error in document["errors"]] == ["baseline"]


def test_a_baseline_of_an_earlier_version_is_read(bench: Bench, tmp_path: Path) -> None:
    args = ("--model", "git-mini", "--compare-transformers")
    assert bench(*args, "--save", "before").exit_code == 0
    saved = tmp_path / "home" / "f1cap" / "benchmarks" / "saved" / "before.json"
    before = json.loads(saved.read_text(encoding="utf-8"))
    (row,) = before["rows"]
    row["reference"] = row.pop("transformers")
    del row["prompt"], row["reduced_jpeg"], row["decoding"]
    saved.write_text(json.dumps(before | {"format": 1}), encoding="utf-8")
    again = bench(*args, "--baseline", "before", "--tolerance", "100000%", "--format", "json")
    assert again.exit_code == 0, again.output
    comparison = document_of(again)["data"]["comparison"]
    assert (comparison["compared"], comparison["differences"]) == (1, [])


def test_another_prompt_is_other_work_and_another_engine_is_told(bench: Bench) -> None:
    args = ("--model", "blip-mini", "--engine", "fast")
    assert bench(*args, "--save", "before").exit_code == 0
    rest = ("--baseline", "before", "--tolerance", "100000%", "--format", "json")
    other = document_of(bench(*args, "--prompt", "a photo", *rest))["data"]["comparison"]
    assert other["compared"] == 0
    search = document_of(bench(*args, "--length-penalty", "0.5", *rest))["data"]
    assert search["comparison"]["compared"] == 0
    assert search["rows"][0]["decoding"] == {"length_penalty": 0.5}
    engine = document_of(bench("--model", "blip-mini", "--engine", "transformers", *rest))
    comparison = engine["data"]["comparison"]
    assert comparison["compared"] == 1
    assert comparison["differences"] == ["the engine was fast and is transformers, for blip-mini"]
