"""`f1cap gpu`: which GPUs there are, whether torch can use them, and which models fit."""

import sys
from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import expect_json
from f1cap.errors import UsageError
from f1cap.records.models import LARGEST_BATCH, DType
from f1cap.render.formats import ListFormat


def gpu(
    ctx: typer.Context,
    vram: Annotated[
        str | None,
        typer.Option("--vram", metavar="SIZE", help="Ask for a GPU that is not there, as in 4GiB."),
    ] = None,
    dtype: options.DTypeOpt = DType.AUTO,
    num_beams: Annotated[
        int | None,
        typer.Option(
            "--num-beams", min=1, max=64, help="Beams of the search; default: the model's."
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", min=1, max=LARGEST_BATCH, help="Images at once; default: 8."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Show the GPUs anew every second, until Ctrl-C.")
    ] = False,
    output_format: Annotated[
        ListFormat, typer.Option("--format", "-f", help="How the report is written.")
    ] = ListFormat.TABLE,
) -> None:
    """Show the graphics GPUs, whether this torch can run on them, and which models fit.

    Sizes are predicted from the models' shapes, before anything is downloaded; where `f1cap bench`
    has measured a model on such a GPU, its peak stands beside.
    """
    if output_format is ListFormat.JSON:
        expect_json(ctx, "gpu")
        if watch:
            raise UsageError("--watch shows a table; --format json is one document.")
    asked = (vram, num_beams, batch_size)
    if watch and (dtype is not DType.AUTO or any(value is not None for value in asked)):
        raise UsageError(
            "--watch shows GPUs, not what fits: --vram, --dtype, --num-beams and --batch-size "
            "mean nothing to it.",
            hint="Leave out --watch.",
        )

    from f1cap.render.gpu import watch_devices, write_devices_json, write_devices_table
    from f1cap.services.devices import DeviceRequest, report_devices

    request = DeviceRequest(
        vram_bytes=options.parse_size(vram, "--vram"),
        dtype=dtype,
        num_beams=num_beams,
        batch_size=batch_size,
    )
    if watch:
        watch_devices(lambda: report_devices(request), sys.stdout)
    elif output_format is ListFormat.JSON:
        write_devices_json(report_devices(request), sys.stdout)
    else:
        write_devices_table(report_devices(request), sys.stdout)
