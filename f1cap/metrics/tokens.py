"""Captions as the metrics see them: one clean line each, then words without punctuation."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from f1cap.errors import JavaError
from f1cap.metrics.java import FRUGAL_OPTIONS, LANGUAGE_OPTIONS, first_line, run_java
from f1cap.records.scores import JavaRuntime

# What pycocoevalcap's PTBTokenizer drops. The bracket names never match, as words are lower-cased
# first; they stay in the list so that it can be held against the original.
_BRACKETS = frozenset({"-LRB-", "-RRB-", "-LCB-", "-RCB-"})
_QUOTES = frozenset({"''", "'", "``", "`"})
PUNCTUATION = _BRACKETS | _QUOTES | {".", "?", "!", ",", ":", "-", "--", "...", ";"}
START_TIMEOUT_S = 120.0
_LINES_PER_S = 1000


def clean(text: str) -> str:
    """Return a caption as one line: white space collapsed, lone surrogates replaced.

    The tokeniser starts a new line at CR, VT, FF, U+2028 and U+2029 too, which would move every
    later caption to the next image.
    """
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def tokenize(texts: Sequence[str], java: JavaRuntime, jar: Path) -> list[str]:
    """Return each text as lower-case Penn Treebank words joined by spaces, without punctuation.

    One JVM for all texts, fed through its standard input: a temporary file would need a folder to
    write to.

    Args:
        texts: Clean lines (see `clean`), in any order; equal ones are sent once.
        java: The runtime to use.
        jar: Stanford CoreNLP 3.4.1.

    Raises:
        JavaError: The tokeniser failed, hung, or returned another number of lines than it was
        given.
    """
    unique = list(dict.fromkeys(texts))
    if not unique:
        return []
    lines = _run([*unique, ""], java, jar)
    if len(lines) != len(unique):
        raise JavaError(
            f"The tokeniser returned {len(lines)} lines for {len(unique)} captions: "
            "no score would be right.",
            hint="Please report the captions that do this.",
        )
    words = {
        text: " ".join(word for word in line.rstrip().split(" ") if word not in PUNCTUATION)
        for text, line in zip(unique, lines, strict=True)
    }
    return [words[text] for text in texts]


def _run(lines: Sequence[str], java: JavaRuntime, jar: Path) -> list[str]:
    command = [
        str(java.executable),
        *LANGUAGE_OPTIONS,
        *FRUGAL_OPTIONS,
        "-cp",
        jar.name,  # in the working folder: a class path is split at colons, which folders may hold
        "edu.stanford.nlp.process.PTBTokenizer",
        "-preserveLines",
        "-lowerCase",
        "-options",
        "untokenizable=noneDelete",  # what the default deletes too, without a warning for each
    ]
    timeout_s = START_TIMEOUT_S + len(lines) / _LINES_PER_S
    try:
        text = "\n".join(lines).encode("utf-8", "replace")
        answer = run_java(command, text, timeout_s=timeout_s, folder=jar.parent)
    except subprocess.TimeoutExpired as error:
        message = f"The tokeniser did not answer within {timeout_s:.0f} s."
        raise JavaError(message, hint="Name another Java: --java PATH.") from error
    except OSError as error:
        message = f"{java.executable} could not be started: {error.strerror or error}."
        raise JavaError(message, hint="Name another Java: --java PATH.") from error
    if answer.returncode != 0:
        output = first_line(answer.stderr, answer.stdout)
        raise JavaError(
            f"The tokeniser exited with code {answer.returncode}: {output}",
            hint=f"It ran on {java.executable} ({java.version}); name another Java: --java PATH.",
        )
    return answer.stdout.decode("utf-8", "replace").split("\n")[:-1]
