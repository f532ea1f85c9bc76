"""What people and programs are given: tables, JSON, JSONL, CSV, COCO results, cleaned text."""

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from f1cap.errors import UsageError
from f1cap.models.catalog import entries
from f1cap.records.benchmarks import BenchRow
from f1cap.records.captions import Caption, CaptionOutcome, CaptionRun, CaptionSettings
from f1cap.records.images import Problem
from f1cap.records.json_text import stream_json, to_json
from f1cap.records.models import Decoding, Device, DType, Placement
from f1cap.records.readings import MemoryReading
from f1cap.render import formatting
from f1cap.render.bench_live import LiveBench
from f1cap.render.bench_progress import BenchProgress
from f1cap.render.formats import (
    CaptionFormat,
    CompareFormat,
    GpuFormat,
    ModelsFormat,
    OutputFormat,
    choose_format,
)
from f1cap.render.formatting import printable
from f1cap.render.terminal import message_console, table_writer
from tests.conftest import Golden

HOSTILE = "\x1b[31mred\x07 [bold]x[/bold] <b>&amp;</b> | :smile: \u202eabc"
CAPTIONS = (
    Caption("1_drivers/driver_01.jpg", "a driver in red waving to the fans", 8, False, False, 0.25),
    Caption("1_drivers/driver_02.jpg", "a driver " * 30 + "and", 50, True, True, 12.5),
    Caption("2_pits/[bold]\x1b[2J.jpg", HOSTILE, 7, False, False, 0.0125),
)


def run_record(captions: tuple[Caption, ...] = CAPTIONS, model: str = "git-mini") -> CaptionRun:
    return CaptionRun(
        model=model,
        checkpoint="org/name",
        revision="abc",
        family="git",
        dataset="photos",
        placement=Placement(Device.parse("cpu"), DType.FLOAT32),
        settings=CaptionSettings(Decoding(num_beams=4), DType.FLOAT32),
        images=4,
        captioned=2,
        kept=1,
        failed=1,
        sidecars_failed=1,
        seconds=12.75,
        images_per_s=2 / 12.75,
        load_s=0.5,
        latencies_s=(0.25, 12.5),
        vram_peak_bytes=None,
        rss_peak_bytes=700 * 2**20,
        batch_size=4,
        results_dir=Path("results/photos-0123/git-mini"),
        image_ids={"1_drivers/driver_01.jpg": 17},
        captions=captions,
    )


PROBLEM = Problem("image", "2_pits/bad.jpg is empty.", None, "2_pits/bad.jpg", "git-mini")
OUTCOME = CaptionOutcome((run_record(),), (PROBLEM,))


def _written(form: CaptionFormat, outcome: CaptionOutcome = OUTCOME) -> str:
    stream = io.StringIO()
    form.load()(outcome, stream)
    return stream.getvalue()


@pytest.mark.parametrize("columns", [80, 120])
def test_table(golden: Golden, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = _written(CaptionFormat.TABLE)
    assert max(map(len, text.splitlines())) <= columns
    assert "\x1b" not in text
    golden.check(text, f"tables/captions_{columns}.txt")


def test_json_holds_the_contract() -> None:
    document = json.loads(_written(CaptionFormat.JSON))
    assert set(document) == {"f1cap", "status", "data", "errors"}
    assert set(document["f1cap"]) == {"version", "schema", "command"}
    assert document["f1cap"]["command"] == "caption"
    assert document["f1cap"]["schema"] == 2
    assert document["status"] == "partial"
    (run,) = document["data"]["runs"]
    assert set(run) == {
        "model", "checkpoint", "revision", "family", "dataset", "device", "dtype", "settings",
        "images", "captioned", "kept", "failed", "sidecars_failed", "batch_size", "load_s",
        "seconds", "images_per_s", "vram_peak_bytes", "rss_peak_bytes", "results_dir", "captions",
    }  # fmt: skip
    assert set(run["settings"]) == {
        "decoding", "dtype", "prompt", "first_sentence", "reduced_jpeg",
    }  # fmt: skip
    assert set(run["captions"][0]) == {
        "image", "caption", "tokens", "truncated", "line_breaks", "latency_s",
    }  # fmt: skip
    assert [caption["caption"] for caption in run["captions"]] == [c.caption for c in CAPTIONS]
    assert run["vram_peak_bytes"] is None
    assert document["errors"] == [
        {
            "code": "image",
            "message": "2_pits/bad.jpg is empty.",
            "hint": None,
            "image": "2_pits/bad.jpg",
            "model": "git-mini",
        }
    ]


def test_jsonl_has_one_caption_a_line() -> None:
    lines = [json.loads(line) for line in _written(CaptionFormat.JSONL).splitlines()]
    assert [line["image"] for line in lines] == [caption.image for caption in CAPTIONS]
    assert {line["model"] for line in lines} == {"git-mini"}


def test_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(_written(CaptionFormat.CSV))))
    assert [row["caption"] for row in rows] == [caption.caption for caption in CAPTIONS]
    assert list(rows[0]) == [
        "model", "image", "caption", "tokens", "truncated", "line_breaks", "latency_s",
    ]  # fmt: skip
    assert rows[1]["truncated"] == "True"
    assert rows[1]["tokens"] == "50"


