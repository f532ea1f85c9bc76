"""`f1cap compare`: which model to take, and how sure that is."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED, expect_json
from f1cap.cli.options import Metric, Missing, score_request
from f1cap.cli.output import check_output, open_output
from f1cap.records.scores import ScoreOptions
from f1cap.render.formats import CompareFormat


def compare(
    ctx: typer.Context,
    path: options.DatasetArg = None,
    model: options.ModelsOpt = None,
    captions: options.CaptionsOpt = None,
    references: options.ReferencesOpt = None,
    missing: Annotated[
        Missing,
        typer.Option("--missing", help="What to do where a model lacks a caption."),
    ] = Missing.ERROR,
    primary: Annotated[
        Metric, typer.Option("--primary", help="The metric that decides; name it beforehand.")
    ] = Metric.CIDER,
    semantic: options.SemanticOpt = False,
    seed: options.SeedOpt = 12345,
    java: options.JavaOpt = None,
    output_format: Annotated[
        CompareFormat, typer.Option("--format", "-f", help="How the comparison is written.")
    ] = CompareFormat.TABLE,
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
    if output_format is CompareFormat.JSON and output is None:
        expect_json(ctx, "compare")
    check_output(output)

    from f1cap.render.comparison import write_comparison_as
    from f1cap.render.progress import working
    from f1cap.services.score.compare import compare as compare_models

    request = score_request(
        path=path,
        models=model,
        captions=captions,
        references=references,
        output_dir=output_dir,
        java=java,
        options=ScoreOptions(
            missing=missing.value, primary=primary.value, semantic=semantic, seed=seed
        ),
    )
    with working("Scoring", quiet=quiet):
        comparison = compare_models(request)
    with open_output(output) as stream:
        write_comparison_as(comparison, output_format, stream, verbose=verbose)
    if comparison.evaluation.report.problems:
        raise typer.Exit(SOME_FAILED)
