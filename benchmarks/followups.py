"""Follow-up questions: what the word-based rewriting brings to retrieval.

The 30 two-turn course questions are searched for as asked, as rewritten from the words of the turn
before (what the product does without a generator), and with the whole history joined to them. The
same 30 questions each time, so the differences are paired. The index must hold exactly the three
courses (see `benchmarks/course_questions/README.md`).

    python -m benchmarks.followups --index DIR --out docs/results
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.record import Figure, out_argument, record
from chatbot.retrieval.hybrid import Retriever
from chatbot.rewriting import rewrite
from chatbot.settings import ChatSettings
from evaluation.assistant_subject import retrieved
from evaluation.bootstrap import compare, interval
from evaluation.evidence import BUDGET, evidence_within
from evaluation.questions import Question, load_questions
from ingestion.index import Index

QUESTIONS = Path(__file__).parent / "course_questions" / "followups.jsonl"
DEPTH = 5
_ENOUGH = 40
"""Passages that surely hold 5,000 characters."""


def alone(question: Question) -> str:
    return question.question


def rewritten(question: Question) -> str:
    return rewrite(question.question, question.history).text


def joined(question: Question) -> str:
    turns = (part for turn in question.history for part in turn)
    return " ".join((*turns, question.question))


FORMS: dict[str, Callable[[Question], str]] = {
    "alone": alone,
    "rewritten": rewritten,
    "joined": joined,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    out_argument(parser)
    parser.add_argument("--index", type=Path, required=True, help="index of the three courses")
    parser.add_argument("--limit", type=int, help="first N questions")
    asked = parser.parse_args()

    index = Index(asked.index)
    settings = ChatSettings()
    retriever = Retriever(index, settings.fusion_weight, settings.candidates)
    questions = load_questions(QUESTIONS, asked.limit)

    def found(text: str, question: Question) -> float:
        passages = [retrieved(passage) for passage in retriever.search(text, _ENOUGH)]
        return float(evidence_within(passages, question.evidence, DEPTH * BUDGET))

    values = {name: [found(form(q), q) for q in questions] for name, form in FORMS.items()}
    figures: dict[str, Figure] = {}
    for name, held in values.items():
        share = interval(held)
        assert share is not None
        figures[f"{name}_evidence@5"] = dict(share.as_json())
    for name in ("alone", "joined"):
        comparison = compare(values["rewritten"], values[name])
        figures[f"rewritten_minus_{name}"] = dict(comparison.difference.as_json())
        figures[f"rewritten_minus_{name}_p"] = {"value": comparison.p}
    record(
        asked.out,
        "followups",
        figures,
        left_alone=sum(rewritten(q) == q.question for q in questions),
        rows=[
            {"id": q.id, "rewritten": rewritten(q), **{n: values[n][i] for n in FORMS}}
            for i, q in enumerate(questions)
        ],
        chunks=index.chunk_count(),
    )


if __name__ == "__main__":
    main()
