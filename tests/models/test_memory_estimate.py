"""The memory formula: its parts by hand, and its sum against what torch itself counts."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from f1cap.models import memory_estimate, registry
from f1cap.models.catalog import CATALOG
from f1cap.models.loading import open_captioner
from f1cap.models.memory_estimate import ARCHITECTURES, architecture_of, parameters_of
from f1cap.records.models import Decoding, DType
from tests.checkpoints import FAMILIES, make_checkpoint

MIB = 2**20
BLIP = ARCHITECTURES["blip-base"]


def _predict(name: str, **settings: Any) -> Any:
    chosen = {"dtype": DType.FLOAT32, "num_beams": 1, "batch_size": 1, **settings}
    parameters = CATALOG[name].parameters
    assert parameters is not None
    return memory_estimate.predict(ARCHITECTURES[name], parameters=parameters, **chosen)


def test_parts_by_hand() -> None:
    parts = _predict("blip-base", num_beams=5, batch_size=8, dtype=DType.FLOAT16)
    assert parts.weights == 223_971_644 * 2
    assert parts.images == 8 * 3 * 384 * 384 * 2
    # 12 layers of keys and values, 577 image tokens once, the start token, 5 beams x 49 steps
    assert parts.cache == 8 * 2 * 12 * (577 + 1 + 5 * 49) * 768 * 2
    assert parts.search == 8 * 5 * 30524 * (2 + 3 * 4)
    assert parts.total == parts.tensors + parts.overhead
    assert parts.overhead > 350 * MIB


def test_on_a_cpu_tied_embeddings_lie_there_twice_and_there_is_no_context() -> None:
    parts = _predict("swin-tiny", on_gpu=False)
    assert parts.prepack == 50257 * 768 * 4
    assert parts.overhead == 0
    assert _predict("git-base", on_gpu=False).prepack == 0
    assert _predict("swin-tiny").prepack == 0


# What torch counted on a CPU in float32, with true shapes and random weights: live tensors
# after loading, plus the peak of what captioning took on top of them (profiler, 50 new tokens).
MEASURED_BYTES = {
    ("swin-tiny", 1, 1): 669_703_240,
    ("swin-tiny", 1, 5): 669_703_240,
    ("swin-tiny", 4, 1): 727_505_992,
    ("swin-tiny", 4, 5): 727_505_992,
    ("swin-tiny", 8, 1): 732_925_000,
    ("swin-tiny", 8, 5): 764_468_998,
    ("git-base", 1, 1): 724_700_668,
    ("git-base", 1, 5): 731_934_968,
    ("git-base", 4, 1): 777_416_188,
    ("git-base", 4, 5): 806_353_100,
    ("git-base", 8, 1): 821_075_452,
    ("git-base", 8, 5): 878_949_180,
    ("blip-base", 1, 1): 1_045_553_120,
    ("blip-base", 1, 5): 1_056_603_524,
    ("blip-base", 4, 1): 1_210_381_280,
    ("blip-base", 4, 5): 1_254_587_204,
    ("blip-base", 8, 1): 1_402_920_484,
    ("blip-base", 8, 5): 1_518_565_444,
}


@pytest.mark.parametrize(("name", "batch_size", "beams"), MEASURED_BYTES)
def test_prediction_against_measured_peaks(name: str, batch_size: int, beams: int) -> None:
    parts = _predict(name, batch_size=batch_size, num_beams=beams, on_gpu=False)
    assert parts.tensors == pytest.approx(MEASURED_BYTES[name, batch_size, beams], rel=0.03)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_captioning_takes_follows_the_shape(family: str, tmp_path: Path) -> None:
    """A small model is dominated by what comes and goes: the part that needs a formula."""
    folder = make_checkpoint(family, tmp_path / "tiny")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    architecture = registry.find(family).read_shape(config)
    assert architecture is not None
    spec = CATALOG["git-mini"]
    captioner = open_captioner(
        type(spec)("tiny", str(folder), family, Decoding(), local=True),
        device="cpu",
        dtype=DType.FLOAT32,
        offline=True,
    )
    pixels = [torch.rand(3, 32, 32) for _ in range(8)]
    decoding = Decoding(num_beams=5, max_new_tokens=40, min_new_tokens=40)
    captioner.generate(pixels, decoding)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        captioner.generate(pixels, decoding)
    captioner.close()
    predicted = memory_estimate.predict(
        architecture,
        parameters=0,
        dtype=DType.FLOAT32,
        num_beams=5,
        batch_size=8,
        max_new_tokens=40,
        on_gpu=False,
    )
    # masks and scores, which a real model's width hides, weigh more in a tiny one
    assert predicted.working == pytest.approx(_peak(recorded), rel=0.35)


def _peak(recorded: Any) -> int:
    events = recorded.profiler.kineto_results.events()
    memory = sorted((e for e in events if e.name() == "[memory]"), key=lambda e: e.start_ns())
    now = peak = 0
    for event in memory:
        now += event.nbytes()
        peak = max(peak, now)
    return peak


def test_shapes_of_bundled_models_come_from_their_files() -> None:
    spec = CATALOG["git-mini"]
    architecture = architecture_of(spec)
    assert architecture is not None
    assert (architecture.vision.pixels, architecture.text.prefix) == (128, True)
    assert parameters_of(spec) == pytest.approx(2.8e6, rel=0.2)


def test_a_folder_that_says_nothing_has_no_shape(tmp_path: Path) -> None:
    spec = type(CATALOG["git-mini"])("x", str(tmp_path), "git", Decoding(), local=True)
    assert architecture_of(spec) is None
    assert parameters_of(spec) is None
    (tmp_path / "config.json").write_text('{"model_type": "git"}')
    (tmp_path / "model.safetensors").write_bytes(b"short")
    assert architecture_of(spec) is None
    assert parameters_of(spec) is None


@pytest.mark.parametrize("steps", [16, 50])
def test_the_largest_batch_is_the_last_that_fits(steps: int) -> None:
    def largest(capacity: int, limit: int = 4096) -> int:
        parameters = CATALOG["blip-base"].parameters
        assert parameters is not None
        return memory_estimate.largest_batch(
            BLIP,
            capacity,
            parameters=parameters,
            dtype=DType.FLOAT32,
            num_beams=5,
            max_new_tokens=steps,
            limit=limit,
        )

    for batch_size in (7, 900):
        fits = _predict("blip-base", num_beams=5, batch_size=batch_size, max_new_tokens=steps).total
        assert largest(fits) == batch_size
        assert largest(fits - 1) == batch_size - 1
        assert largest(fits, limit=3) == 3
    assert largest(100 * MIB) == 0
