"""Rewrite the computed cases of tests/golden/metrics with what pycocoevalcap itself says.

    python -m tests.metrics.make_golden [CASE ...]

References are those of the bundled dataset, candidates are other references with some words
changed; nothing is taken from elsewhere. The published cases (nlg_eval, aac_metrics) are short
examples from their projects' READMEs (both MIT) and are not rewritten.
"""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden" / "metrics"
SOURCE = "computed by tests/metrics/make_golden.py with pycocoevalcap 1.2 on cleaned text"
# Every one of them starts a new line for the tokeniser and moves later captions to other images.
BREAKS = ("\r", "\r\n", "\n", "\v", "\f", "\u2028", "\u2029", "\x85", "\x1c", "\u00a0")


def racing() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Make references and candidates of the bundled images."""
    generator = random.Random(7)
    entries = json.loads((ROOT / "dataset" / "captions.json").read_text("utf-8"))["images"]
    references = {entry["filename"]: entry["captions"] for entry in entries}
    vocabulary = sorted(
        {word for lines in references.values() for line in lines for word in line.split()}
    )
    candidates = {}
    for image, lines in references.items():
        words = lines[-1].split()
        for _ in range(3):
            words[generator.randrange(len(words))] = generator.choice(vocabulary)
        candidates[image] = " ".join(words[: generator.randint(3, len(words))]) + "."
    return references, candidates


def dirty(text: str, generator: random.Random) -> str:
    """Put line breaks of all kinds between the words of a text."""
    words = text.split(" ")
    mark = generator.choice(BREAKS)
    return mark.join((" ".join(words[:2]), " ".join(words[2:]))) + generator.choice(BREAKS)


def cases() -> dict[str, dict[str, Any]]:
    """Return the inputs of every computed case."""
    references, candidates = racing()
    single = {image: lines[:1] for image, lines in references.items()}
    generator = random.Random(8)
    soiled = {
        "references": {i: [dirty(t, generator) for t in lines] for i, lines in single.items()},
        "candidates": {image: dirty(text, generator) for image, text in candidates.items()},
    }
    return {
        "racing_3refs": {"references": references, "candidates": candidates},
        "racing_1ref": {"references": single, "candidates": candidates},
        "racing_1ref_line_breaks": soiled,
        "empty_and_punctuation": {
            "references": {
                "a": ["a red car leaves the pit lane"],
                "b": ["two mechanics hold a wheel", "..."],
                "c": ["!?"],
                "d": ["a driver waves to the crowd"],
                "e": ["the podium after the race"],
            },
            "candidates": {"a": "", "b": "...", "c": "-- ;", "d": "a driver waves", "e": "race"},
        },
        "odd_characters": {
            "references": {
                "accents": ["le garçon à la vélo près de la fenêtre", "cafe\u0301 au lait"],
                "bars": ["a car ||| a truck", "a | b"],
                "brackets": ["the (red) car [no. 7] {fast}"],
                "cjk": ["赛车 在 赛道 上"],
                "emoji": ["a fast car 🏎️ wins the race 🏁"],
                "money": ["it costs £5 or €6 and 1/2 of $7"],
                "numbers": ["a lap of 1:23.4 in Q3, 1 1/2 seconds slower"],
                "quotes": ["\"it's\" a driver's `best' lap, he can't or cannot say"],
                "surrogate": ["a car \ud83c on the grid"],
                "tags": ["<b>bold</b> &amp; [red]multi-colored[/red] #1"],
                "long": ["the car turns left and right " * 20],
            },
            "candidates": {
                "accents": "un garçon à vélo près d'une fenetre",
                "bars": "a car ||| a truck ||| a bus",
                "brackets": "(the) red car no. 7",
                "cjk": "赛车 在 天上",
                "emoji": "🏎️ a car wins 🏁🏁",
                "money": "it costs £5 and ½ of €6",
                "numbers": "1:23.4 is the lap of Q3, 1½ seconds",
                "quotes": "“It\u2019s” a driver's best lap — he cannot say",
                "surrogate": "a car \udcff on a grid",
                "tags": "bold &amp; multi-colored #1",
                "long": " ".join(f"lap {lap} a car turns" for lap in range(600)),
            },
        },
    }


def main() -> None:
    """Rewrite the computed cases that the command line names, or all."""
    for name, case in cases().items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        answer = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("original.py"))],
            input=json.dumps(case),
            capture_output=True,
            text=True,
            check=True,
        )
        case |= {"expected": json.loads(answer.stdout), "source": SOURCE}
        path = FOLDER / f"{name}.json"
        path.write_text(json.dumps(case, indent=1) + "\n", encoding="utf-8")
        print(path.name)  # noqa: T201 - a script


if __name__ == "__main__":
    main()
