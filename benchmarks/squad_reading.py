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
from chatbot.answering import Draft
from chatbot.extractive import ExtractiveAnswerer
from evaluation.bootstrap import interval
from evaluation.jsonl import sha256_of
from evaluation.normalize import contains_answer
from evaluation.reading import evaluate_reading, load_squad
from ingestion.encoders.factory import load_encoder
from ingestion.locator import Locator, Span
from ingestion.passage import Passage


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    answerer = ExtractiveAnswerer(load_encoder())
    said: list[str] = []

    def read(question: str, paragraph: str) -> str:
        spans = (Span(0, len(paragraph), Locator.number("line", 1)),)
        passage = Passage(1, "squad", "paragraph", "txt", "", (), paragraph, spans)
        *_, draft = answerer.stream(question, [passage])
        assert isinstance(draft, Draft)
        said.append(draft.text)
        return draft.text

    path = asked.data / "qa" / "squad_v2_dev" / "dev-v2.0.json.gz"
    answerable = load_squad(path)
    questions = random.Random(asked.seed).sample(answerable, min(asked.questions, len(answerable)))
    report = evaluate_reading(read, questions, seed=asked.seed)
    contained = interval(
        [float(contains_answer(a, q.answers)) for a, q in zip(said, questions, strict=True)],
        clusters=[question.article for question in questions],
        seed=asked.seed,
    )
    assert contained is not None
    record(
        asked.out,
        "squad_reading",
        {**report["figures"], "contained": contained.as_json()},
        questions=len(questions),
        answerable=len(answerable),
        seed=asked.seed,
        data={path.name: sha256_of(path)},
    )


if __name__ == "__main__":
    main()
