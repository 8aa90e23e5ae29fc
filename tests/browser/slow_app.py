"""The browser app with an assistant that stops half-way through an answer until a file appears.

The assistant is the real one; only the pace of its words is the test's. `LECTERN_TEST_GATE` names
the file.
"""

from __future__ import annotations

import os
import re
import runpy
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chatbot.answering import Answer, TextDelta, Turn
from chatbot.chain import Assistant, open_assistant
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from chatbot.ui import services


class Slow(Assistant):
    """Says the first half of the words, then waits at the gate."""

    def __init__(self, patient: Assistant, gate: Path) -> None:
        self.__dict__.update(patient.__dict__)
        self._gate = gate

    def stream(
        self, question: str, history: Sequence[Turn] = (), options: AskOptions | None = None
    ) -> Iterator[TextDelta | Answer]:
        *_, answer = super().stream(question, history, options)
        assert isinstance(answer, Answer)
        words = re.findall(r"\S+\s*", answer.text)
        for said, word in enumerate(words):
            while said == len(words) // 2 and not self._gate.exists():
                time.sleep(0.02)
            yield TextDelta(word)
        yield answer


def _open(settings: ChatSettings) -> Any:
    return Slow(open_assistant(settings=settings), Path(os.environ["LECTERN_TEST_GATE"]))


services.provide(lambda: services.Services(ChatSettings.load(), _open))
runpy.run_path(str(Path(__file__).parents[2] / "streamlit_app.py"), run_name="__main__")
