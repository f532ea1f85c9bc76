"""`f1cap bench`: what each model costs on this machine, beside how good it is."""

from typing import Annotated

import typer

from f1cap.cli import options
from f1cap.cli.boundary import SOME_FAILED, expect_json
from f1cap.cli.output import check_output, open_output
from f1cap.render.formats import BenchFormat


def bench(
    ctx: typer.Context,
    paths: options.PathsArg = None,
    model: options.ModelsOpt = None,
    all_models: options.AllOpt = False,
    mini: options.MiniOpt = False,
    batch_size: Annotated[
        str,
        typer.Option(
            "--batch-size", metavar="auto|N,N…", help="Images at once; a row for each, as 1,4,8."
        ),
    ] = "auto",
    dtype: Annotated[
        str,
        typer.Option(
            "--dtype", metavar="NAME,NAME…", help="Number formats; a row for each, as float32,auto."
        ),
    ] = "auto",
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
    min_images: Annotated[
        int,
        typer.Option(
            "--min-images", min=1, help="Different images, and captions of them, at least."
        ),
    ] = 20,
    min_seconds: Annotated[
        float,
        typer.Option("--min-seconds", min=0, max=1_000_000, help="Captioning time, at least."),
    ] = 5.0,
    timeout: Annotated[
        float,
        typer.Option("--timeout", min=1, max=1_000_000, metavar="SECONDS", help="For each row."),
    ] = 1800.0,
    vram_limit: Annotated[
        str | None,
        typer.Option(
            "--vram-limit", metavar="SIZE", help="Hold runs to this much of a GPU, as 4GiB."
        ),
    ] = None,
    reference: Annotated[
        bool,
        typer.Option(
            "--reference", help="Take turns with the plain transformers loop, and say how much."
        ),
    ] = False,
    save: Annotated[
        str | None, typer.Option("--save", metavar="NAME", help="Keep the result under a name.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="NAME", help="Compare with a result that was kept."),
    ] = None,
    tolerance: Annotated[
        str,
        typer.Option(
            "--tolerance", metavar="PERCENT", help="How much worse than the baseline is still fine."
        ),
    ] = "10%",
    device: options.DeviceOpt = "auto",
    offline: options.OfflineOpt = False,
    output_format: Annotated[
        BenchFormat, typer.Option("--format", "-f", help="How the result is written.")
    ] = BenchFormat.TABLE,
    output: options.OutputOpt = None,
    quiet: options.QuietOpt = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show also where the time goes.")
    ] = False,
) -> None:
    """Measure models: speed, memory, energy and, with references, quality in one table.

    Each model runs in a fresh process of its own, one after another, on the dataset's images.
    What fails is a row with its reason. With --baseline the exit code says if something got worse.
    """
    if output_format is BenchFormat.JSON and output is None:
        expect_json(ctx, "bench")
    models = options.chosen_models(model, all_models=all_models, mini=mini)
    check_output(output)

    from f1cap.render.bench_progress import bench_progress
    from f1cap.render.benchmarks import write_benchmark_as
    from f1cap.services.bench.request import BenchRequest
    from f1cap.services.bench.run import run_bench

    request = BenchRequest(
        paths=tuple(paths or ()),
        models=models,
        batch_sizes=options.parse_batch_sizes(batch_size),
        dtypes=options.parse_dtypes(dtype),
        num_beams=num_beams,
        max_new_tokens=max_new_tokens,
        device=device,
        offline=offline,
        min_images=min_images,
        min_seconds=min_seconds,
        timeout_s=timeout,
        vram_limit_bytes=options.parse_size(vram_limit, "--vram-limit"),
        reference=reference,
        save=save,
        baseline=baseline,
        tolerance=options.parse_percent(tolerance, "--tolerance"),
    )
    with bench_progress(quiet=quiet) as progress:
        benchmark = run_bench(request, progress)
    with open_output(output) as stream:
        write_benchmark_as(benchmark, output_format, stream, verbose=verbose)
    if benchmark.problems or (benchmark.comparison and benchmark.comparison.regressions):
        raise typer.Exit(SOME_FAILED)
