"""The system under test: whatever answers a question from an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chatbot.answering import Answer, Turn


class Subject(Protocol):
    """Question and history in, `Answer` out.

    `Answer.passages` are the retrieved passages best first, `Answer.given` the texts as packed for
    the answerer, `Answer.timings` seconds by stage. A question it cannot answer is an abstention;
    what it raises ends the evaluation.
    """

    def ask(self, question: str, history: Sequence[Turn]) -> Answer: ...
