"""Captioners without a model, for the programs that a test starts as processes of their own.

`tests.bench_worker` is the measured process that has them; the environment decides how they behave.
"""

import os
import time
from collections.abc import Sequence
from typing import Any

from f1cap.errors import OutOfMemoryError
from f1cap.models import catalog
from f1cap.records.captions import Generation
from f1cap.records.models import Decoding, Device, DType, Engine, ModelSpec, Placement

DEVICE = "F1CAP_TEST_DEVICE"  # what the captioners say they run on
BEHAVIOUR = "F1CAP_TEST_BEHAVIOUR"  # model=behaviour,…
LARGEST_BATCH = 2  # of one that runs out of memory above it


class FakeCaptioner:
    """Says the same of every image."""

    revision = "fake"
    threads = 1
    input_side = 32

    def __init__(self, spec: ModelSpec, behaviour: str, engine: Engine) -> None:
        self.spec = spec
        self.engine = str(engine)
        device = Device.parse(os.environ.get(DEVICE, "cpu"))
        self.placement = Placement(device, DType.FLOAT32, ("a note",))
        self._behaviour = behaviour

    def preprocess(self, image: Any) -> Any:
        return image.size

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        del decoding
        if self._behaviour == "memory":
            raise MemoryError
        if self._behaviour == "exit":
            print("a library's last words", flush=True)  # noqa: T201 - as libraries do
            os._exit(7)
        if self._behaviour == "kill":
            os.kill(os.getpid(), 9)
        if self._behaviour == "hang":
            time.sleep(600)
        if self._behaviour == "small" and len(prepared) > LARGEST_BATCH:
            raise OutOfMemoryError("It does not fit.")
        start = "a car" if prompt is None else prompt
        return [Generation(f"{start} of {size[0]} pixels", 5, truncated=False) for size in prepared]

    def close(self) -> None:
        pass


def open_captioner(
    spec: ModelSpec,
    *,
    device: str,
    dtype: DType,
    offline: bool,
    engine: Engine = Engine.AUTO,
    **others: object,
) -> FakeCaptioner:
    """Open a captioner that behaves as the environment says of its model."""
    del device, dtype, offline, others
    behaviours = dict(
        pair.split("=") for pair in os.environ.get(BEHAVIOUR, "").split(",") if "=" in pair
    )
    behaviour = behaviours.get(spec.name, "")
    if behaviour == "bug":
        message = "nobody thought of this"
        raise RuntimeError(message)
    assert spec.name in catalog.CATALOG
    return FakeCaptioner(spec, behaviour, engine)
