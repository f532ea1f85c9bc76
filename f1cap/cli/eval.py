"""`f1cap eval`: how good captions are, and how sure that is."""

from typing import Annotated

import typer

from f1cap.cli import options, scoring
from f1cap.cli.boundary import SOME_FAILED
from f1cap.cli.output import prepare_output, write_output
from f1cap.records.scores import ScoreOptions
from f1cap.render.formats import EvalFormat
from f1cap.render.formatting import count


def command(
    ctx: typer.Context,
    path: scoring.DatasetArg = None,
    model: options.ModelsOpt = None,
    captions: scoring.CaptionsOpt = None,
    references: scoring.ReferencesOpt = None,
    missing: scoring.MissingOpt = scoring.Missing.ERROR,
    metrics: scoring.MetricsOpt = None,
    rank_by: Annotated[
        str | None,
        typer.Option(
            "--rank-by",
            metavar="SCORE",
            help="The score by which the best and the worst images are chosen, e.g. bleu_4. "
            "Default: cider.",
            show_default=False,
        ),
    ] = None,
    semantic: scoring.SemanticOpt = False,
    seed: scoring.SeedOpt = 12345,
    java: options.JavaOpt = None,
    output_format: Annotated[EvalFormat | None, options.FORMAT] = None,
    csv_bom: options.CsvBomOpt = False,
    output: options.OutputOpt = None,
    output_dir: options.OutputDirOpt = None,
    quiet: options.QuietOpt = False,
    verbose: scoring.SignaturesOpt = False,
) -> None:
    """Score captions: BLEU, ROUGE-L, METEOR, CIDEr or others, with 95 % intervals.

    The captions are the results of `f1cap caption`, or those in any caption file: --captions FILE.
    """
    form = prepare_output(ctx, output_format, output, EvalFormat, csv_bom=csv_bom)

    from f1cap.render.progress import working
    from f1cap.services.score.evaluate import evaluate as evaluate_captions

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
            seed=seed,
        ),
        rank_by=rank_by,
    )
    with working("Scoring", quiet=quiet):
        evaluation = evaluate_captions(request)
    wrote = f"scores of {count(len(evaluation.report.models), 'model')}"
    write_output(
        evaluation, form, output, wrote=wrote, quiet=quiet, csv_bom=csv_bom, verbose=verbose
    )
    if evaluation.report.problems:
        raise typer.Exit(SOME_FAILED)
