"""What comes in the wheel: checkpoints that are right about what they know, and a dataset."""

import json
import logging
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer
from transformers.utils import logging as transformers_logging

from f1cap.training.domain import TEST_SEEDS, load_domain
from f1cap.training.recipe import RECIPES
from f1cap.training.score import draw_test_images, score_captions, write_captions

ROOT = Path(__file__).parents[1]
CHECKPOINTS, DATASET = ROOT / "f1cap" / "bundled" / "checkpoints", ROOT / "dataset"
MAX_BYTES = 8_000_000
SCENES = 6
CLASSES = {
    "git-mini": "GitForCausalLM",
    "blip-mini": "BlipForConditionalGeneration",
    "swin-mini": "VisionEncoderDecoderModel",
}


@pytest.fixture(params=sorted(RECIPES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def load_all(folder: Path) -> tuple[Any, Any, Any]:
    return (
        AutoModelForImageTextToText.from_pretrained(folder, local_files_only=True),
        AutoImageProcessor.from_pretrained(folder, local_files_only=True),
        AutoTokenizer.from_pretrained(folder, local_files_only=True),
    )


def test_only_data_is_bundled() -> None:
    assert not list(CHECKPOINTS.parent.rglob("*.py"))


def test_a_folder_is_small_and_complete(name: str) -> None:
    folder = CHECKPOINTS / name
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MAX_BYTES


def test_weights_lie_on_disk_in_half_precision_and_are_finite(name: str) -> None:
    with safe_open(CHECKPOINTS / name / "model.safetensors", "pt") as weights:
        tensors = [weights.get_tensor(key) for key in weights.keys()]  # noqa: SIM118 - no dict
    assert {tensor.dtype for tensor in tensors} == {torch.float16}
    assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


def test_a_folder_loads_as_its_family_without_a_word(
    name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    transformers_logging.enable_propagation()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
            warnings.simplefilter("error")
            model, _, tokenizer = load_all(CHECKPOINTS / name)
    finally:
        transformers_logging.enable_progress_bar()
        transformers_logging.disable_propagation()
    assert type(model).__name__ == CLASSES[name]
    assert caplog.messages == []
    assert capfd.readouterr().err == ""
    assert tokenizer.pad_token_id is not None
    assert all(rate == 0 for rate in dropout_rates(model))


def test_captions_of_scenes_never_trained_on_are_right_in_theme_and_end(name: str) -> None:
    recipe = RECIPES[name]
    domain = load_domain(recipe.domain)
    scenes, images = draw_test_images(domain, SCENES, "128", held_out=False)
    captions = write_captions(CHECKPOINTS / name, images, recipe, num_beams=1)
    assert all(captions.ended), captions.texts
    assert score_captions(domain, scenes, captions).facts["theme"] == 1.0, captions.texts
    assert all(scene.seed >= TEST_SEEDS for scene in scenes)


def test_a_large_image_gets_a_caption_of_the_right_theme(name: str) -> None:
    recipe = RECIPES[name]
    domain = load_domain(recipe.domain)
    scenes, images = draw_test_images(domain, SCENES, "768-jpeg", held_out=False)
    captions = write_captions(CHECKPOINTS / name, images, recipe, num_beams=1)
    assert score_captions(domain, scenes, captions).facts["theme"] == 1.0, captions.texts


def test_the_negative_control_ends_its_captions_on_racing_too() -> None:
    _, images = draw_test_images(load_domain("racing"), SCENES, "128", held_out=False)
    captions = write_captions(CHECKPOINTS / "swin-mini", images, RECIPES["swin-mini"])
    assert all(captions.ended), captions.texts
    assert not any(word in " ".join(captions.texts) for word in ("pit stop", "podium", "racing"))


def test_the_dataset_has_five_images_of_each_category_with_three_references() -> None:
    images = json.loads((DATASET / "captions.json").read_text(encoding="utf-8"))["images"]
    assert [image["id"] for image in images] == list(range(1, 21))
    files = sorted(path.relative_to(DATASET).as_posix() for path in DATASET.glob("*/*"))
    assert [image["filename"] for image in images] == files
    assert {Path(file).parent.name: 5 for file in files} == Counter(
        Path(file).parent.name for file in files
    )
    for image in images:
        assert image["category"] == image["filename"].split("/")[0][2:]
        assert image["caption"] == image["captions"][0]
        assert len(set(image["captions"])) == 3
        assert all(8 <= len(caption.split()) <= 16 for caption in image["captions"])


def test_the_dataset_is_small_and_square() -> None:
    paths = list(DATASET.glob("*/*"))
    assert sum(path.stat().st_size for path in paths) < 2_000_000
    for path in paths:
        with Image.open(path) as image:
            assert (image.format, image.size) == ("JPEG", (768, 768))


def dropout_rates(model: torch.nn.Module) -> list[float]:
    """Return the rate of every dropout layer of a model."""
    return [module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)]
