"""`f1cap compare`: which model to take, and how sure that is."""

from typing import Annotated

import typer

from f1cap.cli import options, scoring
from f1cap.cli.boundary import SOME_FAILED
from f1cap.cli.output import prepare_output, write_output
from f1cap.records.scores import ScoreOptions
from f1cap.render.formats import CompareFormat
from f1cap.render.formatting import count


def command(
    ctx: typer.Context,
    path: scoring.DatasetArg = None,
    model: options.ModelsOpt = None,
    captions: scoring.CaptionsOpt = None,
    references: scoring.ReferencesOpt = None,
    missing: scoring.MissingOpt = scoring.Missing.ERROR,
    metrics: scoring.MetricsOpt = None,
    primary: Annotated[
        str | None,
        typer.Option(
            "--primary",
            metavar="SCORE",
            help="The primary score, on which the conclusion is based, e.g. bleu_4; choose it "
            "before you see any result. Default: cider.",
            show_default=False,
        ),
    ] = None,
    semantic: scoring.SemanticOpt = False,
    seed: scoring.SeedOpt = 12345,
    java: options.JavaOpt = None,
    output_format: Annotated[CompareFormat | None, options.FORMAT] = None,
    csv_bom: options.CsvBomOpt = False,
    output: options.OutputOpt = None,
    output_dir: options.OutputDirOpt = None,
    quiet: options.QuietOpt = False,
    verbose: scoring.SignaturesOpt = False,
) -> None:
    """Compare models: scores, significance, categories, disagreements.

    Without --model, all models that have results for the images are compared.
    """
    form = prepare_output(ctx, output_format, output, CompareFormat, csv_bom=csv_bom)

    from f1cap.render.progress import working
    from f1cap.services.score.compare import compare as compare_models

    request = scoring.score_request(
        path=path,
        models=model,
        captions=captions,
        references=references,
        output_dir=output_dir,
        java=java,
        options=ScoreOptions(
            missing=missing.value,
            metrics=scoring.chosen_metrics(metrics, semantic=semantic),
            primary=primary,
            seed=seed,
        ),
    )
    with working("Scoring", quiet=quiet):
        comparison = compare_models(request)
    wrote = f"comparison of {count(len(comparison.evaluation.report.models), 'model')}"
    write_output(
        comparison, form, output, wrote=wrote, quiet=quiet, csv_bom=csv_bom, verbose=verbose
    )
    if comparison.evaluation.report.problems:
        raise typer.Exit(SOME_FAILED)
