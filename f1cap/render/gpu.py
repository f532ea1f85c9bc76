"""What `gpu` shows: GPUs, what torch can do with them, and which models fit."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from f1cap.records.fits import DeviceReport, GpuVerdict, ModelFit
from f1cap.records.models import DType
from f1cap.records.readings import GpuReading, TorchBuild
from f1cap.render.document import write_document
from f1cap.render.formatting import count, memory, printable
from f1cap.render.terminal import data_console, print_trimmed

_WATCH_S = 1.0


def write_table(report: DeviceReport, stream: TextIO) -> None:
    """Write GPUs, verdicts and fits for people."""
    console = data_console(stream)
    _print_gpus(console, report)
    if report.settings.capacity_bytes is None:
        console.print(Text("To see what would fit on a GPU: f1cap gpu --vram 4GiB", style="dim"))
        return
    console.print()
    console.print(_fit_heading(report), soft_wrap=True)
    print_trimmed(console, _fit_table(report))


def write_json(report: DeviceReport, stream: TextIO) -> None:
    """Write everything as one document."""
    write_document("gpu", "ok", report.to_dict(), [], stream)


def watch_devices(read: Callable[[], DeviceReport], stream: TextIO) -> None:
    """Show the GPUs, refreshed every second until Ctrl-C, which is the way out and no failure."""
    console = data_console(stream)
    try:
        if not console.is_terminal:
            while True:
                _print_gpus(console, read())
                console.file.flush()
                time.sleep(_WATCH_S)
        from rich.live import Live

        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(Group(*_gpus(read())), refresh=True)
                time.sleep(_WATCH_S)
    except KeyboardInterrupt:
        return


def _print_gpus(console: Console, report: DeviceReport) -> None:
    for part in _gpus(report):
        if isinstance(part, Text):
            console.print(part, soft_wrap=True)
        else:
            print_trimmed(console, part)


def _gpus(report: DeviceReport) -> Iterator[RenderableType]:
    if not report.gpus:
        yield _no_gpu(report)
    for verdict in report.gpus:
        yield from _gpu(report, verdict)
    recipe = report.recipe
    # a GPU's own stands with it
    if recipe is not None and recipe.install not in [v.install for v in report.gpus]:
        yield Text(recipe.reason)
        yield from _commands("Install the torch build for the CPU", recipe.install)


def _no_gpu(report: DeviceReport) -> Text:
    """Say in one line that there is no GPU, what NVML answered and what the CPU will do."""
    driver = report.driver
    answer = "no GPU found" if driver.problem is None else driver.problem
    what = "The NVIDIA driver does not respond" if driver.silent else "No NVIDIA GPU"
    line = Text(what, style="bold")
    line.append(f" (NVML: {printable(answer.rstrip('.'))}). ", style="default")
    if driver.silent:
        line.append("If it was just updated, restart the machine. ", style="default")
    if report.apple_gpu:
        return line.append("Models run on the Apple GPU (mps) in float32.", style="default")
    cpu = report.cpu
    dtype = "bfloat16, small ones in float32" if cpu.bfloat16 else DType.FLOAT32
    native = "with" if cpu.bfloat16 else "without"
    return line.append(
        f"Models run on the CPU in {dtype}: {printable(cpu.name or 'unknown')}, "
        f"{count(cpu.cores, 'core')}, {native} native bfloat16, "
        f"{memory(cpu.ram_total_bytes)} RAM ({memory(cpu.ram_free_bytes)} free).",
        style="default",
    )


def _gpu(report: DeviceReport, verdict: GpuVerdict) -> Iterator[RenderableType]:
    gpu = verdict.gpu
    heading = Text(f"GPU {gpu.index}  ", style="bold")
    heading.append(printable(gpu.name or "name n/a"), style="bold cyan")
    if verdict.visible is False:
        heading.append("  (hidden by CUDA_VISIBLE_DEVICES)", style="yellow")
    yield heading
    if gpu.problem is not None:
        yield Text(f"  does not respond: {printable(gpu.problem)}", style="red")
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _facts(report, gpu):
        table.add_row(f"  {name}", Text(text))
    table.add_row("  torch", _verdict(report.torch, verdict))
    yield table
    yield from _commands("  Install a torch build that runs on it", verdict.install or {})


def _commands(heading: str, install: Mapping[str, str]) -> Iterator[Text]:
    for installer, command in install.items():
        # on a line of its own, however long: it is there to be copied
        yield Text(f"{heading}, with {installer}:", style="dim")
        yield Text(command, style="cyan")


def _facts(report: DeviceReport, gpu: GpuReading) -> Iterator[tuple[str, str]]:
    capability = gpu.compute_capability
    yield (
        "driver",
        (
            f"{_or_na(report.driver.driver)} · CUDA {_or_na(report.driver.cuda)} · "
            f"compute capability {'n/a' if capability is None else '{}.{}'.format(*capability)}"
        ),
    )
    yield (
        "VRAM",
        (
            f"{memory(gpu.vram_used_bytes)} used · {memory(gpu.vram_free_bytes)} free · "
            f"{memory(gpu.vram_total_bytes)} total"
            f"{' · shared with the system' if gpu.shared_memory else ''}"
        ),
    )
    utilization = "n/a" if gpu.utilization is None else f"{100 * gpu.utilization:.0f} %"
    temperature = "n/a" if gpu.temperature_c is None else f"{gpu.temperature_c} °C"
    power = "n/a" if gpu.power_w is None else f"{gpu.power_w:.1f} W"
    yield "load", f"utilization {utilization} · temperature {temperature} · power {power}"
    reasons = gpu.throttle_reasons
    throttling = "n/a" if reasons is None else ", ".join(reasons) or "none"
    yield (
        "clocks",
        (
            f"SM {_megahertz(gpu.sm_clock_mhz)} · memory {_megahertz(gpu.memory_clock_mhz)} · "
            f"throttle reasons: {throttling}"
        ),
    )
    yield "processes", _processes(gpu)
    for part in gpu.mig_devices:
        yield (
            "MIG slice",
            (
                f"{printable(_or_na(part.name))} · {memory(part.vram_free_bytes)} free of "
                f"{memory(part.vram_total_bytes)}"
            ),
        )


def _processes(gpu: GpuReading) -> str:
    if gpu.processes is None:
        return "n/a"
    named = [f"{process.pid} ({memory(process.vram_bytes)})" for process in gpu.processes]
    return ", ".join(named) or "none"


def _verdict(torch: TorchBuild | None, verdict: GpuVerdict) -> Text:
    if torch is None:
        return Text("not installed", style="red")
    build = f"{torch.version}{f' (CUDA {torch.cuda})' if torch.cuda else ''}"
    if verdict.supported:
        return Text(f"{build} runs on this GPU", style="green")
    if verdict.supported is None:
        return Text(f"{build}: unknown whether it runs on this GPU")
    return Text(f"{build}: {printable(' '.join(verdict.notes))}", style="red")


def _fit_heading(report: DeviceReport) -> Text:
    settings = report.settings
    capacity = memory(settings.capacity_bytes)
    if settings.gpu_index is None:
        where = f"a GPU with {capacity}"
    else:
        where = f"GPU {settings.gpu_index} with {capacity} free"
    return Text(
        f"What fits on {where}: {settings.dtype}, batch size {settings.batch_size}", style="bold"
    )


def _fit_table(report: DeviceReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Model", style="cyan", no_wrap=True)
    for heading in ("Beams", "Weights", "Predicted", "Measured"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Fits", no_wrap=True)
    for fit in report.models:
        footprint = fit.footprint
        table.add_row(
            printable(fit.model),
            str(fit.num_beams),
            memory(None if footprint is None else footprint.weights),
            memory(None if footprint is None else footprint.total),
            _measured(fit, report),
            _fits(fit),
        )
    return table


def _measured(fit: ModelFit, report: DeviceReport) -> str:
    """Return the measured peak; with its batch size where that is another one."""
    same = fit.measured_batch_size in {None, report.settings.batch_size}
    batch = "" if same else f" (batch size {fit.measured_batch_size})"
    return f"{memory(fit.measured_vram_bytes)}{batch}"


def _fits(fit: ModelFit) -> Text:
    if fit.fits is None or fit.largest_batch_size is None:
        return Text("n/a")
    if fit.fits:
        return Text("yes", style="green")
    if fit.largest_batch_size:
        return Text(f"up to batch size {fit.largest_batch_size}", style="yellow")
    return Text("no", style="red")


def _megahertz(clock: int | None) -> str:
    return "n/a" if clock is None else f"{clock} MHz"


def _or_na(text: str | None) -> str:
    return "n/a" if text is None else text
