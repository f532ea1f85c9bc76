"""Where results go: text or bytes, stdout or a file that is written whole."""

import io
import re
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import typer
from typer.testing import CliRunner

from f1cap.cli.app import app
from f1cap.cli.output import prepare_output, write_output
from f1cap.errors import StorageError, UsageError
from f1cap.models.catalog import CATALOG
from f1cap.render.formats import OutputFormat


def write_text(result: str, stream: io.TextIOBase, *, shout: bool = False) -> None:
    stream.write(result.upper() if shout else result)


def write_bytes(result: str, stream: BinaryIO) -> None:
    stream.write(result.encode("utf-16"))
    if result == "full":
        raise OSError(28, "No space left on device")


class _Format(OutputFormat):
    TABLE = "table", "tests.cli.test_output:write_text"
    JSON = "json", "tests.cli.test_output:write_text"
    PARQUET = "parquet", "tests.cli.test_output:write_bytes", True


@pytest.fixture
def ctx() -> Any:
    app = typer.Typer()
    app.command()(lambda: None)
    return typer.main.get_command(app).make_context("show", [])


def test_bytes_go_to_a_file_whose_suffix_asks_for_them(ctx: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    form = prepare_output(ctx, None, path, _Format)
    assert form is _Format.PARQUET
    write_output("é", form, path, wrote="text")
    assert path.read_bytes() == "é".encode("utf-16")


def test_bytes_go_to_a_pipe(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_output("é", _Format.PARQUET, None, wrote="text")
    assert capfdbinary.readouterr().out == "é".encode("utf-16")


def test_bytes_do_not_go_to_a_terminal(ctx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(UsageError, match="--format parquet is binary"):
        prepare_output(ctx, _Format.PARQUET, None, _Format)


def test_options_of_the_command_reach_the_writer(capsys: pytest.CaptureFixture[str]) -> None:
    write_output("text", _Format.TABLE, None, shout=True, wrote="text")
    assert capsys.readouterr().out == "TEXT"


def test_a_line_says_what_a_file_holds(runner: CliRunner, at: Path) -> None:
    for name in ("a.json", "b.json"):
        (at / name).write_text('{"1.jpg": "a car on a track"}', encoding="utf-8")
    both = ("--captions", "a.json", "--captions", "b.json")
    score = (*both, "--references", "b.json", "--metrics", "rouge_l")
    results = {
        ("caption", "-m", "git-mini", "--limit", "3", "-o", "x.csv"): "3 captions → x.csv",
        ("eval", *score, "-o", "e.json"): "scores of 2 models → e.json",
        ("compare", *score, "-o", "c.csv"): "comparison of 2 models → c.csv",
        ("models", "-o", "m.json"): f"{len(CATALOG)} models → m.json",
        ("gpu", "-o", "g.txt"): r"report on \d+ GPUs? → g.txt",
    }
    for command, line in results.items():
        result = runner.invoke(app, list(map(str, command)))
        assert result.exit_code == 0, result.output
        assert re.fullmatch(line, result.stderr.splitlines()[-1])
        assert result.stdout == ""
        assert (at / command[-1]).is_file()
    quiet = ("caption", "-m", "git-mini", "--limit", "3", "-q", "-o", "x.csv")
    assert runner.invoke(app, quiet).stderr == ""


def test_a_byte_order_mark_is_for_csv_files_that_ask_for_it(runner: CliRunner, at: Path) -> None:
    usual = ["caption", "-m", "git-mini", "--limit", "2", "-o", "x.csv"]
    assert runner.invoke(app, usual).exit_code == 0
    without = (at / "x.csv").read_bytes()
    assert without.startswith(b"model,")
    assert runner.invoke(app, [*usual, "--csv-bom"]).exit_code == 0
    assert (at / "x.csv").read_bytes() == b"\xef\xbb\xbf" + without
    refused = runner.invoke(app, ["caption", "-m", "git-mini", "-f", "json", "--csv-bom"])
    assert refused.exit_code == 2
    assert "--csv-bom has no effect on --format json" in refused.stderr


def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No space left on device"):
        write_output("full", _Format.PARQUET, tmp_path / "x.parquet", wrote="text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("output", "expected"), [(None, "show"), ("x.json", None)])
def test_a_failure_is_json_only_where_stdout_was_to_be(
    ctx: Any, tmp_path: Path, output: str | None, expected: str | None
) -> None:
    path = None if output is None else tmp_path / output
    assert prepare_output(ctx, _Format.JSON, path, _Format) is _Format.JSON
    assert ctx.meta.get("f1cap.json_command") == expected


@pytest.mark.parametrize(
    ("command", "name", "known"),
    [
        (["caption", "-m", "git-mini"], "x.xlsx", ".coco, .csv, .json, .jsonl, .table, .txt"),
        (["eval"], "x.md", ".csv, .json, .table, .txt"),
        (["compare"], "x.tex", ".csv, .json, .markdown, .md, .table, .txt"),
        (["bench", "-m", "git-mini"], "x.html", ".csv, .json, .markdown, .md, .table, .txt"),
        (["gpu"], "x.csv", ".json, .table, .txt"),
        (["models"], "x.csv", ".json, .table, .txt"),
    ],
)
def test_an_unknown_suffix_is_refused_before_any_work(
    command: list[str], name: str, known: str, runner: CliRunner, tmp_path: Path
) -> None:
    path = tmp_path / name
    result = runner.invoke(app, [*command, "--output", str(path)])
    assert result.exit_code == 2
    message = " ".join(result.stderr.split())
    assert f"there is no format for the suffix {path.suffix}." in message
    assert f"Use one of {known}, or add --format." in message
    assert not path.exists()
    assert not any(tmp_path.glob("home/f1cap/*"))


def test_a_format_goes_into_a_file_of_any_name(runner: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "models.list"
    assert runner.invoke(app, ["models", "--format", "json", "-o", str(path)]).exit_code == 0
    assert path.read_text().startswith("{")
