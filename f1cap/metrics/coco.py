"""The scorers of pycocoevalcap: BLEU, ROUGE-L and CIDEr, and the places of its two jars.

The only module that touches that package, and only its three scorer classes: its wrappers print,
assert, write into their own folder and hang on an exception.
"""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
_ORDERS = 4  # n-grams of one to four words, in BLEU and in CIDEr


class BleuScores(NamedTuple):
    """BLEU-1 to 4 of a caption set.

    Attributes:
        corpus: Shape (4,).
        per_image: Shape (n, 4).
        statistics: Shape (n, 10): words, words of the closest reference, possible and matched
            n-grams of each order.
    """

    corpus: Matrix
    per_image: Matrix
    statistics: Matrix


def package_version() -> str:
    """Return the version of pycocoevalcap."""
    return version("pycocoevalcap")


def tokenizer_jar() -> Path:
    """Return the place of Stanford CoreNLP 3.4.1."""
    return _package_folder() / "tokenizer" / "stanford-corenlp-3.4.1.jar"


def meteor_jar() -> Path:
    """Return the place of METEOR 1.5; its paraphrases lie in `data` beside it."""
    return _package_folder() / "meteor" / "meteor-1.5.jar"


class CocoScorers:
    """The three scorers over one set of references, cut into n-grams once for all models."""

    def __init__(self, references: Sequence[Sequence[str]]) -> None:
        """Take the references.

        Args:
            references: Of each image one or more lines of tokens joined by spaces.
        """
        # Imported here: the package pulls in a debugger, and `--help` must not.
        from pycocoevalcap.bleu.bleu_scorer import BleuScorer
        from pycocoevalcap.cider.cider_scorer import CiderScorer, cook_test
        from pycocoevalcap.rouge.rouge import Rouge

        self._references = [list(lines) for lines in references]
        self._bleu: Any = BleuScorer(n=_ORDERS)
        self._cider: Any = CiderScorer(n=_ORDERS)
        self._cook_candidate: Any = cook_test
        for lines in self._references:
            self._bleu.cook_append(None, lines)
            self._cider.cook_append(None, lines)
        self._cider.compute_doc_freq()
        self._rouge: Any = Rouge()

    def bleu(self, candidates: Sequence[str]) -> BleuScores:
        """Score with BLEU: closest reference length, no smoothing.

        Args:
            candidates: One line of tokens for each image.
        """
        self._bleu.retest(list(candidates))
        corpus, per_order = self._bleu.compute_score(option="closest")
        statistics = np.array([_bleu_row(comps) for comps in self._bleu.ctest], dtype=np.float64)
        return BleuScores(np.array(corpus), np.array(per_order).T, statistics)

    def rouge_l(self, candidates: Sequence[str]) -> Matrix:
        """Return ROUGE-L of each image, shape (n,); the corpus score is the mean.

        A caption without a word against a reference without a word scores 1, as in pycocoevalcap.
        """
        pairs = zip(candidates, self._references, strict=True)
        return np.array([self._rouge.calc_score([caption], lines) for caption, lines in pairs])

    def cider(self, candidates: Sequence[str]) -> Matrix:
        """Return CIDEr of each image, shape (n,); the corpus score is the mean.

        Words weigh by how few images have them in their references, of all images given.
        """
        scorer = self._cider.copy()
        scorer.ctest = [self._cook_candidate(caption) for caption in candidates]
        # compute_score would count the documents again, and fails where no reference has a word.
        scorer.document_frequency = self._cider.document_frequency
        return np.array(scorer.compute_cider(), dtype=np.float64)

    def cider_obstacle(self) -> str | None:
        """Say why CIDEr would be 0 for any caption, or None where it means something."""
        frequencies = self._cider.document_frequency.values()
        if len(self._references) < 2:
            return "needs at least 2 images: it weighs words by how few images they occur in"
        if not any(frequencies):
            return "no reference holds a word"
        if min(count for count in frequencies if count) == len(self._references):
            return "the references of all images have the same words, so no word tells them apart"
        return None


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
