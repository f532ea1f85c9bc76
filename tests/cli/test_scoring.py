"""`f1cap eval` and `f1cap compare` through the front door, from captions to a conclusion."""

import csv
import gzip
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from f1cap.cli.app import app
from f1cap.errors import JavaError
from f1cap.metrics import coco, meteor

pytestmark = pytest.mark.java

IMAGES = [f"{group}/{number}.jpg" for group in ("cars", "pits") for number in range(6)]
REFERENCES = {
    image: [f"a {colour} racing car number {place} in the {image.split('/')[0]} at night",
            f"the {colour} car {place} drives through the {image.split('/')[0]}"]
    for place, (image, colour) in enumerate(
        zip(IMAGES, ["red", "blue", "green", "orange", "yellow", "purple"] * 2, strict=True)
    )
}  # fmt: skip
GOOD = {image: lines[0] for image, lines in REFERENCES.items()}
BAD = dict.fromkeys(IMAGES, "a man riding a wave on top of a surfboard " * 3)
NO_METEOR = ("--metrics", "bleu,rouge_l,cider")  # which takes seconds to start
HOSTILE = "a | pipe\nand <b>html</b> *stars* \x1b[31m"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "references.json").write_text(json.dumps(REFERENCES), encoding="utf-8")
    (tmp_path / "good.json").write_text(json.dumps(GOOD), encoding="utf-8")
    bad = {**BAD, IMAGES[0]: HOSTILE}
    (tmp_path / "bad.json").write_text(json.dumps(bad), encoding="utf-8")
    return tmp_path


@pytest.fixture
def few_paraphrases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """METEOR without its table of paraphrases, which takes it nine CPU seconds to read."""
    folder = tmp_path / "meteor"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "paraphrase-en.gz").write_bytes(gzip.compress(b""))
    jar = folder / coco.meteor_jar().name
    shutil.copyfile(coco.meteor_jar(), jar)
    monkeypatch.setattr(coco, "meteor_jar", lambda: jar)
    return jar


def _run(runner: CliRunner, *args: str | Path) -> Result:
    return runner.invoke(app, [*map(str, args)])


def _document(result: Result) -> dict[str, Any]:
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    return document


def _compare(runner: CliRunner, files: Path, *args: str) -> Result:
    return _run(
        runner, "compare",
        "--captions", f"good={files / 'good.json'}",
        "--captions", f"swin-mini={files / 'bad.json'}",
        "--references", files / "references.json", *args,
    )  # fmt: skip


@pytest.mark.usefixtures("few_paraphrases")
def test_compare_json_holds_the_contract(runner: CliRunner, files: Path) -> None:
    result = _compare(runner, files, "--format", "json")
    assert result.exit_code == 0, result.output
    data = _document(result)["data"]
    assert {"models", "primary", "pairs", "disagreements", "conclusion", "seed"} <= set(data)
    assert [model["model"] for model in data["models"]] == ["good", "swin-mini"]
    (pair,) = [pair for pair in data["pairs"] if pair["metric"] == data["primary"]]
    assert {"a", "b", "metric", "difference", "low", "high", "p", "p_holm"} <= set(pair)
    assert pair["exact"] is True
    assert pair["p"] == pytest.approx(2 / 2**12)
    assert data["models"][1]["negative_control"] is True
    assert "negative control swin-mini is detected" in data["conclusion"]
    assert "12 images" in data["conclusion"]
    assert len(data["disagreements"]) == 5
    assert data["best"]["cider"] == ["good"]
    assert {"name": "meteor", "label": "METEOR", "higher_is_better": True} in data["metrics"]


def test_compare_markdown_is_escaped(runner: CliRunner, files: Path) -> None:
    text = _compare(runner, files, *NO_METEOR, "--format", "markdown").stdout
    assert "| Model | CIDEr |" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    widths = {line.replace("\\|", "").count("|") for line in tables}
    assert widths <= {4, 5, 8, 9, 10, 11}, "no caption adds a column"
    assert "<b>" not in text
    assert "\x1b" not in text


