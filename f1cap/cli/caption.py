"""`f1cap caption`: from a folder of images to captions."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED
from f1cap.cli.output import prepare_output, write_output
from f1cap.records.models import DecodingOverrides, DType, Engine
from f1cap.render.formats import CaptionFormat
from f1cap.render.formatting import count


def command(
    ctx: typer.Context,
    paths: options.PathsArg = None,
    model: options.ModelsOpt = None,
    all_models: options.AllOpt = False,
    mini: options.MiniOpt = False,
    recursive: options.RecursiveOpt = True,
    include_hidden: options.IncludeHiddenOpt = False,
    limit: options.LimitOpt = None,
    num_beams: options.NumBeamsOpt = None,
    max_new_tokens: options.MaxNewTokensOpt = None,
    min_new_tokens: options.MinNewTokensOpt = None,
    no_repeat_ngram_size: options.NoRepeatNgramSizeOpt = None,
    repetition_penalty: options.RepetitionPenaltyOpt = None,
    length_penalty: options.LengthPenaltyOpt = None,
    early_stopping: options.EarlyStoppingOpt = None,
    prompt: options.PromptOpt = None,
    first_sentence: Annotated[
        bool,
        typer.Option(
            "--first-sentence",
            help="Keep only the first sentence of each caption; useful with swin-tiny, which does "
            "not stop by itself.",
        ),
    ] = False,
    reduced_jpeg: options.ReducedJpegOpt = False,
    batch_size: Annotated[
        str, typer.Option("--batch-size", metavar="auto|N", help="Batch size, in images.")
    ] = "auto",
    device: options.DeviceOpt = "auto",
    dtype: options.DTypeOpt = DType.AUTO,
    engine: options.EngineOpt = Engine.AUTO,
    offline: options.OfflineOpt = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--fresh",
            help="Reuse earlier captions where image, model and settings are unchanged, or caption "
            "everything again.",
        ),
    ] = True,
    sidecar: Annotated[
        str | None,
        typer.Option(
            "--sidecar",
            metavar="SUFFIX",
            help="Also write each caption to a file beside its image, with this suffix, e.g. .txt.",
        ),
    ] = None,
    overwrite_sidecars: Annotated[
        bool, typer.Option("--overwrite-sidecars", help="Replace sidecar files whose text differs.")
    ] = False,
    output_format: Annotated[CaptionFormat | None, options.FORMAT] = None,
    csv_bom: options.CsvBomOpt = False,
    output: options.OutputOpt = None,
    output_dir: options.OutputDirOpt = None,
    quiet: options.QuietOpt = False,
    verbose: options.VerboseOpt = False,
) -> None:
    """Caption images with one or more models.

    Name the models with --model, --all or --mini; they run one after another. Each caption is saved
    as soon as it is finished: after an interruption, run the same command again to continue.
    """
    form = prepare_output(ctx, output_format, output, CaptionFormat, csv_bom=csv_bom)
    models = options.chosen_models(model, all_models=all_models, mini=mini)
    form.check_models(len(models))

    from f1cap.cli.output import caption_progress
    from f1cap.services.caption.request import CaptionRequest
    from f1cap.services.caption.run import caption_images

    request = CaptionRequest(
        paths=tuple(paths or ()),
        models=models,
        recursive=recursive,
        include_hidden=include_hidden,
        limit=limit,
        decoding=DecodingOverrides(
            num_beams=num_beams,
            max_new_tokens=max_new_tokens,
            min_new_tokens=min_new_tokens,
            no_repeat_ngram_size=no_repeat_ngram_size,
            repetition_penalty=repetition_penalty,
            length_penalty=length_penalty,
            early_stopping=options.parse_early_stopping(early_stopping),
        ),
        prompt=prompt,
        first_sentence=first_sentence,
        reduced_jpeg=reduced_jpeg,
        device=device,
        dtype=dtype,
        batch_size=options.parse_batch_size(batch_size),
        engine=engine,
        offline=offline,
        output_dir=output_dir,
        resume=resume,
        sidecar=sidecar,
        overwrite_sidecars=overwrite_sidecars,
    )
    with caption_progress(quiet=quiet, verbose=verbose) as progress:
        outcome = caption_images(request, progress)
    captions = sum(run.captioned + run.kept for run in outcome.runs)
    write_output(
        outcome, form, output, wrote=count(captions, "caption"), quiet=quiet, csv_bom=csv_bom
    )
    if outcome.problems:
        raise typer.Exit(SOME_FAILED)
