"""`f1cap bench`: what each model costs on this machine, beside how good it is."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED
from f1cap.cli.output import prepare_output, write_output
from f1cap.records.models import DecodingOverrides, Engine
from f1cap.render.formats import BenchFormat
from f1cap.render.formatting import count


def command(
    ctx: typer.Context,
    paths: options.PathsArg = None,
    model: options.ModelsOpt = None,
    all_models: options.AllOpt = False,
    mini: options.MiniOpt = False,
    include_hidden: options.IncludeHiddenOpt = False,
    batch_size: Annotated[
        str,
        typer.Option(
            "--batch-size",
            metavar="auto|N,N…",
            help="Batch size, in images; a list, e.g. 1,4,8, gives one row each.",
        ),
    ] = "auto",
    dtype: Annotated[
        str,
        typer.Option(
            "--dtype",
            metavar="NAME,NAME…",
            help="auto, float32, float16 or bfloat16; a list, e.g. float32,auto, gives one row "
            "each.",
        ),
    ] = "auto",
    num_beams: options.NumBeamsOpt = None,
    max_new_tokens: options.MaxNewTokensOpt = None,
    min_new_tokens: options.MinNewTokensOpt = None,
    no_repeat_ngram_size: options.NoRepeatNgramSizeOpt = None,
    repetition_penalty: options.RepetitionPenaltyOpt = None,
    length_penalty: options.LengthPenaltyOpt = None,
    early_stopping: options.EarlyStoppingOpt = None,
    prompt: options.PromptOpt = None,
    reduced_jpeg: options.ReducedJpegOpt = False,
    min_images: Annotated[
        int,
        typer.Option(
            "--min-images",
            metavar="N",
            min=1,
            help="Minimum number of images per row; a smaller dataset is repeated.",
        ),
    ] = 20,
    min_seconds: Annotated[
        float,
        typer.Option(
            "--min-seconds",
            metavar="SECONDS",
            min=0,
            max=1_000_000,
            help="Minimum captioning time per row.",
        ),
    ] = 5.0,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout",
            min=1,
            max=1_000_000,
            metavar="SECONDS",
            help="Maximum time per row; a row that takes longer is stopped and reported as failed.",
        ),
    ] = 1800.0,
    vram_limit: Annotated[
        str | None,
        typer.Option(
            "--vram-limit",
            metavar="SIZE",
            help="Limit the GPU memory that a model may use, e.g. to 4GiB.",
        ),
    ] = None,
    compare_transformers: Annotated[
        bool,
        typer.Option(
            "--compare-transformers",
            help="Also benchmark plain transformers and report the speed-up.",
        ),
    ] = False,
    reference: Annotated[bool, typer.Option("--reference", hidden=True)] = False,
    save: Annotated[
        str | None,
        typer.Option(
            "--save",
            metavar="NAME",
            help="Save the result under this name, for a later --baseline.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="Compare with a saved result; the exit code is 3 if a number got worse.",
        ),
    ] = None,
    tolerance: Annotated[
        str,
        typer.Option(
            "--tolerance",
            metavar="PERCENT",
            help="How much worse than the baseline a number may be.",
        ),
    ] = "10%",
    device: options.DeviceOpt = "auto",
    engine: options.EngineOpt = Engine.AUTO,
    offline: options.OfflineOpt = False,
    output_format: Annotated[BenchFormat | None, options.FORMAT] = None,
    csv_bom: options.CsvBomOpt = False,
    output: options.OutputOpt = None,
    quiet: options.QuietOpt = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show where the time goes.")
    ] = False,
) -> None:
    """Measure models: speed, memory, energy and, if the dataset has references, quality.

    Each model runs in a fresh process of its own, one after another, on the same images. A model
    that fails becomes a row with the reason, and the others still run.
    """
    form = prepare_output(ctx, output_format, output, BenchFormat, csv_bom=csv_bom)
    models = options.chosen_models(model, all_models=all_models, mini=mini)

    from f1cap.cli.output import bench_progress
    from f1cap.services.bench.request import BenchRequest
    from f1cap.services.bench.run import run_bench

    request = BenchRequest(
        paths=tuple(paths or ()),
        models=models,
        include_hidden=include_hidden,
        batch_sizes=options.parse_batch_sizes(batch_size),
        dtypes=options.parse_dtypes(dtype),
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
        reduced_jpeg=reduced_jpeg,
        device=device,
        engine=engine,
        offline=offline,
        min_images=min_images,
        min_seconds=min_seconds,
        timeout_s=timeout,
        vram_limit_bytes=options.parse_size(vram_limit, "--vram-limit"),
        compare_transformers=compare_transformers or reference,
        save=save,
        baseline=baseline,
        tolerance=options.parse_percent(tolerance, "--tolerance"),
    )
    with bench_progress(quiet=quiet) as progress:
        if reference:
            progress.note("--reference is now called --compare-transformers.")
        benchmark = run_bench(request, progress)
    table_options = {"verbose": verbose} if form is BenchFormat.TABLE else {}
    write_output(
        benchmark,
        form,
        output,
        wrote=count(len(benchmark.rows), "row"),
        quiet=quiet,
        csv_bom=csv_bom,
        **table_options,
    )
    if benchmark.problems or (benchmark.comparison and benchmark.comparison.regressions):
        raise typer.Exit(SOME_FAILED)
