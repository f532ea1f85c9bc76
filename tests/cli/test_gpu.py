"""`f1cap gpu` through the front door, beside a stand-in for the driver's library."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from f1cap.cli.app import app
from f1cap.models import catalog
from f1cap.records.fits import DeviceReport
from f1cap.records.readings import DriverReading, GpuReading, MigReading, TorchBuild
from f1cap.render.gpu import watch_devices
from f1cap.services import devices
from f1cap.services.devices import DeviceRequest, report_devices
from f1cap.store.benchmarks import PeakKey, write_peaks
from tests import captioners

GIB = 2**30
CU130 = TorchBuild("2.13.0+cu130", "13.0")
CU126 = TorchBuild("2.13.0+cu126", "12.6")

# fmt: off
SCENARIOS = (
    "healthy", "gtx1050", "wddm", "idle", "mismatch", "none", "fails", "gone", "lost", "two",
    "unlike", "mig", "garbled", "absurd", "ancient", "gb10",
)
# fmt: on

# Everything in one process a scenario: `gpu` twice, then `caption` and `bench` on what they are
# told is a GPU, while the driver changes its mind half-way.
ALL_COMMANDS = """
import json, os, sys
os.environ["F1CAP_TEST_NVML_PID"] = str(os.getpid())
from typer.testing import CliRunner
from f1cap.cli.app import app
from f1cap.services.bench import process
from f1cap.services.caption import run as captioning
from tests import bench_worker, captioners
process.WORKER_PROGRAM = bench_worker.PROGRAM
runner = CliRunner()
def run(*args):
    result = runner.invoke(app, args)
    assert result.exit_code == 0, (args, result.output, result.exception)
    return result.stdout
tables = run("gpu")
report = json.loads(run("gpu", "--format", "json", "--vram", "4GiB"))
captioning.open_captioner = captioners.open_captioner
class Gone(captioners.FakeCaptioner):
    def generate(self, *args):
        os.environ["F1CAP_TEST_NVML"] = "gone"
        return super().generate(*args)
captioners.FakeCaptioner = Gone
caption = json.loads(run("caption", sys.argv[1], "--model", "git-mini", "--format", "json"))
bench = json.loads(run("bench", sys.argv[1], "--model", "git-mini", "--format", "json",
                       "--min-seconds", "0", "--min-images", "2"))
print(json.dumps([tables, report, caption, bench]))
"""


@pytest.fixture
def report(
    library: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Return a process that says what `f1cap gpu --format json` says of a scenario."""

    def run(scenario: str, *args: str, **environment: str) -> dict[str, Any]:
        finished = _python(
            "from f1cap.cli.app import main; main()",
            *("gpu", "--format", "json", *args),
            LD_LIBRARY_PATH=str(library()),
            F1CAP_TEST_NVML=scenario,
            **environment,
        )
        document: dict[str, Any] = json.loads(finished.stdout)
        assert document["status"] == "ok"
        data: dict[str, Any] = document["data"]
        return data

    return run