def test_coco_uses_the_ids_of_the_dataset() -> None:
    results = json.loads(_written(CaptionFormat.COCO))
    assert results[0] == {"image_id": 17, "caption": CAPTIONS[0].caption}
    assert results[1]["image_id"] == CAPTIONS[1].image


def test_coco_holds_one_model() -> None:
    CaptionFormat.COCO.check_models(1)
    with pytest.raises(UsageError, match="one model"):
        CaptionFormat.COCO.check_models(2)


@pytest.mark.parametrize(
    ("asked", "output", "chosen"),
    [
        (None, None, CaptionFormat.TABLE),
        (None, "x.CSV", CaptionFormat.CSV),
        (None, "x.json", CaptionFormat.JSON),
        (CaptionFormat.COCO, "x.json", CaptionFormat.COCO),
        (None, "x.txt", CaptionFormat.TABLE),
        (None, "x", CaptionFormat.TABLE),
    ],
)
def test_the_output_file_chooses_the_format(
    asked: CaptionFormat | None, output: str | None, chosen: CaptionFormat
) -> None:
    path = None if output is None else Path(output)
    assert choose_format(asked, path, CaptionFormat) is chosen


def test_a_suffix_may_be_short_for_the_format() -> None:
    assert choose_format(None, Path("x.md"), CompareFormat) is CompareFormat.MARKDOWN


@pytest.mark.parametrize("form", [*CaptionFormat, *GpuFormat, *ModelsFormat])
def test_every_format_has_its_writer(form: OutputFormat) -> None:
    assert callable(form.load())


