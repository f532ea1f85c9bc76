"""`f1cap eval`: how good captions are, and how sure that is."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED, expect_json
from f1cap.cli.options import Metric, Missing, score_request
from f1cap.cli.output import check_output, open_output
from f1cap.errors import UsageError
from f1cap.records.scores import ScoreOptions
from f1cap.render.formats import EvalFormat


def evaluate(
    ctx: typer.Context,
    path: options.DatasetArg = None,
    model: options.ModelsOpt = None,
    all_models: Annotated[
        bool, typer.Option("--all", help="Every model that has results (the default).")
    ] = False,
    captions: options.CaptionsOpt = None,
    references: options.ReferencesOpt = None,
    missing: Annotated[
        Missing,
        typer.Option("--missing", help="What to do where a model lacks a caption."),
    ] = Missing.ERROR,
    rank_by: Annotated[
        Metric, typer.Option("--rank-by", help="Picks the best and the worst images.")
    ] = Metric.CIDER,
    semantic: options.SemanticOpt = False,
    seed: options.SeedOpt = 12345,
    java: options.JavaOpt = None,
    output_format: Annotated[
        EvalFormat, typer.Option("--format", "-f", help="How the scores are written.")
    ] = EvalFormat.TABLE,
    output: options.OutputOpt = None,
    output_dir: options.OutputDirOpt = None,
    quiet: options.QuietOpt = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show each score's signature.")
    ] = False,
) -> None:
    """Score captions: BLEU, ROUGE-L, METEOR and CIDEr with 95 % intervals.

    The captions are those that `f1cap caption` made of the images, or anybody's: --captions FILE.
    """
    if output_format is EvalFormat.JSON and output is None:
        expect_json(ctx, "eval")
    check_output(output)
    if all_models and model:
        raise UsageError("--all and --model do not go together.", hint="Leave one of them out.")
    if all_models and captions:
        raise UsageError("--all and --captions do not go together.", hint="Leave one of them out.")

    from f1cap.render.evaluation import write_evaluation
    from f1cap.render.progress import working
    from f1cap.services.score.evaluate import evaluate as evaluate_captions

    request = score_request(
        path=path,
        models=model,
        captions=captions,
        references=references,
        output_dir=output_dir,
        java=java,
        options=ScoreOptions(missing=missing.value, semantic=semantic, seed=seed),
        rank_by=rank_by.value,
    )
    with working("Scoring", quiet=quiet):
        evaluation = evaluate_captions(request)
    with open_output(output) as stream:
        write_evaluation(evaluation, output_format, stream, verbose=verbose)
    if evaluation.report.problems:
        raise typer.Exit(SOME_FAILED)
