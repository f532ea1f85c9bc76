"""On models that were trained: the minis' captions are those of transformers' `generate`."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoImageProcessor, AutoModelForImageTextToText

from f1cap.models import registry
from f1cap.models.catalog import CATALOG, MINIS
from f1cap.models.decoding.search import choose_engine, search
from f1cap.records.models import Decoding, Engine
from f1cap.training.domain import TEST_SEEDS, load_domain
from f1cap.training.images import draw_image
from f1cap.training.recipe import RECIPES
from tests.models.tiny import reference

_BATCH = 25


@pytest.mark.parametrize("name", MINIS)
def test_twenty_scenes(name: str) -> None:
    compare(name, scenes=20, beams=(1, CATALOG[name].decoding.num_beams))


@pytest.mark.slow
@pytest.mark.parametrize("name", MINIS)
def test_five_hundred_scenes(name: str) -> None:
    compare(name, scenes=500, beams=(1, 2, 3, 4, 5))


def compare(name: str, scenes: int, beams: tuple[int, ...]) -> None:
    folder = Path(CATALOG[name].checkpoint)
    decoder_class = registry.captioner_class(CATALOG[name].family).decoder_class
    model = load(folder)
    decoder = choose_engine(decoder_class, load(folder), Engine.FAST, name=name)
    assert decoder is not None
    prompt_ids, eos_token_ids = special_ids(model)
    domain = load_domain(RECIPES[name].domain)
    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    captions: set[tuple[int, ...]] = set()
    for first in range(0, scenes, _BATCH):
        count = min(_BATCH, scenes - first)
        seeds = range(TEST_SEEDS + first, TEST_SEEDS + first + count)
        images = [draw_image(domain, seed, 128) for seed in seeds]
        pixels = processor(images=images, return_tensors="pt")["pixel_values"]
        for number in beams:
            decoding = Decoding(
                num_beams=number,
                max_new_tokens=50,
                no_repeat_ngram_size=CATALOG[name].decoding.no_repeat_ngram_size,
            )
            expected = reference(model, pixels, prompt_ids, eos_token_ids, decoding)
            assert search(decoder, pixels, prompt_ids, eos_token_ids, decoding) == expected
            captions.update(map(tuple, expected))
    assert len(captions) > scenes / 4


def load(folder: Path) -> Any:
    model = AutoModelForImageTextToText.from_pretrained(
        folder, local_files_only=True, dtype=torch.float32
    )
    return model.eval()


def special_ids(model: Any) -> tuple[list[int], list[int]]:
    """Return the prompt and the ids that end a caption."""
    config = model.config
    if config.model_type == "blip":
        return [config.text_config.bos_token_id], [config.text_config.sep_token_id]
    ids = model.generation_config
    start = ids.bos_token_id if ids.decoder_start_token_id is None else ids.decoder_start_token_id
    return [start], [ids.eos_token_id]
