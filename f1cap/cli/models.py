"""`f1cap models`: what there is, how large it is, and what is already here."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.output import prepare_output, write_output
from f1cap.render.formats import ModelsFormat
from f1cap.render.formatting import count


def command(
    ctx: typer.Context,
    output_format: Annotated[ModelsFormat | None, options.FORMAT] = None,
    output: options.OutputOpt = None,
) -> None:
    """List the models: checkpoint, size, downloaded or not."""
    form = prepare_output(ctx, output_format, output, ModelsFormat)
    from f1cap.models import catalog

    entries = catalog.entries()
    write_output(entries, form, output, wrote=count(len(entries), "model"))
