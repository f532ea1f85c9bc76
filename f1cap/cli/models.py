"""`f1cap models`: what there is, how large it is, and what is already here."""

import sys
from typing import Annotated

import typer

from f1cap.models import catalog
from f1cap.render.formats import ListFormat


def models(
    output_format: Annotated[
        ListFormat, typer.Option("--format", "-f", help="How the list is written.")
    ] = ListFormat.TABLE,
) -> None:
    """List the catalogue: name, checkpoint, parameters, size, downloaded or not."""
    from f1cap.render.models import write_models_json, write_models_table

    entries = catalog.entries()
    if output_format is ListFormat.JSON:
        write_models_json(entries, sys.stdout)
    else:
        write_models_table(entries, sys.stdout)
