"""`f1cap compare`: which model to take, and how sure that is."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED
from f1cap.cli.output import prepare_output, write_output
from f1cap.records.scores import ScoreOptions
from f1cap.render.formats import CompareFormat


def compare(
    ctx: typer.Context,
    path: options.DatasetArg = None,
    model: options.ModelsOpt = None,
    captions: options.CaptionsOpt = None,
    references: options.ReferencesOpt = None,
    missing: options.MissingOpt = options.Missing.ERROR,
    metrics: options.MetricsOpt = None,
    primary: Annotated[
        str | None,
        typer.Option(
            "--primary",
            metavar="SCORE",
            help="The score that decides, as bleu_4; name it beforehand. Default: cider.",
            show_default=False,
        ),
    ] = None,
    semantic: options.SemanticOpt = False,
    seed: options.SeedOpt = 12345,
    java: options.JavaOpt = None,
    output_format: Annotated[
        CompareFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="How the comparison is written; default: --output's suffix, else table.",
            show_default=False,
        ),
    ] = None,
    output: options.OutputOpt = None,
    output_dir: options.OutputDirOpt = None,
    quiet: options.QuietOpt = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show each score's signature.")
    ] = False,
) -> None:
    """Set models side by side: scores, significance, categories, disagreements.

    Without --model every model that has results for the images is compared.
    """
    form = prepare_output(ctx, output_format, output, CompareFormat)

    from f1cap.render.progress import working
    from f1cap.services.score.compare import compare as compare_models

    request = options.score_request(
        path=path,
        models=model,
        captions=captions,
        references=references,
        output_dir=output_dir,
        java=java,
        options=ScoreOptions(
            missing=missing.value,
            metrics=options.chosen_metrics(metrics, semantic=semantic),
            primary=primary,
            seed=seed,
        ),
    )
    with working("Scoring", quiet=quiet):
        comparison = compare_models(request)
    write_output(comparison, form, output, verbose=verbose)
    if comparison.evaluation.report.problems:
        raise typer.Exit(SOME_FAILED)
