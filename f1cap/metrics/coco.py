"""The scorers of pycocoevalcap: BLEU, ROUGE-L and CIDEr, and the places of its two jars.

The only module that touches that package, and only its three scorer classes: its wrappers print,
assert, write into their own folder and hang on an exception.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from f1cap.metrics import formulas
from f1cap.metrics.base import NotApplicableError, Scorer, ScoringInput, Statistics
from f1cap.metrics.formulas import Matrix

_ORDERS = 4  # n-grams of one to four words, in BLEU and in CIDEr


def tokenizer_jar() -> Path:
    """Return the place of Stanford CoreNLP 3.4.1."""
    return _package_folder() / "tokenizer" / "stanford-corenlp-3.4.1.jar"


def meteor_jar() -> Path:
    """Return the place of METEOR 1.5; its paraphrases lie in `data` beside it."""
    return _package_folder() / "meteor" / "meteor-1.5.jar"


class _CocoScorer(Scorer):
    @property
    def version(self) -> str:
        """Of the package."""
        return f"pycocoevalcap-{version('pycocoevalcap')}"


class Bleu(_CocoScorer):
    """BLEU-1 to 4: closest reference length, no smoothing.

    Statistics, shape (n, 10): words, words of the closest reference, possible and matched n-grams
    of each order.
    """

    def statistics(self, batch: ScoringInput) -> Mapping[str, Statistics]:
        """Count n-grams, those of the references once for all models."""
        # Imported here, as below: the package pulls in a debugger, and `--help` must not.
        from pycocoevalcap.bleu.bleu_scorer import BleuScorer

        scorer: Any = BleuScorer(n=_ORDERS)
        for lines in batch.references:
            scorer.cook_append(None, list(lines))
        return {model: _bleu(scorer, lines) for model, lines in batch.captions.items()}

    def scores(self, sums: Matrix, images: int) -> Matrix:
        """Return BLEU-1 to 4."""
        return formulas.bleu(sums)

    def resampled(self, sums: Matrix, images: int) -> Matrix:
        """Return BLEU-1 to 4; those without a match are 0."""
        return formulas.matched_bleu(sums)


class RougeL(_CocoScorer):
    """ROUGE-L; the corpus score is the mean.

    A caption without a word against a reference without a word scores 1, as in pycocoevalcap.
    """

    def statistics(self, batch: ScoringInput) -> Mapping[str, Statistics]:
        """Score caption by caption."""
        from pycocoevalcap.rouge.rouge import Rouge

        rouge: Any = Rouge()
        references = [list(lines) for lines in batch.references]
        return {
            model: _column(
                rouge.calc_score([caption], lines)
                for caption, lines in zip(captions, references, strict=True)
            )
            for model, captions in batch.captions.items()
        }


class Cider(_CocoScorer):
    """CIDEr-D; the corpus score is the mean.

    Words weigh by how few images have them in their references, of all images given.
    """

    def statistics(self, batch: ScoringInput) -> Mapping[str, Statistics]:
        """Score every caption set with the words of the references weighed once."""
        from pycocoevalcap.cider.cider_scorer import CiderScorer, cook_test

        weighed: Any = CiderScorer(n=_ORDERS)
        for lines in batch.references:
            weighed.cook_append(None, list(lines))
        weighed.compute_doc_freq()
        obstacle = _obstacle(weighed.document_frequency, len(batch.references))
        if obstacle is not None:
            raise NotApplicableError(obstacle)
        found: dict[str, Statistics] = {}
        for model, captions in batch.captions.items():
            scorer: Any = weighed.copy()
            scorer.ctest = [cook_test(caption) for caption in captions]
            # compute_score would count the documents again.
            scorer.document_frequency = weighed.document_frequency
            found[model] = _column(scorer.compute_cider())
        return found


def _obstacle(frequencies: Mapping[object, float], images: int) -> str | None:
    """Say why CIDEr would be 0 for any caption, or None where it means something."""
    counts = frequencies.values()
    if images < 2:
        return "needs at least 2 images: it weighs words by how few images they occur in"
    if not any(counts):
        return "no reference contains a word"
    if min(count for count in counts if count) == images:
        return "the references of all images use the same words, so no word has a weight"
    return None


def _column(values: Iterable[float]) -> Statistics:
    return Statistics(np.array([[value] for value in values], dtype=np.float64))


def _bleu(scorer: Any, captions: Sequence[str]) -> Statistics:  # noqa: ANN401 - an untyped package
    scorer.retest(list(captions))
    corpus, per_order = scorer.compute_score(option="closest")
    rows = np.array([_bleu_row(comps) for comps in scorer.ctest], dtype=np.float64)
    # The scorer's own scores: those from the statistics differ in the last digit.
    return Statistics(rows, corpus=np.array(corpus), per_image=np.array(per_order).T)


def _bleu_row(comps: dict[str, Any]) -> list[float]:
    words = comps["testlen"]
    closest = min((abs(length - words), length) for length in comps["reflen"])[1]
    return [words, closest, *comps["guess"], *comps["correct"]]


def _package_folder() -> Path:
    spec = find_spec("pycocoevalcap")
    if spec is None or not spec.submodule_search_locations:
        message = "pycocoevalcap, on which f1cap depends, is not installed"
        raise ModuleNotFoundError(message)
    return Path(next(iter(spec.submodule_search_locations)))