def _python(script: str, *args: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CUDA_")}
    return subprocess.run(
        [sys.executable, "-c", script, *args],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


def test_the_keys_are_a_contract(report: Callable[..., dict[str, Any]]) -> None:
    data = report("healthy")
    assert list(data) == ["gpus", "nvml", "torch", "recipe", "cpu", "fit", "models"]
    (gpu,) = data["gpus"]
    wanted = {
        *("index", "name", "driver", "cuda", "compute_capability", "vram_total_bytes"),
        *("vram_used_bytes", "vram_free_bytes", "utilization", "temperature_c", "power_w"),
        "supported",
    }
    assert wanted <= set(gpu)
    assert (gpu["name"], gpu["compute_capability"], gpu["power_w"]) == ("NVIDIA H100", "9.0", 68.25)
    assert {"version", "cuda"} <= set(data["torch"])
    for model in data["models"]:
        assert {"model", "predicted_vram_bytes", "measured_vram_bytes", "fits"} <= set(model)
        assert model["fits"] is True


def test_records_tell_nothing_that_json_does_not_know() -> None:
    gpus = (GpuReading(0, compute_capability=(9, 0), mig_devices=(MigReading(*[None] * 5),)),)
    report = replace(
        report_devices(DeviceRequest(vram_bytes=4 * GIB)),
        gpus=devices.judge_gpus(DriverReading("580.95", "12.8", gpus), CU126),
    )
    told = json.loads(json.dumps(report.to_dict()))
    assert told["gpus"][0]["compute_capability"] == "9.0"
    assert told["gpus"][0]["mig_devices"][0]["uuid"] is None
    assert told["models"][0]["predicted_parts_bytes"]["weights"] > 0
    for entry in catalog.entries():
        assert json.loads(json.dumps(entry.to_dict()))["model"] == entry.spec.name


def test_what_a_gtx_1050_withholds_is_null(report: Callable[..., dict[str, Any]]) -> None:
    data = report("gtx1050")
    (gpu,) = data["gpus"]
    assert (gpu["power_w"], gpu["energy_j"]) == (None, None)
    assert data["fit"]["dtype"] == "float32"  # its half precision is slower
    assert data["fit"]["capacity_bytes"] == 3796 * 2**20


def test_a_hidden_gpu_is_no_gpu_for_models(report: Callable[..., dict[str, Any]]) -> None:
    data = report("two", CUDA_VISIBLE_DEVICES="1")
    assert [gpu["visible"] for gpu in data["gpus"]] == [False, True]
    assert data["fit"]["gpu_index"] == 1


def test_models_are_fitted_to_the_gpu_that_cuda_counts_first(
    report: Callable[..., dict[str, Any]],
) -> None:
    data = report("two", CUDA_VISIBLE_DEVICES="1,0")
    assert [gpu["visible"] for gpu in data["gpus"]] == [True, True]
    assert data["fit"]["gpu_index"] == 1


def test_a_gpu_too_old_for_any_torch_is_not_fitted_to(
    report: Callable[..., dict[str, Any]],
) -> None:
    alone = report("gt710")
    assert alone["fit"]["gpu_index"] is None
    assert {model["fits"] for model in alone["models"]} == {None}
    with_a_good_one = report("ancient")
    assert with_a_good_one["fit"]["gpu_index"] == 1
    assert with_a_good_one["fit"]["dtype"] == "float16"


def test_the_table_says_nothing_of_what_fits_on_a_gpu_that_nothing_runs_on(
    library: Callable[..., Path],
) -> None:
    def table(scenario: str) -> str:
        return _python(
            "from f1cap.cli.app import main; main()",
            "gpu",
            LD_LIBRARY_PATH=str(library()),
            F1CAP_TEST_NVML=scenario,
        ).stdout

    alone = table("gt710")
    assert "No current torch build supports a GPU this old." in " ".join(alone.split())
    assert "What fits on" not in alone
    assert "What fits on GPU 1 with" in table("ancient")
    assert "total · shared with the system" in table("gb10")


def test_without_a_gpu_one_line_says_so(runner: CliRunner) -> None:
    result = runner.invoke(app, ["gpu"])
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith("No NVIDIA GPU (NVML: NVML Shared Library Not Found).")
    assert "bfloat16" in first
    assert "RAM" in first
    assert "--vram 4GiB" in second


def test_a_gpu_that_is_not_there(runner: CliRunner) -> None:
    result = runner.invoke(app, ["gpu", "--vram", "900MiB", "--format", "json"])
    models = {model["model"]: model for model in json.loads(result.stdout)["data"]["models"]}
    assert models["git-mini"]["fits"] is True
    assert models["blip-base"]["fits"] is False
    assert models["blip-base"]["largest_batch_size"] == 0
    table = runner.invoke(app, ["gpu", "--vram", "1.5GiB"]).stdout
    assert "What fits on a GPU with 1.50 GiB: float32, batch size 8\n" in table
    assert re.search(r"^blip-large +5 +1\.66 GiB", table, re.MULTILINE)
    assert "no\n" in table


def test_the_largest_batch_is_the_gpu_s_and_agrees_with_what_fits(runner: CliRunner) -> None:
    def models(*args: str) -> dict[str, dict[str, Any]]:
        result = runner.invoke(app, ["gpu", "--format", "json", *args])
        return {model["model"]: model for model in json.loads(result.stdout)["data"]["models"]}

    # vit-gpt2's captions are shorter than the others': its largest batch must know
    for model in models("--vram", "2GiB").values():
        most = str(max(model["largest_batch_size"], 1))
        fitting = models("--vram", "2GiB", "--batch-size", most)[model["model"]]
        assert fitting["fits"] is bool(model["largest_batch_size"])
        more = models("--vram", "2GiB", "--batch-size", str(int(most) + 1))[model["model"]]
        assert more["fits"] is (int(most) + 1 <= more["largest_batch_size"])
    assert models("--vram", "80GiB", "--batch-size", "2000")["blip-base"]["largest_batch_size"] > 64


@pytest.mark.parametrize("size", ["4", "4 apples", "0GiB", "GiB", "\uff14GiB", "9" * 400 + "GiB"])
def test_a_size_needs_its_unit(runner: CliRunner, size: str) -> None:
    result = runner.invoke(app, ["gpu", "--vram", size])
    assert result.exit_code == 2
    assert "4GiB" in result.output


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--format", "json"), "--watch shows a table on the terminal only"),
        (("--output", "gpus.txt"), "--watch shows a table on the terminal only"),
        (("--vram", "4GiB"), "--vram, --dtype, --num-beams and --batch-size have no effect"),
    ],
)
def test_watching_is_for_people(runner: CliRunner, option: tuple[str, str], words: str) -> None:
    result = runner.invoke(app, ["gpu", "--watch", *option])
    assert result.exit_code == 2
    assert words in result.output


