"""From the options that `eval` and `compare` share to one request."""

from pathlib import Path
from typing import TYPE_CHECKING

from f1cap.cli.options import parse_captions
from f1cap.errors import UsageError
from f1cap.records.scores import ScoreOptions

if TYPE_CHECKING:
    from f1cap.services.candidates import ScoreRequest


def score_request(
    *,
    path: Path | None,
    models: list[str] | None,
    captions: list[str] | None,
    references: Path | None,
    output_dir: Path | None,
    java: Path | None,
    options: ScoreOptions,
    rank_by: str = "cider",
) -> "ScoreRequest":
    """Return what the service is asked for.

    Raises:
        UsageError: The metric that decides or ranks is one that is not computed.
    """
    from f1cap.services.candidates import ScoreRequest

    if "semantic" in {options.primary, rank_by} and not options.semantic:
        raise UsageError(
            "Semantic similarity is only computed when asked for.", hint="Add --semantic."
        )
    return ScoreRequest(
        path=path,
        models=tuple(dict.fromkeys(models or ())),
        captions=parse_captions(captions),
        references=references,
        output_dir=output_dir,
        java=java,
        rank_by=rank_by,
        options=options,
    )
