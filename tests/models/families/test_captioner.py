"""The three families on the real classes: the same captions in any batch, on any run."""

import gc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

from f1cap.errors import OutOfMemoryError, UnsupportedModelError, UsageError
from f1cap.models import registry
from f1cap.models.base import Captioner
from f1cap.models.families.plain import open_plain
from f1cap.models.loading import open_captioner
from f1cap.models.naming import resolve
from f1cap.records.models import Decoding, Device, DType, Engine, Placement
from tests.checkpoints import FAMILIES, POSITIONS

GREEDY = Decoding(max_new_tokens=12)
BEAMS = Decoding(num_beams=4, max_new_tokens=12)
DECODINGS = {
    "greedy": GREEDY,
    "beams": BEAMS,
    "no repeats": replace(BEAMS, no_repeat_ngram_size=2, repetition_penalty=1.3),
    "ranked": replace(BEAMS, length_penalty=2.0, early_stopping=True),
}


@pytest.fixture(scope="module", params=[DType.FLOAT32, DType.BFLOAT16])
def dtype(request: pytest.FixtureRequest) -> DType:
    return DType(request.param)


@pytest.fixture(scope="module", params=[Engine.FAST, Engine.TRANSFORMERS])
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(request.param)


@pytest.fixture(scope="module", params=FAMILIES)
def captioner(
    request: pytest.FixtureRequest, checkpoints: dict[str, Path], dtype: DType, engine: Engine
) -> Iterator[Captioner]:
    spec = resolve(str(checkpoints[request.param]))
    opened = open_captioner(spec, device="cpu", dtype=dtype, engine=engine)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def blip(checkpoints: dict[str, Path], engine: Engine) -> Iterator[Captioner]:
    spec = resolve(str(checkpoints["blip"]))
    opened = open_captioner(spec, device="cpu", dtype=DType.FLOAT32, engine=engine)
    yield opened
    opened.close()


@pytest.mark.parametrize("decoding", DECODINGS.values(), ids=DECODINGS)
def test_a_batch_gives_the_captions_of_its_images_alone(
    captioner: Captioner, images: list[Image.Image], decoding: Decoding
) -> None:
    prepared = [captioner.preprocess(image) for image in images]
    together = captioner.generate(prepared, decoding)
    assert together == [captioner.generate([one], decoding)[0] for one in prepared]
    assert len({generation.text for generation in together}) > 1
    assert captioner.generate(prepared[::-1], decoding) == together[::-1]


@pytest.mark.parametrize("family", FAMILIES)
def test_two_loads_give_the_same_captions_and_the_same_revision(
    family: str, checkpoints: dict[str, Path], images: list[Image.Image]
) -> None:
    spec = resolve(str(checkpoints[family]))
    results = []
    for _ in range(2):
        captioner = open_captioner(spec, device="cpu", dtype=DType.FLOAT32)
        prepared = [captioner.preprocess(image) for image in images]
        results.append((captioner.revision, captioner.generate(prepared, BEAMS)))
        assert captioner.placement == Placement(Device.parse("cpu"), DType.FLOAT32)
        assert captioner.spec is spec
        captioner.close()
    assert results[0] == results[1]
    assert results[0][0].startswith("sha256:")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("decoding", [GREEDY, BEAMS], ids=["greedy", "beams"])
