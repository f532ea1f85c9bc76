"""`f1cap caption`: from a folder of images to captions."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED, expect_json
from f1cap.cli.output import check_output, open_output
from f1cap.records.models import DType, Engine
from f1cap.render.formats import CaptionFormat


def caption(
    ctx: typer.Context,
    paths: options.PathsArg = None,
    model: options.ModelsOpt = None,
    all_models: options.AllOpt = False,
    mini: options.MiniOpt = False,
    recursive: options.RecursiveOpt = True,
    limit: options.LimitOpt = None,
    num_beams: Annotated[
        int | None,
        typer.Option(
            "--num-beams", min=1, max=64, help="Beams of the search; default: the model's."
        ),
    ] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-new-tokens", min=1, max=500, help="Length limit; default: the model's."
        ),
    ] = None,
    prompt: options.PromptOpt = None,
    first_sentence: Annotated[
        bool,
        typer.Option(
            "--first-sentence", help="Cut each caption after its first sentence; swin-tiny runs on."
        ),
    ] = False,
    reduced_jpeg: options.ReducedJpegOpt = False,
    batch_size: Annotated[
        str, typer.Option("--batch-size", metavar="auto|N", help="Images at once.")
    ] = "auto",
    device: options.DeviceOpt = "auto",
    dtype: options.DTypeOpt = DType.AUTO,
    engine: options.EngineOpt = Engine.AUTO,
    offline: options.OfflineOpt = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--fresh",
            help="Keep captions whose image, model and settings are unchanged, or start over.",
        ),
    ] = True,
    sidecar: Annotated[
        str | None,
        typer.Option(
            "--sidecar",
            metavar="SUFFIX",
            help="Also write each caption beside its image, as .txt.",
        ),
    ] = None,
    overwrite_sidecars: Annotated[
        bool, typer.Option("--overwrite-sidecars", help="Replace sidecars that hold another text.")
    ] = False,
    output_format: Annotated[
        CaptionFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="How the result is written; default: --output's suffix, else table.",
            show_default=False,
        ),
    ] = None,
    output: options.OutputOpt = None,
    output_dir: options.OutputDirOpt = None,
    quiet: options.QuietOpt = False,
    verbose: options.VerboseOpt = False,
) -> None:
    """Caption images with one model or several, one after another. One must be named.

    Every finished caption is on disk before the next begins: run the same command again after an
    interruption and it goes on where it stopped.
    """
    form = CaptionFormat.chosen(output_format, output)
    if form is CaptionFormat.JSON and output is None:
        expect_json(ctx, "caption")
    models = options.chosen_models(model, all_models=all_models, mini=mini)
    form.check_models(len(models))
    check_output(output)

    from f1cap.render.captions import write_captions
    from f1cap.render.progress import caption_progress
    from f1cap.services.caption.run import CaptionRequest, caption_images

    request = CaptionRequest(
        paths=tuple(paths or ()),
        models=models,
        recursive=recursive,
        limit=limit,
        num_beams=num_beams,
        max_new_tokens=max_new_tokens,
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
    with open_output(output) as stream:
        write_captions(outcome, form, stream)
    if outcome.problems:
        raise typer.Exit(SOME_FAILED)
