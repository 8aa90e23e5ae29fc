"""Train the judge by words on Davidson's tweets, and say how far it can be trusted elsewhere.

AUC on the held tenth of the tweets, and on collections it has never seen: Surge's comments from
social media, Jigsaw's from Wikipedia. About a minute; the folder it writes is what
`lectern eval safety --judge` takes.

    python -m benchmarks.train_word_judge --data ../shared/data --judge build/words \
        --out docs/results
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.record import data_argument, out_argument, record
from evaluation.abstention.intervals import Outcomes, measured
from evaluation.abstention.measures import auroc
from evaluation.safety.word_judge import fit, load_word_judge, save
from finetune.reward.labelled import read_labelled
from finetune.reward.splits import split

TRAINED_ON = "davidson"
JUDGED_ON = ("surge", "jigsaw")
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--judge", type=Path, required=True, help="folder to write the judge into")
    parser.add_argument("--examples", type=int, default=None, help="train on the first N alone")
    asked = parser.parse_args()

    elsewhere = {name: read_labelled(name, asked.data) for name in JUDGED_ON}
    apart = [example for examples in elsewhere.values() for example in examples]
    parts = split(read_labelled(TRAINED_ON, asked.data), SEED, apart)
    train = parts.train[: asked.examples]
    weights, bias = fit([e.text for e in train], [e.label > 0.5 for e in train])
    save(asked.judge, f"words-{TRAINED_ON}", weights, bias)
    judge = load_word_judge(asked.judge)
    figures = {}
    for name, examples in {f"{TRAINED_ON}_held": parts.test, **elsewhere}.items():
        outcomes = Outcomes(
            np.array(judge.scores([e.text for e in examples])),
            np.array([e.label > 0.5 for e in examples]),
            [e.group for e in examples],
        )
        found = measured(outcomes, {"auroc": auroc}, resamples=1_000, seed=SEED)
        figures[f"auroc_{name}"] = found["auroc"].as_json()
    record(
        asked.out, "word_judge", figures, trained_on=len(train), identity=judge.identity, seed=SEED
    )


if __name__ == "__main__":
    main()