def test_captions_are_those_of_transformers_itself(
    family: str,
    decoding: Decoding,
    checkpoints: dict[str, Path],
    images: list[Image.Image],
) -> None:
    folder = checkpoints[family]
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    ids = model.generate(
        pixel_values=pixels,
        num_beams=decoding.num_beams,
        max_new_tokens=decoding.max_new_tokens,
        do_sample=False,
    )
    expected = [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    captioner = open_captioner(resolve(str(folder)), device="cpu", dtype=DType.FLOAT32)
    prepared = [captioner.preprocess(image) for image in images]
    assert torch.equal(torch.stack(prepared), pixels)
    assert [made.text for made in captioner.generate(prepared, decoding)] == expected
    captioner.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_plain_loop_writes_the_same(
    family: str, checkpoints: dict[str, Path], images: list[Image.Image]
) -> None:
    spec = resolve(str(checkpoints[family]))
    captioner = open_captioner(spec, device="cpu", dtype=DType.FLOAT32)
    plain = open_plain(spec, device="cpu", dtype=DType.BFLOAT16)
    assert plain.placement.dtype is DType.FLOAT32
    prompts = (None, "the red car") if registry.find(family).takes_prompt else (None,)
    for prompt in prompts:
        found = [
            [made.text for made in one.generate(list(map(one.preprocess, images)), BEAMS, prompt)]
            for one in (captioner, plain)
        ]
        assert found[0] == found[1]
        assert all(text.startswith(prompt or "") for text in found[1])
    if prompts == (None,):
        with pytest.raises(UnsupportedModelError, match="takes no prompt"):
            plain.generate([plain.preprocess(images[0])], BEAMS, "the red car")
    plain.close()
    captioner.close()


def test_the_end_token_ends_a_caption_and_is_not_counted(
    captioner: Captioner, images: list[Image.Image]
) -> None:
    prepared = [captioner.preprocess(image) for image in images]
    made = captioner.generate(prepared, Decoding(num_beams=3, max_new_tokens=POSITIONS - 1))
    for generation in made:
        # every word of these vocabularies is one token
        assert generation.tokens == len(generation.text.split())
        assert generation.truncated == (generation.tokens == POSITIONS - 1)


def test_some_captions_end_and_some_are_cut(blip: Captioner, images: list[Image.Image]) -> None:
    prepared = [blip.preprocess(image) for image in images]
    made = [g for n in (2, 8, 40) for g in blip.generate(prepared, Decoding(3, n))]
    assert {generation.truncated for generation in made} == {True, False}


def test_a_prompt_begins_the_caption(blip: Captioner, images: list[Image.Image]) -> None:
    prepared = [blip.preprocess(image) for image in images]
    made = blip.generate(prepared, BEAMS, prompt=" The RED car ")
    assert all(generation.text.startswith("the red car") for generation in made)
    for generation in made:
        assert generation.tokens == len(generation.text.split()) - 3
    assert made == [blip.generate([one], BEAMS, prompt="the red car")[0] for one in prepared]
    assert blip.generate(prepared, BEAMS, prompt="  ") == blip.generate(prepared, BEAMS)


@pytest.mark.parametrize("family", ["git", "vision-encoder-decoder"])
def test_a_prompt_elsewhere_is_refused(
    family: str, checkpoints: dict[str, Path], images: list[Image.Image]
) -> None:
    captioner = open_captioner(resolve(str(checkpoints[family])), device="cpu")
    with pytest.raises(UnsupportedModelError, match="takes no prompt") as caught:
        captioner.generate([captioner.preprocess(images[0])], GREEDY, prompt="a photo of")
    assert "blip-base" in (caught.value.hint or "")
    captioner.close()


def test_more_tokens_than_the_model_has_positions_for(
    captioner: Captioner, images: list[Image.Image]
) -> None:
    pixels = captioner.preprocess(images[0])
    with pytest.raises(UsageError, match=f"its limit is {POSITIONS - 1}") as caught:
        captioner.generate([pixels], Decoding(max_new_tokens=POSITIONS))
    assert f"--max-new-tokens {POSITIONS - 1}" in (caught.value.hint or "")
    captioner.generate([pixels], Decoding(max_new_tokens=POSITIONS - 1))


def test_a_prompt_that_leaves_no_position(blip: Captioner, images: list[Image.Image]) -> None:
    with pytest.raises(UsageError, match="after this prompt") as caught:
        blip.generate([blip.preprocess(images[0])], GREEDY, prompt="red " * POSITIONS)
    assert caught.value.hint == "Shorten the prompt."


def test_nothing_in_nothing_out(captioner: Captioner) -> None:
    assert captioner.generate([], BEAMS) == []


def test_images_are_prepared_alike_in_several_threads(
    captioner: Captioner, images: list[Image.Image]
) -> None:
    alone = [captioner.preprocess(image) for image in images]
    assert {tuple(pixels.shape) for pixels in alone} == {(3, 32, 32)}
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            threaded = list(pool.map(captioner.preprocess, images))
            assert all(torch.equal(a, b) for a, b in zip(alone, threaded, strict=True))


def test_weights_are_held_in_the_dtype_asked_for(captioner: Captioner, dtype: DType) -> None:
    (model,) = (thing for thing in vars(captioner).values() if isinstance(thing, torch.nn.Module))
    held = {parameter.dtype for parameter in model.parameters()}
    assert held == {getattr(torch, dtype)}


@pytest.mark.parametrize("family", FAMILIES)
def test_after_close_nothing_of_the_model_is_alive(
    family: str, checkpoints: dict[str, Path], images: list[Image.Image]
) -> None:
    gc.collect()
    before = {id(thing) for thing in gc.get_objects()}
    captioner = open_captioner(resolve(str(checkpoints[family])), device="cpu")
    captioner.generate([captioner.preprocess(images[0])], BEAMS)
    kinds = (torch.nn.Module, torch.Tensor)
    made = [
        weakref.ref(thing)
        for thing in gc.get_objects()
        if id(thing) not in before and isinstance(thing, kinds)
    ]
    assert len(made) > 20
    captioner.close()
    captioner.close()
    assert [ref() for ref in made if ref() is not None] == []


def test_a_batch_that_does_not_fit_leaves_nothing_behind(
    blip: Captioner,
    images: list[Image.Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    held: list[weakref.ref[torch.Tensor]] = []

    def fail(*arguments: object, **named: object) -> None:
        tensors = [a for a in (*arguments, *named.values()) if isinstance(a, torch.Tensor)]
        held.extend(weakref.ref(tensor) for tensor in tensors)
        raise error

    _break_search(monkeypatch, fail)
    prepared = [blip.preprocess(image) for image in images]
    for count, words in ((2, "Batch size 2 does not fit"), (1, "One image does not fit")):
        with pytest.raises(OutOfMemoryError, match=words) as caught:
            blip.generate(prepared[:count], GREEDY)
        assert caught.value.__context__ is None
        assert caught.value.hint
    error.__traceback__ = None
    gc.collect()
    assert len(held) >= 2
    assert [ref() for ref in held if ref() is not None] == []


def test_another_failure_is_a_bug_and_stays_one(
    blip: Captioner, images: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    _break_search(monkeypatch, fail)
    with pytest.raises(RuntimeError, match="shapes"):
        blip.generate([blip.preprocess(images[0])], GREEDY)


def _break_search(monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None]) -> None:
    """Let both engines fail where they begin."""
    monkeypatch.setattr("f1cap.models.families.captioner.search", fail)
    monkeypatch.setattr("transformers.BlipForConditionalGeneration.generate", fail)
