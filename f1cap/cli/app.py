"""The program: its commands, its version, its error boundary."""

from typing import Annotated

import typer

from f1cap.cli.bench import bench
from f1cap.cli.boundary import ErrorBoundary
from f1cap.cli.caption import caption
from f1cap.cli.compare import compare
from f1cap.cli.eval import evaluate
from f1cap.cli.gpu import gpu
from f1cap.cli.models import models
from f1cap.version import VERSION

app = typer.Typer(
    name="f1cap",
    cls=ErrorBoundary,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Caption images with small vision-language models, and find out which model is best for "
    "them.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"f1cap {VERSION}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


app.command()(caption)
app.command(name="eval")(evaluate)
app.command()(compare)
app.command()(bench)
app.command()(gpu)
app.command()(models)


def main() -> None:
    """Run the program on this process's streams."""
    from f1cap.render.terminal import prepare_streams

    prepare_streams()
    app()
