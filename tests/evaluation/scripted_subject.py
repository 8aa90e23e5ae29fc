"""A subject whose answers are written down, over two small documents."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from chatbot.answering import Answer, Citation, Turn
from evaluation.answers import evaluate_answers
from evaluation.questions import Question, Unanswerable
from evaluation.sources import SourceFiles
from ingestion.locator import Locator, Span
from ingestion.passage import Passage

FILES = SourceFiles([("ml", "W1.pdf"), ("ml", "notes/lora.md")])

QUESTIONS = [
    Question(
        id="q1",
        question="What does LoRA freeze?",
        answers=("the weights",),
        source=("W1.pdf",),
        evidence=("LoRA freezes the weights",),
        kind="direct",
    ),
    Question(
        id="q2",
        question="And what does it train?",
        answers=("low-rank matrices",),
        source=("lora.md", "W1.pdf"),
        evidence=("low-rank matrices", "the weights"),
        history=(("What does LoRA freeze?", "The weights."),),
        kind="followup",
    ),
    Question(id="q3", question="Who wrote it?", answers=("Hu",), source=("W9.pdf",)),
]
UNANSWERABLE = [
    Unanswerable(id="u1", question="What is BM25?"),
    Unanswerable(id="u2", question="What is a GAN?"),
]


def passage(file: str, ordinal: int, text: str) -> Passage:
    spans = (Span(0, len(text), Locator.number("page", ordinal)),)
    return Passage(ordinal, "ml", file, "pdf", file, (), text, spans, ordinal=ordinal)


PASSAGES = (
    passage("W1.pdf", 3, "Remember: LoRA freezes"),
    passage("notes/lora.md", 8, "It trains low-rank matrices."),
    passage("W1.pdf", 4, "the weights of the model."),
)


class Scripted:
    """Answers from a table; counts what it is asked; dies by SIGKILL when it comes to `fatal`."""

    def __init__(self, fatal: str = "") -> None:
        self.asked: list[tuple[str, Sequence[Turn]]] = []
        self._fatal = fatal

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        self.asked.append((question, tuple(history)))
        if question == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        text = {
            "What does LoRA freeze?": "It freezes the weights.",
            "And what does it train?": "Nothing at all.",
            "What is BM25?": "A ranking function.",
        }.get(question, "")
        citation = Citation(1, "ml", "W1.pdf", Locator.number("page", 3), "p", "s", 0.9, text)
        return Answer(
            text,
            citations=(citation,) if text else (),
            abstained=not text,
            confidence=0.5,
            passages=PASSAGES,
            given=("LoRA freezes", "the weights"),
            timings={"retrieve": 0.01 * len(self.asked), "total": 0.02 * len(self.asked)},
        )


def run(subject: Scripted, rows: Path, **settings: str) -> dict[str, object]:
    return evaluate_answers(
        subject, QUESTIONS, UNANSWERABLE, rows=rows, files=FILES, settings=settings
    )


if __name__ == "__main__":
    out = Path(sys.argv[1])
    print(json.dumps(run(Scripted(fatal=sys.argv[2]), out)["figures"]))
