"""From caption sets and references to a report of scores: prepare the text, run every metric."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from f1cap.errors import F1capError, JavaError, PluginError, UsageError
from f1cap.metrics import coco, registry
from f1cap.metrics.alignment import Aligned, align
from f1cap.metrics.base import NotApplicableError, Scorer, ScoringInput, Statistics
from f1cap.metrics.java import find_java
from f1cap.metrics.registry import MetricSpec, Needs
from f1cap.metrics.remarks import token_remarks
from f1cap.metrics.report import Computed, MetricResult, build_report
from f1cap.metrics.tokens import tokenize
from f1cap.records.images import Problem
from f1cap.records.scores import Annotations, JavaRuntime, Remark, ScoreOptions, ScoreReport

_Result = TypeVar("_Result")


def score(
    hypotheses: Mapping[str, Mapping[str, str]],
    references: Mapping[str, Sequence[str]],
    *,
    options: ScoreOptions | None = None,
    annotations: Annotations | None = None,
    java: Path | None = None,
) -> ScoreReport:
    """Score caption sets against references in a session of their own."""
    with ScoringSession(options, java=java) as session:
        return session.score(hypotheses, references, annotations=annotations)


class ScoringSession:
    """Metrics that are warming up, and the scoring that uses them.

    METEOR needs seconds before its first score: enter this early, do the reading of files or
    the captioning inside, and score at the end. Leaving it ends the Java process, on an error and
    on Ctrl-C too.

    Attributes:
        specs: The metrics.
    """

    def __init__(self, options: ScoreOptions | None = None, *, java: Path | None = None) -> None:
        """Take the settings; nothing is started yet.

        Args:
            options: What to compute.
            java: The user's own Java; None looks for one.

        Raises:
            UsageError: There is no such metric.
            PluginError: The package that adds it does not load.
        """
        self._options = options or ScoreOptions()
        self.specs = registry.choose(self._options.metrics)
        self._java_option = java
        self._java: JavaRuntime | JavaError | None = None
        self._scorers: dict[str, Scorer] = {}

    def __enter__(self) -> Self:
        """Load the metrics and start what takes long in the background.

        Raises:
            MissingExtraError: A metric needs what is not installed.
            PluginError: A metric of another package does not load.
            JavaError: The Java that the user named does not run. Where none was named and none
                works, scoring goes on without what needs it.
        """
        try:
            self._start(self.specs)
        except BaseException:  # Ctrl-C too: a process may be running already
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def score(
        self,
        hypotheses: Mapping[str, Mapping[str, str]],
        references: Mapping[str, Sequence[str]],
        *,
        options: ScoreOptions | None = None,
        annotations: Annotations | None = None,
        read_image: Callable[[str], bytes] | None = None,
    ) -> ScoreReport:
        """Score caption sets, all models on the same images.

        Args:
            hypotheses: By model, then by image: one caption each, as the model wrote it.
            references: By image: one or more; not used by metrics that need none.
            options: In place of the session's.
            annotations: Categories of images, and what was recorded of captions.
            read_image: Returns the encoded bytes of an image, for metrics that need the images.

        Returns:
            Scores, intervals, comparisons, remarks. What needs Java and could not have it has no
            value and a note, and is among the report's problems.

        Raises:
            CaptionSetError: Captions and references do not fit together (see `alignment.align`).
            UsageError: A metric does not exist, or needs the images where there are none.
        """
        options = options or self._options
        specs = self.specs if options is self._options else registry.choose(options.metrics)
        primary = registry.deciding(specs, options.primary)
        self._start(specs)
        visual = next((spec for spec in specs if spec.needs is Needs.IMAGES), None)
        if visual is not None and read_image is None:
            raise UsageError(
                f"{visual.name} needs the images, and no dataset was named.",
                hint="Name the folder of the images.",
            )
        aligned = align(
            hypotheses,
            references,
            options.missing,
            references_needed=registry.references_needed(specs),
        )
        text = ScoringInput(aligned.images, aligned.captions, aligned.references, read_image)
        tokens = self._tokens(aligned, specs)
        results = self._run(specs, text, tokens)
        computed = Computed(
            results=results,
            primary=primary.name,
            java=self._java if tokens and isinstance(self._java, JavaRuntime) else None,
            remarks=(*aligned.remarks, *self._token_remarks(tokens)),
        )
        return build_report(aligned, computed, options, annotations or Annotations())

    def _close(self) -> None:
        with ExitStack() as stack:  # each is closed, whatever another raises
            for scorer in self._scorers.values():
                stack.callback(scorer.close)
            self._scorers = {}

    def _start(self, specs: Sequence[MetricSpec]) -> None:
        new = [spec for spec in specs if spec.name not in self._scorers]
        made = {spec.name: registry.make_scorer(spec) for spec in new}
        tokenised = [spec for spec in new if spec.needs is Needs.TOKENS]
        if tokenised and self._java is None:
            try:
                self._java = find_java(self._java_option)
            except JavaError as error:
                if self._java_option is not None:
                    raise
                self._java = error
        self._scorers |= made
        if isinstance(self._java, JavaRuntime):
            for spec in tokenised:
                _call(spec, made[spec.name].start, self._java)

    def _tokens(
        self, aligned: Aligned, specs: Sequence[MetricSpec]
    ) -> ScoringInput | JavaError | None:
        """Return captions and references as tokens, or why there are none; None: none needed."""
        if all(spec.needs is not Needs.TOKENS for spec in specs):
            return None
        if not isinstance(self._java, JavaRuntime):
            return self._java
        lines = [line for captions in aligned.captions.values() for line in captions]
        lines += [line for of_image in aligned.references for line in of_image]
        try:
            tokenised = iter(tokenize(lines, self._java, coco.tokenizer_jar()))
        except JavaError as error:
            return error
        captions = {
            model: [next(tokenised) for _ in captions]
            for model, captions in aligned.captions.items()
        }
        references = [[next(tokenised) for _ in lines] for lines in aligned.references]
        return ScoringInput(aligned.images, captions, references)

    def _run(
        self,
        specs: Sequence[MetricSpec],
        text: ScoringInput,
        tokens: ScoringInput | JavaError | None,
    ) -> tuple[MetricResult, ...]:
        """Run every metric; one that fails costs its own numbers and no more."""
        results: dict[str, MetricResult] = {}
        submitted: list[tuple[MetricSpec, Scorer, ScoringInput]] = []
        for spec in specs:
            scorer = self._scorers[spec.name]
            given = tokens if spec.needs is Needs.TOKENS else text
            if not isinstance(given, ScoringInput):
                results[spec.name] = _failed(spec, None, given or JavaError("There is no Java."))
                continue
            try:
                _call(spec, scorer.submit, given)
            except F1capError as error:
                results[spec.name] = _failed(spec, None, error)
            else:
                submitted.append((spec, scorer, given))
        # What another process computes meanwhile is collected last.
        submitted.sort(key=lambda work: work[1].background)
        for spec, scorer, given in submitted:
            results[spec.name] = _compute(spec, scorer, given)
        return tuple(results[spec.name] for spec in specs)

    def _token_remarks(self, tokens: ScoringInput | JavaError | None) -> list[Remark]:
        if not isinstance(tokens, ScoringInput) or not isinstance(self._java, JavaRuntime):
            return []
        passed_over = (
            Remark("java_passed_over", f"A Java that does not work was skipped: {text}.")
            for text in self._java.passed_over
        )
        return [*passed_over, *token_remarks(tokens)]


def _compute(spec: MetricSpec, scorer: Scorer, given: ScoringInput) -> MetricResult:
    version: str | None = None
    try:
        version = _call(spec, lambda: scorer.version)
        statistics = _call(spec, _checked_statistics, spec, scorer, given)
    except NotApplicableError as reason:
        return MetricResult(spec, version, note=str(reason))
    except F1capError as error:
        return _failed(spec, version, error)
    return MetricResult(
        spec, version, statistics=statistics, formula=scorer.scores, resampled=scorer.resampled
    )


def _failed(spec: MetricSpec, version: str | None, error: F1capError) -> MetricResult:
    return MetricResult(spec, version, note=error.message, problem=Problem.of(error))


def _checked_statistics(
    spec: MetricSpec, scorer: Scorer, given: ScoringInput
) -> Mapping[str, Statistics]:
    """Return the statistics, having checked that they have the shape that the report relies on."""
    found = scorer.statistics(given)
    for model in given.captions:
        rows = found[model].rows
        scores = scorer.scores(rows, 1)
        expected = (len(given.images), len(spec.columns))
        if rows.ndim != 2 or scores.shape != expected:
            message = f"scores of shape {scores.shape}, not {expected}"
            raise ValueError(message)
        if not np.isfinite(scores).all():
            message = "a score is infinite or NaN"
            raise ValueError(message)
    return found


def _call(spec: MetricSpec, function: Callable[..., _Result], *args: object) -> _Result:
    """Call a scorer; whatever another package's code raises becomes a sentence that names it."""
    try:
        return function(*args)
    except (F1capError, NotApplicableError):
        raise
    except Exception as error:
        if spec.package is None:
            raise
        raise PluginError(
            f"The metric {spec.name} of the package {spec.package} failed: "
            f"{type(error).__name__}: {error}.",
            hint=f"Report it to the authors of {spec.package}, or leave it out of --metrics.",
        ) from error
