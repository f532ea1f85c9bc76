"""The program: its commands, its version, its error boundary."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.main import get_command

from f1cap.cli.boundary import ErrorBoundary
from f1cap.version import VERSION

# In the order of the help. Each is the function `command` of the module of its name.
# What the help says of it is the first sentence of that function's docstring: known here, so that
# the help need not import and build all commands.
COMMANDS = {
    "caption": "Caption images with one or more models.",
    "eval": "Score captions: BLEU, ROUGE-L, METEOR, CIDEr or others, with 95 % intervals.",
    "compare": "Compare models: scores, significance, categories, disagreements.",
    "bench": "Measure models: speed, memory, energy and, if the dataset has references, quality.",
    "gpu": "Show the GPUs, whether torch can use them, and which models fit.",
    "models": "List the models: checkpoint, size, downloaded or not.",
}


class Program(ErrorBoundary):
    """The commands, each imported when it is asked for: a run loads one of them, the help none."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - the vendored Click's type
        """Return the names of all commands."""
        del ctx
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write what each command is for."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        """Return a command by its name; None where there is none."""
        # a misspelt name takes all of them: Typer suggests one from `self.commands`
        for name in (cmd_name,) if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                alone = typer.Typer(add_completion=False, rich_markup_mode=None)
                alone.command(name)(import_module(f"f1cap.cli.{name}").command)
                self.commands[name] = command = get_command(alone)
                for parameter in command.params:
                    if parameter.param_type_name == "argument":
                        _hide_type(parameter)
        return super().get_command(ctx, cmd_name)


def _hide_type(argument: Any) -> None:  # noqa: ANN401 - as above
    """Have the help show an argument's name alone: Typer adds the Python type."""
    make = argument.get_help_record

    def record(ctx: Any) -> tuple[str, str] | None:  # noqa: ANN401 - as above
        made = make(ctx)
        return None if made is None else (argument.metavar, made[1])

    argument.get_help_record = record


app = typer.Typer(
    name="f1cap",
    cls=Program,
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


def main() -> None:
    """Run the program on this process's streams."""
    from f1cap.render.terminal import prepare_streams

    prepare_streams()
    app()
