"""`f1cap bench` through the front door: real processes, with captioners that behave or do not."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image
from typer.testing import CliRunner

from f1cap.cli.app import app
from f1cap.records.benchmarks import BenchRow, MemoryPeaks
from f1cap.records.readings import DriverReading, GpuReading
from f1cap.services.bench import run
from f1cap.store.benchmarks import PeakKey, read_peaks
from tests import bench_worker, captioners
from tests.cli.conftest import Bench, document_of

KEYS = {
    *("model", "status", "reason", "device", "dtype", "batch_size", "import_s", "load_s"),
    *("first_caption_s", "latency_s", "images_per_s", "tokens_per_s", "memory"),
    *("energy_j_per_image", "quality", "transformers"),
}


def test_the_keys_are_a_contract(bench: Bench) -> None:
    result = bench("--model", "git-mini", "--format", "json")
    assert result.exit_code == 0, result.output
    document = document_of(result)
    assert (document["status"], document["errors"]) == ("ok", [])
    data = document["data"]
    assert list(data) == ["environment", "dataset", "images", "rows", "comparison", "saved"]
    assert {"cpu", "cores", "ram_bytes", "gpus", "driver", "cuda", "torch", "f1cap"} <= set(
        data["environment"]
    )
    (row,) = data["rows"]
    assert set(row) >= KEYS
    assert row["status"] == "ok"
    assert set(row["latency_s"]) == {"p50", "p90", "p95", "p99", "mean", "stdev", "values"}
    assert set(row["memory"]) == {
        "nvml_process_bytes",
        "nvml_device_bytes",
        "torch_allocated_bytes",
        "torch_reserved_bytes",
        "rss_bytes",
    }
    assert row["memory"]["rss_bytes"] > 10**6
    assert row["memory"]["nvml_process_bytes"] is None
    assert row["energy_j_per_image"] is None
    assert row["images"] == len(row["latency_s"]["values"]) >= 5
    assert row["latency_s"]["p50"] >= row["prepare_s"]["p50"] > 0
    assert row["words_per_caption"] == 5


def test_whatever_a_model_does_is_a_row(bench: Bench) -> None:
    result = bench("--mini", "--format", "json", behave="git-mini=memory,blip-mini=exit")
    assert result.exit_code == 3, result.output
    document = document_of(result)
    assert document["status"] == "partial"
    rows = {row["model"]: row for row in document["data"]["rows"]}
    assert [row["status"] for row in rows.values()] == ["failed", "failed", "ok"]
    assert rows["git-mini"]["code"] == "out_of_memory"
    assert rows["git-mini"]["load_s"] is not None  # what was measured before stands
    assert rows["blip-mini"]["reason"] == (
        "The worker exited with code 7; last stderr line: a library's last words"
    )
    assert [error["model"] for error in document["errors"]] == ["git-mini", "blip-mini"]


def test_a_model_that_hangs_is_ended(bench: Bench) -> None:
    args = ("--model", "swin-mini", "--timeout", "3", "--format", "json")
    result = bench(*args, behave="swin-mini=hang")
    assert result.exit_code == 3, result.output
    (row,) = document_of(result)["data"]["rows"]
    assert (row["status"], row["code"]) == ("failed", "timeout")
    assert "--timeout" in row["hint"]
    assert row["memory"]["rss_bytes"] > 10**6  # seen from outside until the end


def test_a_killed_process_and_a_bug_leave_the_others_whole(bench: Bench) -> None:
    result = bench("--mini", "--quiet", behave="git-mini=kill,blip-mini=bug")
    assert result.exit_code == 3
    assert "git-mini (float32) failed: The worker was killed by SIGKILL" in result.stdout
    assert "RuntimeError: nobody thought of this" in result.stdout
    assert "swin-mini" in result.stdout.splitlines()[2]
    assert "failed" in result.stderr


def test_out_of_memory_halves_the_batch(bench: Bench) -> None:
    args = ("--model", "git-mini", "--batch-size", "1,8", "--format", "json")
    rows = document_of(bench(*args, behave="git-mini=small"))["data"]["rows"]
    assert [row["asked_batch_size"] for row in rows] == [1, 8]
    assert [row["batch_size"] for row in rows] == [1, captioners.LARGEST_BATCH]
    assert "Out of memory at batch size 8; measured at 2." in rows[1]["notes"]


def test_rows_of_a_sweep_can_be_told_apart(bench: Bench) -> None:
    sweep = ("--model", "git-mini", "--batch-size", "4,8")
    table = bench(*sweep, behave="git-mini=small").stdout
    assert table.startswith("photos: 5 images · cpu, float32, batch size 2\n")
    assert "2 of 4" in table
    assert "2 of 8" in table
    # what differs from row to row is no heading
    assert bench(*sweep).stdout.startswith("photos: 5 images · cpu, float32\n")
    failed = bench(*sweep, "--format", "csv", behave="git-mini=memory").stdout
    rows = list(csv.DictReader(io.StringIO(failed)))
    assert [row["asked_batch_size"] for row in rows] == ["4", "8"]
    assert [row["batch_size"] for row in rows] == ["", ""]


def test_plain_transformers_takes_every_second_round(bench: Bench) -> None:
    args = ("--model", "git-mini", "--format", "json", "--vram-limit", "4GiB")
    result = bench(*args, "--compare-transformers")
    (row,) = document_of(result)["data"]["rows"]
    assert row["transformers"]["identical"] == 1.0
    assert row["transformers"]["images"] == 5
    assert row["transformers"]["speedup"] > 0
    assert any("--vram-limit has no effect here" in note for note in row["notes"])
    assert "--reference" not in result.stderr


def test_the_old_name_of_the_comparison_still_works(bench: Bench) -> None:
    result = bench("--model", "git-mini", "--reference", "--format", "json")
    (row,) = document_of(result)["data"]["rows"]
    assert row["transformers"]["identical"] == 1.0
    assert "note: --reference is now called --compare-transformers.\n" in result.stderr


def test_settings_of_caption_are_settings_of_bench(bench: Bench, photos: Path) -> None:
    for path in photos.rglob("*.jpg"):
        Image.new("RGB", (1200, 800), (0, 90, 200)).save(path)

    def row_of(*args: str) -> dict[str, Any]:
        result = bench("--model", "blip-mini", "--format", "json", *args)
        assert result.exit_code == 0, result.output
        row: dict[str, Any] = document_of(result)["data"]["rows"][0]
        return row

    row = row_of("--prompt", "a photography of a", "--engine", "transformers")
    assert (row["prompt"], row["reduced_jpeg"]) == ("a photography of a", False)
    assert row["engine"] == "transformers"
    assert row["words_per_caption"] == 7
    row = row_of("--reduced-jpeg", "--compare-transformers")
    assert (row["prompt"], row["reduced_jpeg"]) == (None, True)
    # plain transformers sees all pixels: what the captions of these captioners tell apart
    assert row["transformers"]["identical"] == 0.0


def test_each_model_has_rows_of_its_own_once(
    bench: Bench, checkpoint: Path, tmp_path: Path
) -> None:
    namesake = tmp_path / "other" / checkpoint.name
    shutil.copytree(checkpoint, namesake)
    models = ("git-mini", "GIT-MINI", str(checkpoint), str(namesake))
    asked = [option for name in models for option in ("--model", name)]
    rows = document_of(bench(*asked, "--format", "json"))["data"]["rows"]
    assert [row["model"] for row in rows] == ["git-mini", str(checkpoint), str(namesake)]


def test_a_prompt_for_a_model_that_takes_none_is_refused_at_once(bench: Bench) -> None:
    result = bench("--model", "blip-mini", "--model", "git-mini", "--prompt", "a photo of")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "git-mini takes no prompt" in result.stderr


@pytest.mark.parametrize(
    ("scenario", "has_energy"), [("healthy", True), ("gtx1050", False), ("gone", False)]
)
def test_a_gpu_is_watched_from_outside(
    scenario: str,
    has_energy: bool,
    bench: Bench,
    library: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the watching process loads the stand-in; this one has no driver at all
    monkeypatch.setenv("LD_LIBRARY_PATH", str(library()))
    monkeypatch.setenv("F1CAP_TEST_NVML", scenario)
    monkeypatch.setenv(captioners.DEVICE, "cuda:0")
    args = ("--model", "git-mini", "--batch-size", "4", "--min-seconds", "0.5", "--format", "json")
    (row,) = document_of(bench(*args))["data"]["rows"]
    seen = {"healthy": 2048, "gtx1050": 300, "gone": None}[scenario]
    assert row["memory"]["nvml_device_bytes"] == (seen and seen * 2**20)
    assert (row["energy_j_per_image"] is not None) is has_energy


def test_ctrl_c_says_how_far_it_came(
    bench: Bench, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bench  # for its environment
    monkeypatch.setenv(captioners.BEHAVIOUR, "swin-mini=hang")
    command = [
        sys.executable,
        "-m",
        bench_worker.PROGRAM,
        "bench",
        str(photos),
        "--min-seconds",
        "0",
    ]
    models = ["--model", "git-mini", "--model", "swin-mini"]
    with subprocess.Popen([*command, *models], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "swin-mini: first caption" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Interrupted: 1 of 2 rows were finished.\n" in rest


def test_only_the_driver_s_count_is_kept_beside_predictions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu = GpuReading(0, "GPU-1", "A GPU")
    monkeypatch.setattr("f1cap.services.bench.run.read_driver", lambda: DriverReading(gpus=(gpu,)))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    setting = BenchRow("git-base", "ok", device="cuda:0", dtype="float16", num_beams=4)
    counted = replace(setting, batch_size=8, memory=MemoryPeaks(nvml_process_bytes=900))
    # under WDDM, say, torch's own count, without the CUDA context
    reserved = replace(setting, batch_size=4, memory=MemoryPeaks(torch_reserved_bytes=500))
    run.keep_peaks([counted, reserved])
    assert read_peaks() == {PeakKey("A GPU", "git-base", "float16", 4, 8): 900}


def test_a_broken_image_is_told_once_and_costs_no_model(bench: Bench, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no image")
    args = ("--model", "git-mini", "--model", "swin-mini", "--format", "json")
    result = bench(*args, least="6")
    assert result.exit_code == 3
    document = document_of(result)
    assert [error["image"] for error in document["errors"]] == ["broken.jpg"]
    assert [row["status"] for row in document["data"]["rows"]] == ["ok", "ok"]
    for path in photos.rglob("*.jpg"):
        path.write_bytes(b"no image")
    (row,) = document_of(bench("--model", "git-mini", "--format", "json"))["data"]["rows"]
    assert row["reason"] == "None of the images can be read."


def test_quality_stands_beside_cost(bench: Bench, photos: Path) -> None:
    names = sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.jpg"))
    entries = [{"filename": name, "caption": "a car of 48 pixels"} for name in names]
    (photos / "captions.json").write_text(json.dumps({"images": entries}), encoding="utf-8")
    result = bench("--model", "git-mini", "--format", "markdown")
    assert result.exit_code == 0, result.output
    assert "| Model | CIDEr | 95 % | Length | img/s |" in result.stdout
    assert "1.00 ×" in result.stdout


def test_csv_has_every_number(bench: Bench) -> None:
    result = bench("--model", "git-mini", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["model"], row["status"]) == ("git-mini", "ok")
    assert float(row["latency_p95_s"]) > 0
    assert float(row["memory_rss_bytes"]) > 10**6
    assert row["memory_nvml_process_bytes"] == ""


def test_the_table_says_where_the_time_goes(bench: Bench) -> None:
    result = bench("--model", "git-mini", "--verbose")
    assert result.stdout.startswith("photos: 5 images · cpu, float32, batch size 4\n")
    assert "Where the time goes" in result.stdout
    assert "git-mini: measuring" in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("--dtype", "float8"),
        ("--batch-size", "0"),
        ("--batch-size", "1,x"),
        ("--batch-size", "99999999999999999999"),
        ("--timeout", "inf"),
        ("--min-seconds", "inf"),
        ("--tolerance", "much"),
        ("--save", "../up"),
        ("--all", "--mini"),
    ],
)
def test_wrong_usage(bench: Bench, args: tuple[str, ...]) -> None:
    chosen = () if "--all" in args else ("--model", "git-mini")
    assert bench(*chosen, *args).exit_code == 2


def test_real_processes_measure_a_tiny_checkpoint(
    runner: CliRunner, photos: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    args = ["--min-seconds", "0", "--min-images", "5", "--max-new-tokens", "8"]
    args += ["--compare-transformers"]
    args += ["--dtype", "float32", "--format", "json", "--model", str(checkpoint)]
    result = runner.invoke(app, ["bench", str(photos), *args])
    assert result.exit_code == 0, result.output
    (row,) = document_of(result)["data"]["rows"]
    assert row["import_s"] > 0.1
    assert row["threads"] == 1
    assert row["engine"] == "fast"
    assert row["sampling"]["samples"] > 1
    assert row["transformers"]["identical"] == 1.0
    assert row["revision"].startswith("sha256:")


@pytest.mark.slow
def test_the_bundled_models_on_the_bundled_images(
    runner: CliRunner, at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    result = runner.invoke(app, ["bench", "--mini", "--format", "json", "--min-seconds", "0"])
    assert result.exit_code == 0, result.output
    rows = document_of(result)["data"]["rows"]
    assert [row["model"] for row in rows] == ["git-mini", "blip-mini", "swin-mini"]
    assert all(row["status"] == "ok" and row["quality"]["cider"] is not None for row in rows)


def test_a_hanging_process_does_not_outlive_a_killed_benchmark(photos: Path) -> None:
    environment = {
        **os.environ,
        captioners.BEHAVIOUR: "git-mini=hang",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [
        sys.executable,
        "-m",
        bench_worker.PROGRAM,
        "bench",
        str(photos),
        "--model",
        "git-mini",
    ]
    parent = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert parent.stderr is not None
    for line in parent.stderr:
        if "first caption" in line:
            break
    children = psutil.Process(parent.pid).children()
    assert children
    parent.kill()
    parent.wait()
    parent.stderr.close()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
