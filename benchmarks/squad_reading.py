"""Reading alone: the extractive answerer on SQuAD 2.0 dev's answerable questions, paragraph given.

A seeded sample of the questions; the paragraph is the only passage, so nothing is retrieved. The
answers are sentences, trimmed, and the gold answers a few words, so exact match is rare by nature:
whether the answer contains a gold answer says more. About four minutes for 1,000 questions:

    python -m benchmarks.squad_reading --data ../shared/data --out docs/results
"""

from __future__ import annotations

import argparse
import random

from benchmarks.record import data_argument, out_argument, record
from chatbot.answerers import Chosen
from chatbot.extractive import ExtractiveAnswerer
from evaluation.jsonl import sha256_of
from evaluation.reading.measures import figures, measure_reading
from evaluation.reading.reader import ParagraphReader
from evaluation.reading.squad import load_squad
from ingestion.encoders.factory import load_encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    encoder = load_encoder()
    reader = ParagraphReader(Chosen(ExtractiveAnswerer(encoder), None), encoder, abstain_below=0.0)
    path = asked.data / "qa" / "squad_v2_dev" / "dev-v2.0.json.gz"
    answerable = [example for example in load_squad(path) if example.answers]
    questions = random.Random(asked.seed).sample(answerable, min(asked.questions, len(answerable)))
    measured = [
        measure_reading(q, reader.read(q.question, q.paragraph), decides=reader.decides)
        for q in questions
    ]
    record(
        asked.out,
        "squad_reading",
        figures(questions, measured, asked.seed),
        questions=len(questions),
        answerable=len(answerable),
        seed=asked.seed,
        data={path.name: sha256_of(path)},
    )


if __name__ == "__main__":
    main()
