"""`f1cap eval`: how good captions are, and how sure that is."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED
from f1cap.cli.output import prepare_output, write_output
from f1cap.records.scores import ScoreOptions
from f1cap.render.formats import EvalFormat


def evaluate(
    ctx: typer.Context,
    path: options.DatasetArg = None,
    model: options.ModelsOpt = None,
    captions: options.CaptionsOpt = None,
    references: options.ReferencesOpt = None,
    missing: options.MissingOpt = options.Missing.ERROR,
    metrics: options.MetricsOpt = None,
    rank_by: Annotated[
        str | None,
        typer.Option(
            "--rank-by",
            metavar="SCORE",
            help="The score that picks the best and the worst images, as bleu_4; default: cider.",
            show_default=False,
        ),
    ] = None,
    semantic: options.SemanticOpt = False,
    seed: options.SeedOpt = 12345,
    java: options.JavaOpt = None,
    output_format: Annotated[
        EvalFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="How the scores are written; default: --output's suffix, else table.",
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
    """Score captions: BLEU, ROUGE-L, METEOR, CIDEr or others, with 95 % intervals.

    The captions are those that `f1cap caption` made of the images, or anybody's: --captions FILE.
    """
    form = prepare_output(ctx, output_format, output, EvalFormat)

    from f1cap.render.progress import working
    from f1cap.services.score.evaluate import evaluate as evaluate_captions

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
            seed=seed,
        ),
        rank_by=rank_by,
    )
    with working("Scoring", quiet=quiet):
        evaluation = evaluate_captions(request)
    write_output(evaluation, form, output, verbose=verbose)
    if evaluation.report.problems:
        raise typer.Exit(SOME_FAILED)