def test_watching_goes_on_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("f1cap.render.gpu.time.sleep", pauses.append)
    reports = iter([report_devices(DeviceRequest())] * 2)
    stream = io.StringIO()

    def read() -> DeviceReport:
        report = next(reports, None)
        if report is None:
            raise KeyboardInterrupt
        return report

    watch_devices(read, stream)
    assert stream.getvalue().count("No NVIDIA GPU") == 2
    assert pauses == [1.0, 1.0]


def test_the_suffix_of_the_output_file_chooses_the_format(
    runner: CliRunner, tmp_path: Path
) -> None:
    for command in ("gpu", "models"):
        file = tmp_path / f"{command}.json"
        result = runner.invoke(app, [command, "--output", str(file)])
        assert (result.exit_code, result.stdout) == (0, "")
        document = json.loads(file.read_text(encoding="utf-8"))
        assert document["f1cap"]["command"] == command
        assert document["data"]["models"][0]["model"] == "blip-base"


@pytest.mark.parametrize(
    ("scenario", "build", "supported", "words"),
    [
        ("gtx1050", CU130, False, 'pip install --force-reinstall "torch<2.15" --extra-index-url'),
        ("gtx1050", CU126, True, ""),
        ("healthy", CU126, True, ""),
        # a driver for CUDA 12.8 does not run what was built with 13
        ("healthy", CU130, False, ""),
        ("healthy", TorchBuild("2.13.0+cpu"), False, "/cu126"),
        ("healthy", TorchBuild("2.13.0+rocm6", hip="6.4"), None, ""),
        ("healthy", None, None, ""),
    ],
)
def test_whether_torch_can_use_a_gpu(
    scenario: str,
    build: TorchBuild | None,
    supported: bool | None,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capability = (6, 1) if scenario == "gtx1050" else (9, 0)
    reading = GpuReading(0, "GPU-1", "A GPU", capability, 4 * GIB)
    driver = DriverReading("580.95", "12.8", (reading,))
    monkeypatch.setattr("f1cap.services.devices.pip_commands", lambda: {"pip": "pip"})
    (verdict,) = devices.judge_gpus(driver, build)
    assert verdict.supported is supported
    assert words in str(verdict.install)
    if supported is False:
        assert verdict.notes[0].endswith(".")


def test_a_measured_peak_stands_beside_the_prediction(
    report: Callable[..., dict[str, Any]],
) -> None:
    name = "NVIDIA GeForce GTX 1050"
    write_peaks([(PeakKey(name, "git-base", "float32", 4, 8), 123)])
    write_peaks([(PeakKey(name, "git-base", "float32", 4, 32), 456)])
    write_peaks([(PeakKey(name, "swin-tiny", "float32", 5, 32), 789)])
    write_peaks([(PeakKey("Another GPU", "blip-base", "float32", 5, 8), 1)])
    measured = {
        model["model"]: (model["measured_vram_bytes"], model["measured_batch_size"])
        for model in report("gtx1050")["models"]
    }
    assert measured["git-base"] == (123, 8)
    assert measured["swin-tiny"] == (789, 32)
    assert measured["blip-base"] == (None, None)


def test_it_answers_at_once_and_without_torch() -> None:
    script = (
        "import sys, time; from f1cap.cli.app import app\n"
        "try: app(['gpu'])\nexcept SystemExit: pass\n"
        "assert not {'torch', 'transformers', 'numpy', 'PIL'} & set(sys.modules), sys.modules\n"
        "print(time.process_time(), file=sys.stderr)"
    )
    # the CPU's time, as a busy machine says nothing of us; 0.25 s is usual
    assert float(_python(script).stderr) < 0.8


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_driver_hurts_any_command(
    scenario: str, library: Callable[..., Path], photos: Path
) -> None:
    root = Path(__file__).parents[2]
    finished = _python(
        ALL_COMMANDS,
        str(photos),
        LD_LIBRARY_PATH=str(library()),
        F1CAP_TEST_NVML=scenario,
        PYTHONPATH=str(root),
        **{captioners.DEVICE: "cuda:0"},
    )
    table, report, caption, bench = json.loads(finished.stdout)
    beginning = {
        "none": "No NVIDIA GPU (NVML: no GPU found). ",
        "mismatch": "The NVIDIA driver does not respond (NVML: RM has detected an NVML/RM "
        "version mismatch). If it was just updated, restart the machine. ",
    }
    assert table.startswith(beginning.get(scenario, "GPU 0"))
    assert report["data"]["models"][0]["fits"] is True
    (captioned,) = caption["data"]["runs"]
    assert (captioned["captioned"], captioned["device"]) == (5, "cuda:0")
    (row,) = bench["data"]["rows"]
    assert (row["status"], row["device"]) == ("ok", "cuda:0")
