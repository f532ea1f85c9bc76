"""`f1cap gpu`: which GPUs there are, whether torch can use them, and which models fit."""

import sys
from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.output import prepare_output, write_output
from f1cap.errors import UsageError
from f1cap.records.models import LARGEST_BATCH, DType
from f1cap.render.formats import GpuFormat
from f1cap.render.formatting import count


def command(
    ctx: typer.Context,
    vram: Annotated[
        str | None,
        typer.Option(
            "--vram", metavar="SIZE", help="Predict for a GPU with this much memory, e.g. 4GiB."
        ),
    ] = None,
    dtype: options.DTypeOpt = DType.AUTO,
    num_beams: options.NumBeamsOpt = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            metavar="N",
            min=1,
            max=LARGEST_BATCH,
            help="Batch size, in images. Default: 8.",
        ),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="Show the GPUs and refresh every second, until Ctrl-C."),
    ] = False,
    output_format: Annotated[GpuFormat | None, options.FORMAT] = None,
    output: options.OutputOpt = None,
) -> None:
    """Show the GPUs, whether torch can use them, and which models fit.

    The memory that a model needs is predicted from its architecture, before anything is downloaded.
    If `f1cap bench` has measured the model on such a GPU, the measured peak is shown as well.
    """
    form = prepare_output(ctx, output_format, output, GpuFormat)
    if watch and (form is not GpuFormat.TABLE or output is not None):
        raise UsageError("--watch shows a table on the terminal only.", hint="Leave out --watch.")
    predicting = (vram, num_beams, batch_size)
    if watch and (dtype is not DType.AUTO or any(value is not None for value in predicting)):
        raise UsageError(
            "--vram, --dtype, --num-beams and --batch-size have no effect with --watch, which does "
            "not predict what fits.",
            hint="Leave out --watch.",
        )

    from f1cap.services.devices import DeviceRequest, report_devices

    request = DeviceRequest(
        vram_bytes=options.parse_size(vram, "--vram"),
        dtype=dtype,
        num_beams=num_beams,
        batch_size=batch_size,
    )
    if watch:
        from f1cap.render.gpu import watch_devices

        watch_devices(lambda: report_devices(request), sys.stdout)
    else:
        report = report_devices(request)
        write_output(report, form, output, wrote=f"report on {count(len(report.gpus), 'GPU')}")
