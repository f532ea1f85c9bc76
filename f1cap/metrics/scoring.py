"""The front of this room: caption sets and references in, a report of scores out."""

import contextlib
import difflib
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from f1cap.errors import JavaError, UsageError
from f1cap.metrics import coco, formulas
from f1cap.metrics.alignment import Aligned, align
from f1cap.metrics.catalog import METRICS, metrics_of
from f1cap.metrics.java import find_java
from f1cap.metrics.meteor import Meteor
from f1cap.metrics.remarks import Tokens, token_remarks
from f1cap.metrics.report import Computed, build_report
from f1cap.metrics.tokens import tokenize
from f1cap.records.scores import Annotations, JavaRuntime, Remark, ScoreOptions, ScoreReport

_SEMANTIC = "f1cap.metrics.semantic"  # a text target: it loads torch
_TOKENISED = ("bleu", "rouge_l", "meteor", "cider")


def score(
    candidates: Mapping[str, Mapping[str, str]],
    references: Mapping[str, Sequence[str]],
    *,
    options: ScoreOptions | None = None,
    annotations: Annotations | None = None,
    java: Path | None = None,
) -> ScoreReport:
    """Score caption sets against references. See `Scorer.score`; `java` is `Scorer`'s."""
    options = options or ScoreOptions()
    with Scorer(java, meteor="meteor" in options.metrics) as scorer:
        return scorer.score(candidates, references, options=options, annotations=annotations)


class Scorer:
    """A METEOR that is warming up, and the scoring that uses it.

    METEOR needs 5 to 9 seconds before its first score: enter this early, do the reading of files or
    the captioning inside, and score at the end. Leaving it ends the Java process, on an error and
    on Ctrl-C too.
    """

    def __init__(self, java: Path | None = None, *, meteor: bool = True) -> None:
        """Take the settings; nothing is started yet.

        Args:
            java: The user's own Java; None looks for one.
            meteor: Start METEOR; without it, scores of METEOR are None.
        """
        self._option = java
        self._wants_meteor = meteor
        self._meteor: Meteor | None = None
        self._java: JavaRuntime | None = None
        self._problem: JavaError | None = None

    def __enter__(self) -> Self:
        """Choose a Java and start METEOR in the background.

        Raises:
            JavaError: The Java that the user named does not run. Where none was named and none
            works, scoring goes on
                without what needs it.
        """
        try:
            self._java = find_java(self._option)
            if self._wants_meteor:
                self._meteor = Meteor(self._java, coco.meteor_jar())
        except JavaError as error:
            if self._option is not None:
                raise
            self._problem = error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._meteor is not None:
            self._meteor.close()
            self._meteor = None

    def score(
        self,
        candidates: Mapping[str, Mapping[str, str]],
        references: Mapping[str, Sequence[str]],
        *,
        options: ScoreOptions | None = None,
        annotations: Annotations | None = None,
    ) -> ScoreReport:
        """Score caption sets against references, all models on the same images.

        Args:
            candidates: By model, then by image: one caption each, as the model wrote it.
            references: By image: one or more.
            options: What to compute.
            annotations: Categories of images, and what was recorded of captions.

        Returns:
            Scores, intervals, comparisons, remarks. What needs Java and could not have it has no
            value and a note, and is among the report's problems.

        Raises:
            CaptionSetError: Captions and references do not fit together (see `alignment.align`).
            MissingExtraError: Semantic similarity was asked for and is not installed.
            UsageError: A metric that does not exist was asked for.
        """
        options = options or ScoreOptions()
        families = _families(options)
        semantic: Any = importlib.import_module(_SEMANTIC) if options.semantic else None
        semantic_version = semantic.model_version() if semantic else None
        aligned = align(candidates, references, options.missing)
        computed = Computed(metrics_of(families), self._java, remarks=list(aligned.remarks))
        if any(family in _TOKENISED for family in families):
            self._score_tokens(aligned, families, computed)
        if semantic is not None:
            computed.versions["semantic"] = semantic_version or ""
            for model, values in semantic.similarities(
                aligned.captions, aligned.references
            ).items():
                computed.add(model, "semantic", values)
        return build_report(aligned, computed, options, annotations or Annotations())

    def _score_tokens(self, aligned: Aligned, families: Sequence[str], computed: Computed) -> None:
        """Compute what works on tokens; a Java that fails costs what needs it and no more."""
        if self._java is None:
            error = self._problem or JavaError("The scorer was not entered.")
            computed.fail([name for name in families if name in _TOKENISED], error)
            return
        try:
            tokens = self._tokenize(aligned)
        except JavaError as error:
            computed.fail([name for name in families if name in _TOKENISED], error)
            return
        meteor = self._meteor if "meteor" in families else None
        if meteor is not None:
            for captions in tokens.captions.values():
                meteor.submit(zip(captions, tokens.references, strict=True))
        _score_with_coco(tokens, families, computed)  # while METEOR is at work
        if "meteor" in families:
            self._collect_meteor(meteor, tokens, computed)
        computed.remarks += [
            Remark("java_passed_over", f"A Java that does not work was passed over: {text}.")
            for text in self._java.passed_over
        ]
        computed.remarks += token_remarks(aligned.images, tokens)

    def _tokenize(self, aligned: Aligned) -> Tokens:
        if self._java is None:
            raise JavaError("No Java was chosen.")
        lines = [line for captions in aligned.captions.values() for line in captions]
        lines += [line for of_image in aligned.references for line in of_image]
        tokenised = iter(tokenize(lines, self._java, coco.tokenizer_jar()))
        captions = {
            model: [next(tokenised) for _ in captions]
            for model, captions in aligned.captions.items()
        }
        return Tokens(captions, [[next(tokenised) for _ in lines] for lines in aligned.references])

    def _collect_meteor(self, meteor: Meteor | None, tokens: Tokens, computed: Computed) -> None:
        computed.versions["meteor"] = "1.5"
        if meteor is None:
            error = self._problem or JavaError("METEOR was not started.")
            computed.fail(("meteor",), error)
            return
        try:
            collected = {
                model: meteor.collect(len(captions)) for model, captions in tokens.captions.items()
            }
        except JavaError as error:
            self._problem = error
            self._meteor = None
            with contextlib.suppress(OSError):
                meteor.close()
            computed.fail(("meteor",), error)
            return
        for model, statistics in collected.items():
            computed.add(model, "meteor", formulas.meteor_rows(statistics))