@pytest.mark.parametrize(
    ("columns", "others", "shown"),
    [(80, (), 26), (120, (), 64), (120, CAPTIONS[1:2], 40), (200, CAPTIONS[1:2], 64)],
)
def test_names_are_cut_only_where_captions_need_the_width(
    monkeypatch: pytest.MonkeyPatch, columns: int, others: tuple[Caption, ...], shown: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    name = "DSC_0042_Monza_2024-09-01_variante_ascari_lap_52_copy_final.jpeg"
    captions = (replace(CAPTIONS[0], image=name), *others)
    text = _written(CaptionFormat.TABLE, CaptionOutcome((run_record(captions),), ()))
    cut = name if shown == len(name) else f"{name[: shown - 1]}…"
    assert f"{cut}  a driver in red" in text
    assert max(map(len, text.splitlines())) <= columns


def test_a_run_that_had_nothing_to_do_says_so() -> None:
    run = replace(run_record(), captioned=0, kept=3, images_per_s=None, latencies_s=())
    text = _written(CaptionFormat.TABLE, CaptionOutcome((run,), ()))
    assert "\nNo new captions\n3 reused from an earlier run" in text


@pytest.mark.parametrize("columns", [80, 120])
def test_models_show_what_is_downloaded_and_what_is_in_memory(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = io.StringIO()
    ModelsFormat.TABLE.load()(entries(), stream)
    table, _, below = stream.getvalue().partition("\n\n")
    assert max(map(len, table.splitlines())) <= columns
    (blip,) = (line for line in table.splitlines() if line.startswith("blip-base"))
    (mini,) = (line for line in table.splitlines() if line.startswith("git-mini"))
    assert table.index("Download") < table.index("FP16 size")
    assert "990 MB     448 MB" in blip  # its file holds the output layer a second time
    assert "none     5.6 MB" in mini
    assert below.startswith("Download: 4 bytes for each weight in the file, published in float32")


def test_an_empty_run_is_still_a_document() -> None:
    outcome = CaptionOutcome((run_record(captions=()),), ())
    document = json.loads(_written(CaptionFormat.JSON, outcome))
    assert document["status"] == "ok"
    assert document["data"]["runs"][0]["captions"] == []
    assert _written(CaptionFormat.TABLE, outcome)
    assert json.loads(_written(CaptionFormat.COCO, outcome)) == []


def test_a_long_run_shows_the_first_rows_and_says_so() -> None:
    many = tuple(replace(CAPTIONS[0], image=f"{number}.jpg") for number in range(500))
    run = replace(run_record(many), captioned=500, kept=0)
    text = _written(CaptionFormat.TABLE, CaptionOutcome((run,), ()))
    assert "and 300 more" in text
    assert "\n199.jpg" in text
    assert "\n200.jpg" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("café 🏎️ 漢字", "café 🏎️ 漢字"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("two\nlines\ttab\x00", "two\\nlines\\ttab\\x00"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        (os.fsdecode(b"\xff.jpg"), "\\udcff.jpg"),
        ("\x9b31m", "\\x9b31m"),
        ("[bold]x", "[bold]x"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_json_text_is_utf_8_whatever_it_holds() -> None:
    value = {"name": os.fsdecode(b"caf\xe9"), "text": "é\u2028\x1b", "path": Path("a/b")}
    text = to_json(value)
    assert json.loads(text.encode("utf-8")) == {**value, "path": "a/b"}
    assert "é" in text


def test_streamed_json_is_the_same_document() -> None:
    value = {
        "flat": {"a": 1, "b": [1, 2]},
        "empty": {},
        "none": [],
        "list": [{"x": 1}, {"x": [2]}],
        "lazy": ({"n": number} for number in range(3)),
        "nothing": iter(()),
    }
    text = "".join(stream_json(value))
    assert json.loads(text) == {
        "flat": {"a": 1, "b": [1, 2]},
        "empty": {},
        "none": [],
        "list": [{"x": 1}, {"x": [2]}],
        "lazy": [{"n": 0}, {"n": 1}, {"n": 2}],
        "nothing": [],
    }
    assert '"lazy": [\n    {"n": 0},\n' in text


def test_units() -> None:
    assert formatting.seconds(None) == "n/a"
    assert formatting.seconds(0.0123) == "12.3 ms"
    assert formatting.seconds(0.0996) == "99.6 ms"
    assert formatting.seconds(0.1234) == "123 ms"
    assert formatting.seconds(0.99951) == "1.00 s"
    assert formatting.seconds(12.346) == "12.35 s"
    assert formatting.seconds(99.6) == "1 min 40 s"
    assert formatting.seconds(3725) == "1 h 02 min"
    assert formatting.clock(3725) == "1:02:05"
    assert formatting.clock(None) == "-:--:--"
    assert formatting.size(None) == "n/a"
    assert formatting.size(999) == "999 B"
    assert formatting.size(989_820_849) == "990 MB"
    assert formatting.size(1_576_800_000) == "1.58 GB"
    assert formatting.memory(4 * 2**30) == "4.00 GiB"
    assert formatting.memory(700 * 2**20) == "700 MiB"
    assert formatting.count(1, "image") == "1 image"
    assert formatting.count(1000, "image") == "1,000 images"
    assert formatting.rate(0.345) == "0.34 images/s"
    assert formatting.rate(12.34) == "12.3 images/s"
    assert formatting.rate(None) == "n/a"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_csv_on_a_terminal_is_cleaned_and_in_a_pipe_is_not() -> None:
    terminal, pipe = _Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        table_writer(stream).writerow(["\x1b]0;x\x07a\nb", 3, None])
    assert terminal.getvalue() == "\\x1b]0;x\\x07a\\nb,3,\n"
    assert "\x1b" in pipe.getvalue()


def test_json_holds_nothing_that_acts_on_a_terminal() -> None:
    text = "\x1b \x9b \u202e \u2028 \ufeff é 🏎"
    line = to_json(text)
    assert json.loads(line) == text
    assert printable(line) == line


def test_a_bench_of_many_rows_leaves_room_for_its_gauge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "24")
    console = message_console()
    progress = BenchProgress(console)
    live = LiveBench(console, lambda: progress.state)
    progress.bench_started([f"row {index}" for index in range(30)], 5)
    for index in (0, 15, 29):
        progress.row_started(index)
        with console.capture() as captured:
            console.print(live.draw())
        shown = [line for line in captured.get().splitlines() if line.startswith("row ")]
        assert any(line.startswith(f"row {index} ") for line in shown)
        assert len(shown) == 20


def test_a_bench_on_a_terminal_shows_the_newest_figures_until_the_row_is_done() -> None:
    console = message_console()
    progress = BenchProgress(console)
    live = LiveBench(console, lambda: progress.state)

    def screen() -> str:
        with console.capture() as captured:
            console.print(live.draw())
        return captured.get()

    progress.bench_started(["git-mini", "blip-mini"], 5)
    progress.row_started(0)
    progress.phase("measuring")
    for used in (3 * 2**20, 2 * 2**20):
        progress.measured(0.5, 8, 0.25, MemoryReading(9, used, 4 * 2**30))
    assert "measuring" in screen()
    assert "8 images · 250 ms per image" in screen()
    assert "2 MiB · peak 3 MiB of 4.00 GiB" in screen()
    progress.row_finished(BenchRow("git-mini", "ok", images_per_s=4.0))
    assert "4.0 images/s" in screen()
    assert "peak" not in screen()
