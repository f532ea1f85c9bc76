"""The worker of a benchmark with the captioners of the tests, which need no torch.

Run as a program it is `f1cap` whose benchmarks start this worker.
"""

from f1cap.cli import app
from f1cap.records.models import ModelSpec
from f1cap.services.bench import process, worker
from f1cap.services.bench.messages import Open
from tests import captioners

PROGRAM = "tests.bench_worker"


def main() -> None:
    """Serve as the product's worker does."""
    worker.main(_load)


def _load(spec: ModelSpec, request: Open) -> worker.LoadedModel:
    captioner = captioners.open_captioner(
        spec, device=request.device, dtype=request.dtype, engine=request.engine, offline=True
    )
    return worker.LoadedModel(captioner, import_s=0.0, load_s=0.0)


if __name__ == "__main__":
    process.WORKER_PROGRAM = PROGRAM
    app.main()
