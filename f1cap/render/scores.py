"""Scores, intervals and remarks as the tables of `eval` and `compare` show them."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from f1cap.records.scores import Metric, PairComparison, Score, ScoreReport, TextStatistics
from f1cap.render.formatting import printable
from f1cap.render.terminal import print_trimmed


def number(value: float | None, digits: int = 3) -> str:
    """Return a score; scores are shown as pycocoevalcap prints them, not times 100."""
    return "n/a" if value is None else f"{value:.{digits}f}"


def score_number(value: float | None, metric: Metric) -> str:
    """Return a score with the decimals of its metric."""
    return number(value, metric.decimals)


def rough_number(value: float | None, metric: Metric) -> str:
    """Return a score beside a text, where one decimal less will do."""
    return number(value, max(metric.decimals - 1, 0))


def interval(found: Score | PairComparison | None, metric: Metric) -> str:
    """Return `[low, high]` of a score or of a difference; nothing where it has no interval."""
    if found is None or found.low is None or found.high is None:
        return ""
    return f"[{rough_number(found.low, metric)}, {rough_number(found.high, metric)}]"


def difference(pair: PairComparison, metric: Metric) -> str:
    """Return a difference with its sign."""
    return f"{pair.difference:+.{metric.decimals}f}"


def p_value(p: float) -> str:
    """Return a p-value; below a thousandth its size says no more."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def level_means() -> str:
    """Say what the mark of models that share the lead goes by."""
    return (
        "level with the best: the interval of their difference contains zero or p (Holm) is "
        "0.05 or more"
    )


def percent(share: float | None) -> str:
    """Return a share of captions."""
    return "n/a" if share is None else f"{100 * share:.0f} %"


def times(ratio: float | None) -> str:
    """Return a ratio of lengths."""
    return "n/a" if ratio is None else f"{ratio:.2f} ×"


def text_lines(text: TextStatistics) -> Iterator[str]:
    """Yield what captions look like with no metric in between, line by line."""
    length = f"{text.words_per_caption:.1f} words per caption"
    if text.reference_words is not None:
        length += f" ({times(text.length_ratio)} the references' {text.reference_words:.1f})"
    yield f"{length} · cut off at the length limit {percent(text.truncated)}"
    yield (
        f"line breaks {percent(text.line_breaks)} · empty {text.empty} · "
        f"same caption on several images {text.identical}"
    )
    yield (
        f"repeated words {percent(text.repeated_1)}, bigrams {percent(text.repeated_2)}, "
        f"4-grams {percent(text.repeated_4)} · distinct-1/2 "
        f"{text.distinct_1:.2f}/{text.distinct_2:.2f}"
    )


def captions_grid() -> Table:
    """Return an empty grid for captions of one image: whose it is, its score, the text."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1)
    return table


def print_remarks(console: Console, report: ScoreReport) -> None:
    """Print what to know when reading the numbers, and what could not be computed."""
    for problem in report.problems:
        print_trimmed(
            console, Text("not computed: ", style="bold red").append(printable(problem.message))
        )
        if problem.hint:
            console.print(Text(f"hint: {printable(problem.hint)}", style="dim"))
    for remark in report.remarks:
        line = Text("• ", style="yellow").append(printable(remark.text), style="default")
        print_trimmed(console, line)


def print_signatures(console: Console, scores: Iterable[Score]) -> None:
    """Print how each score was made."""
    for score in scores:
        console.print(Text(str(score.signature), style="dim"), soft_wrap=True)