def _score_with_coco(tokens: Tokens, families: Sequence[str], computed: Computed) -> None:
    if not {"bleu", "rouge_l", "cider"}.intersection(families):
        return
    scorers = coco.CocoScorers(tokens.references)
    version = f"pycocoevalcap-{coco.package_version()}"
    computed.versions.update(dict.fromkeys(("bleu", "rouge_l", "cider"), version))
    obstacle = scorers.cider_obstacle()
    if obstacle is not None and "cider" in families:
        computed.notes["cider"] = obstacle
    for model, captions in tokens.captions.items():
        if "bleu" in families:
            bleu = scorers.bleu(captions)
            computed.add(model, "bleu", bleu.statistics)
            # The scorer's own numbers; those from the statistics differ in the last digit.
            computed.corpus[model].update(
                zip(formulas.FAMILIES["bleu"].metrics, bleu.corpus.tolist(), strict=True)
            )
            computed.per_image[model]["bleu"] = bleu.per_image
        if "rouge_l" in families:
            computed.add(model, "rouge_l", scorers.rouge_l(captions))
        if "cider" in families and obstacle is None:
            computed.add(model, "cider", scorers.cider(captions))


def _families(options: ScoreOptions) -> tuple[str, ...]:
    for name in (*options.metrics, options.primary):
        if name not in METRICS:
            near = difflib.get_close_matches(name, METRICS, n=1, cutoff=0.5)
            guess = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(
                f"There is no metric {name}.", hint=f"{guess}There are: {', '.join(METRICS)}."
            )
    wanted = {METRICS[name].family for name in options.metrics}
    if options.semantic:
        wanted.add("semantic")
    else:
        wanted.discard("semantic")
    return tuple(name for name in formulas.FAMILIES if name in wanted)