@pytest.mark.usefixtures("few_paraphrases")
def test_compare_table_fits_the_screen(
    runner: CliRunner, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = _compare(runner, files)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "(control)" in result.stdout
    assert "negative control swin-mini is detected" in result.stdout
    assert "Hidden columns: Params, BLEU-1, BLEU-4 (" in result.stdout
    monkeypatch.setenv("COLUMNS", "60")
    assert "Params, BLEU-1, BLEU-4, Cut off, ROUGE-L" in _compare(runner, files).stdout
    monkeypatch.delenv("COLUMNS")
    piped = _compare(runner, files, *NO_METEOR).stdout
    assert "Hidden columns" not in piped
    assert "Params" in piped
    rows = _compare(runner, files, *NO_METEOR, "--format", "csv").stdout
    csv_rows = list(csv.DictReader(io.StringIO(rows)))
    assert [row["model"] for row in csv_rows] == ["good", "swin-mini"]
    assert float(csv_rows[0]["cider_low"]) <= float(csv_rows[0]["cider"])


def test_only_the_chosen_metrics_are_computed(
    runner: CliRunner, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise JavaError("METEOR was started.")

    monkeypatch.setattr(meteor, "MeteorProcess", refuse)
    output = files / "chosen.json"
    chosen = _compare(runner, files, "--metrics", "cider, bleu", "-o", str(output))
    assert chosen.exit_code == 0, chosen.output
    data = json.loads(output.read_text(encoding="utf-8"))["data"]
    names = ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "cider"]
    assert list(data["models"][0]["scores"]) == names
    assert [metric["name"] for metric in data["metrics"]] == names
    assert {pair["metric"] for pair in data["pairs"]} == set(names)
    assert {remark["metric"] for remark in data["remarks"]} <= {None, *names}
    bleu = _compare(runner, files, "--metrics", "bleu", "--format", "json")
    assert _document(bleu)["data"]["primary"] == "bleu_4", "the first in tables of those computed"
    usual = _compare(runner, files)
    assert usual.exit_code == 3
    assert "METEOR was started." in usual.stdout


@pytest.mark.parametrize(
    ("suffix", "begin"),
    [("csv", "model,"), ("MD", "## 2 models"), ("json", "{"), ("txt", "2 models on 12 images")],
)
def test_the_suffix_decides_where_no_format_does(
    runner: CliRunner, files: Path, suffix: str, begin: str
) -> None:
    output = files / f"out.{suffix}"
    result = _compare(runner, files, "--metrics", "rouge_l", "-o", str(output))
    assert result.exit_code == 0, result.output
    assert output.read_text(encoding="utf-8").startswith(begin)
    assert result.stdout == ""


def test_one_image_marks_no_best(runner: CliRunner, files: Path) -> None:
    (files / "references.json").write_text(json.dumps({IMAGES[0]: REFERENCES[IMAGES[0]]}))
    table = _compare(runner, files, *NO_METEOR)
    assert table.exit_code == 0, table.output
    assert "1.000 " in table.stdout
    assert "1.000=" not in table.stdout
    assert "level with" not in table.stdout
    assert table.stdout.startswith("2 models on 1 image\n")
    assert "CIDEr could not be computed, so nothing can be concluded." in table.stdout
    assert "level with" not in _compare(runner, files, *NO_METEOR, "--format", "markdown").stdout


def test_eval_of_results_and_what_it_writes(runner: CliRunner, at: Path) -> None:
    made = _run(runner, "caption", "--model", "git-mini", "--quiet")
    assert made.exit_code == 0, made.output
    result = _run(runner, "eval", "--format", "json")
    assert result.exit_code == 0, result.output
    (report,) = _document(result)["data"]["reports"]
    assert report["model"] == "git-mini"
    assert set(report["scores"]) == {
        "bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "meteor", "cider",
    }  # fmt: skip
    for score in report["scores"].values():
        assert set(score) == {"value", "low", "high", "signature", "note"}
        assert score["low"] <= score["value"] <= score["high"]
    assert report["scores"]["meteor"]["signature"].startswith("meteor|v:1.5|")
    assert {"words_per_caption", "length_ratio", "truncated", "line_breaks"} <= set(report["text"])
    assert report["text"]["truncated"] is not None, "the journal recorded it"
    assert len(report["categories"]) == 4
    assert len(report["best"]) == len(report["worst"]) == 3
    (path,) = Path(os.environ["F1CAP_CACHE_DIR"]).rglob("metrics.json")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["schema"] == 2
    assert kept["scores"]["cider"]["value"] == report["scores"]["cider"]["value"]
    assert len(kept["per_image"]) == 20
    assert report["per_image"] == kept["per_image"]
    assert set(report["per_image"][0]) == {"image", "scores"}
    assert set(report["per_image"][0]["scores"]) == set(report["scores"])


@pytest.mark.usefixtures("few_paraphrases")
def test_eval_shows_signatures_where_asked(runner: CliRunner, files: Path) -> None:
    hypotheses, references = files / "good.json", files / "references.json"
    arguments = ("eval", "--captions", hypotheses, "--references", references)
    assert "meteor|v:" not in _run(runner, *arguments).stdout
    table = _run(runner, *arguments, "--verbose").stdout
    assert "METEOR" in table
    assert "meteor|v:1.5" in table


def test_captions_that_do_not_fit(runner: CliRunner, files: Path) -> None:
    partial = dict(list(GOOD.items())[:9])
    (files / "partial.json").write_text(json.dumps(partial), encoding="utf-8")
    arguments = (
        "eval", "--captions", files / "partial.json", "--references", files / "references.json",
        "--format", "json", "--metrics", "rouge_l",
    )  # fmt: skip
    refused = _run(runner, *arguments)
    assert refused.exit_code == 1
    assert "3 of 12" in refused.stderr
    assert "--missing" in refused.stderr
    skipped = _run(runner, *arguments, "--missing", "skip")
    assert _document(skipped)["data"]["reports"][0]["images"] == 9
    empty = _run(runner, *arguments, "--missing", "empty")
    assert _document(empty)["data"]["reports"][0]["images"] == 12


def test_images_without_references_are_named_and_counted(runner: CliRunner, files: Path) -> None:
    bare: dict[str, object] = {**REFERENCES, IMAGES[0]: [], IMAGES[1]: "", IMAGES[2]: [" "]}
    (files / "references.json").write_text(json.dumps(bare), encoding="utf-8")
    result = _run(
        runner, "eval", "--captions", files / "good.json",
        "--references", files / "references.json", "--format", "json", "--metrics", "rouge_l",
    )  # fmt: skip
    data = _document(result)["data"]
    assert data["images"] == 9
    (text,) = [r["text"] for r in data["remarks"] if r["code"] == "without_references"]
    assert text.startswith("3 captions of good are not scored")
    assert all(image in text for image in IMAGES[:3])


def test_images_that_are_called_by_numbers(runner: CliRunner, files: Path) -> None:
    names = ["2", "3", "1"]
    images = [
        {"id": place, "filename": name, "caption": f"a car of team {name} in the pits"}
        for place, name in enumerate(names, 1)
    ]
    (files / "own.json").write_text(json.dumps({"images": images}), encoding="utf-8")
    told = {name: f"a car of team {name} in the pits" for name in names}
    (files / "told.json").write_text(json.dumps(told), encoding="utf-8")
    result = _run(
        runner, "eval", "--captions", files / "told.json",
        "--references", files / "own.json", "--format", "json", "--metrics", "bleu",
    )  # fmt: skip
    (report,) = _document(result)["data"]["reports"]
    assert report["scores"]["bleu_4"]["value"] == pytest.approx(1.0)


def test_no_java_at_all(
    runner: CliRunner, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = _run(
        runner, "eval", "--captions", files / "good.json",
        "--references", files / "references.json", "--java", tmp_path / "no-java",
    )  # fmt: skip
    assert named.exit_code == 1
    assert "java" in named.stderr.lower()
    assert "Traceback" not in named.output


def test_bleu_without_a_four_word_match_is_no_win(runner: CliRunner, files: Path) -> None:
    for name, tail in (("short", ""), ("long", " and so on in words of no reference at all")):
        captions = dict.fromkeys(IMAGES, f"a racing car{tail}")
        (files / f"{name}.json").write_text(json.dumps(captions), encoding="utf-8")
    arguments = (
        "compare", "--captions", files / "short.json", "--captions", files / "long.json",
        "--references", files / "references.json", "--metrics", "bleu",
    )  # fmt: skip
    data = _document(_run(runner, *arguments, "--format", "json"))["data"]
    values = {model["model"]: model["scores"]["bleu_4"] for model in data["models"]}
    assert values["short"]["value"] != values["long"]["value"] > 0, "pycocoevalcap's, untouched"
    assert values["short"]["low"] is values["long"]["high"] is None
    (pair,) = [pair for pair in data["pairs"] if pair["metric"] == "bleu_4"]
    assert (pair["difference"], pair["low"], pair["high"]) == (0.0, 0.0, 0.0)
    assert (pair["p"], pair["p_holm"], pair["wins"]) == (1.0, 1.0, 0.5)
    assert "bleu_4" not in data["best"]
    assert data["best"]["bleu_1"] == ["long"]
    (remark,) = [remark for remark in data["remarks"] if remark["code"] == "no_match"]
    assert remark["text"] == (
        "No caption of short or long shares three consecutive words with a reference: BLEU-3 and "
        "BLEU-4 say nothing about them, and count as 0 in every test."
    )
    assert data["conclusion"] == (
        "BLEU-4 says nothing on these 12 images: by it no caption matches a reference, so nothing "
        "can be concluded."
    )


def test_five_images_tell_nobody_apart(runner: CliRunner, files: Path) -> None:
    five = {image: REFERENCES[image] for image in IMAGES[:5]}
    (files / "references.json").write_text(json.dumps(five), encoding="utf-8")
    data = _document(_compare(runner, files, *NO_METEOR, "--format", "json"))["data"]
    assert data["conclusion"] == (
        "good and swin-mini cannot be told apart by CIDEr on these 5 images: with so few no "
        "corrected p below 0.0625 exists, however large the difference is."
    )
    assert all(set(models) == {"good", "swin-mini"} for models in data["best"].values())


def test_a_table_holds_the_corrected_p_of_every_pair(runner: CliRunner, files: Path) -> None:
    rows = _compare(runner, files, "--metrics", "bleu,rouge_l", "--format", "csv").stdout
    good, bad = csv.DictReader(io.StringIO(rows))
    document = _document(_compare(runner, files, "--metrics", "bleu,rouge_l", "--format", "json"))
    for pair in document["data"]["pairs"]:
        column = f"{pair['metric']}_p_holm_vs_"
        assert float(good[column + "swin-mini"]) == pair["p_holm"]
        assert float(bad[column + "good"]) == pair["p_holm"]
        assert good[column + "good"] == ""


def test_other_scripts_than_the_latin_are_said(runner: CliRunner, files: Path) -> None:
    texts = {"a.jpg": "一辆红色的赛车在赛道上", "b.jpg": "两名机械师拿着一个轮胎", "c.jpg": "车手"}
    for name in ("references", "good", "bad"):
        (files / f"{name}.json").write_text(json.dumps(texts), encoding="utf-8")
    data = _document(_compare(runner, files, "--metrics", "rouge_l", "--format", "json"))["data"]
    (remark,) = [remark for remark in data["remarks"] if remark["code"] == "not_english"]
    assert remark["text"].startswith(
        "The captions of good, the captions of swin-mini and the references are written in Chinese "
        "characters: the tokeniser, the stems, the synonyms"
    )
    assert "Text without spaces is one word" in remark["text"]


def test_somebody_elses_metrics_json_stays(runner: CliRunner, at: Path) -> None:
    results = at / "results"
    made = _run(runner, "caption", "--model", "git-mini", "--quiet", "--output-dir", results)
    assert made.exit_code == 0, made.output
    theirs = '{"bleu_4": 0.0041, "schema": "of another program"}'
    metrics, ours = (results / "git-mini" / name for name in ("metrics.json", "metrics.f1cap.json"))
    metrics.write_text(theirs, encoding="utf-8")
    (results / "comparison").mkdir()
    analysis = results / "comparison" / "comparative_analysis.json"
    analysis.write_text("[]", encoding="utf-8")
    options = ("--output-dir", results, "--metrics", "rouge_l", "--format", "json")
    for _ in range(2):
        data = _document(_run(runner, "eval", *options))["data"]
        assert metrics.read_text(encoding="utf-8") == theirs
        (remark,) = [remark for remark in data["remarks"] if remark["code"] == "not_replaced"]
        assert remark["text"] == (
            f"{metrics} was not written by f1cap and stays as it is: the scores are in "
            "metrics.f1cap.json beside it."
        )
    kept = json.loads(ours.read_text(encoding="utf-8"))
    assert kept["scores"]["rouge_l"]["value"] == data["reports"][0]["scores"]["rouge_l"]["value"]
    assert kept["schema"] == 2
    names = {path.name for path in ours.parent.glob("metrics*")}
    assert names == {"metrics.json", "metrics.f1cap.json"}
    _run(runner, "compare", *options)
    assert analysis.read_text(encoding="utf-8") == "[]"
    assert (analysis.parent / "comparative_analysis.f1cap.json").is_file()


def test_files_of_one_name_are_called_by_their_folders(runner: CliRunner, files: Path) -> None:
    for model, captions in (("git-base", GOOD), ("swin-tiny", BAD)):
        (files / model).mkdir()
        (files / model / "generated_captions.json").write_text(json.dumps(captions), "utf-8")
    arguments = ("--references", files / "references.json", "--metrics", "rouge_l", "-f", "json")
    result = _run(
        runner, "compare",
        "--captions", files / "git-base" / "generated_captions.json",
        "--captions", files / "swin-tiny" / "generated_captions.json", *arguments,
    )  # fmt: skip
    models = _document(result)["data"]["models"]
    assert [model["model"] for model in models] == ["git-base", "swin-tiny"]
    assert models[1]["negative_control"] is True
    alias = _run(
        runner, "eval", "--captions", f"Swin={files / 'bad.json'}", "--missing", "empty", *arguments
    )
    (report,) = _document(alias)["data"]["reports"]
    assert (report["model"], report["negative_control"]) == ("swin-tiny", True)


def test_references_in_another_spelling_are_those_of_the_images(
    runner: CliRunner, at: Path
) -> None:
    made = _run(runner, "caption", "--model", "git-mini", "--quiet", "--limit", "2", "-f", "json")
    captions = _document(made)["data"]["runs"][0]["captions"]
    names = [caption["image"] for caption in captions]
    written = {name.replace("/", "\\").upper(): ["a racing car"] for name in names}
    (at / "references.json").write_text(json.dumps(written), encoding="utf-8")
    result = _run(
        runner, "eval", "--references", at / "references.json", "--metrics", "rouge_l", "-f", "json"
    )
    (report,) = _document(result)["data"]["reports"]
    assert sorted(image["image"] for image in report["per_image"]) == sorted(names)


def test_a_failure_leaves_no_stale_document(runner: CliRunner, files: Path) -> None:
    output, foreign = files / "out.json", files / "foreign.json"
    arguments = ("--references", files / "references.json", "--metrics", "rouge_l", "-f", "json")
    _run(runner, "eval", "--captions", files / "good.json", *arguments, "-o", output)
    assert output.is_file()
    failed = _run(runner, "eval", "--captions", files / "gone.json", *arguments, "-o", output)
    assert failed.exit_code == 1
    assert not output.exists()
    foreign.write_text('{"not": "ours"}', encoding="utf-8")
    _run(runner, "eval", "--captions", files / "gone.json", *arguments, "-o", foreign)
    assert foreign.read_text(encoding="utf-8") == '{"not": "ours"}'


def test_nothing_to_score(runner: CliRunner, at: Path) -> None:
    result = _run(runner, "eval", "--format", "json")
    assert result.exit_code == 1
    assert "f1cap caption" in result.stderr
    assert _document(result)["status"] == "error"


@pytest.mark.parametrize(
    "args",
    [
        ("eval", "--captions", "a.json", "--model", "git-mini"),
        ("eval", "--all"),
        ("eval", "--metrics", "spice"),
        ("eval", "--metrics", ","),
        ("eval", "--metrics", "bleu_4"),
        ("eval", "--metrics", "bleu", "--rank-by", "cider"),
        ("compare", "--metrics", "bleu,meteor", "--primary", "cider"),
        ("eval", "--rank-by", "spice"),
        ("eval", "--rank-by", "semantic"),
        ("compare", "--primary", "semantic"),
        ("eval", "--missing", "ignore"),
        ("compare", "--primary", "spice"),
        ("compare", "--format", "html"),
    ],
)
def test_wrong_usage(runner: CliRunner, at: Path, args: tuple[str, ...]) -> None:
    result = _run(runner, *args)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_a_seed_below_zero_is_refused(runner: CliRunner) -> None:
    for command in ("eval", "compare"):
        result = runner.invoke(app, [command, "--seed", "-1"])
        assert (result.exit_code, "--seed" in result.output) == (2, True), result.output
