"""Results on disk: where they lie, the journal of captions, files written whole or not at all."""

from f1cap.store.folders import (
    COMPARISON,
    METRICS,
    ResultsFolder,
    dataset_folder,
    write_comparison,
)
from f1cap.store.journal import CaptionList, Journal, caption_key
from f1cap.store.results import models_with_results, read_results

__all__ = [
    "COMPARISON",
    "METRICS",
    "CaptionList",
    "Journal",
    "ResultsFolder",
    "caption_key",
    "dataset_folder",
    "models_with_results",
    "read_results",
    "write_comparison",
]
