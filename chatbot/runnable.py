"""The chain as a LangChain runnable: `invoke`, `stream`, `batch`, `|`, and their async forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor
from pydantic import BaseModel, Field

from chatbot.answering import Answer, TextDelta
from chatbot.chain import Assistant
from chatbot.options import AskOptions


class AskInput(BaseModel):
    """What goes into the chain; a bare string is a question without history."""

    question: str
    history: list[tuple[str, str]] = Field(default_factory=list)
    options: AskOptions | None = None


class CourseChain(Runnable[str | dict[str, Any] | AskInput, Any]):
    """Question → `Answer`. `stream` yields the answer's text piece by piece, then the `Answer`."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def invoke(
        self,
        input: str | dict[str, Any] | AskInput,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Answer:
        def answer(asked: str | dict[str, Any] | AskInput) -> Answer:
            request = _request(asked)
            return self.assistant.ask(request.question, request.history, options=request.options)

        found: Answer = self._call_with_config(answer, input, config)
        return found

    def stream(
        self,
        input: str | dict[str, Any] | AskInput,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Generator[str | Answer, None, None]:
        request = _request(input)
        for item in self.assistant.stream(request.question, request.history, request.options):
            if isinstance(item, Answer):
                yield item
            elif isinstance(item, TextDelta) and item.part == "answer":
                yield item.text

    async def astream(
        self,
        input: str | dict[str, Any] | AskInput,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[str | Answer]:
        """As `stream`, which runs in a thread of its own and ends with this one."""
        pieces = self.stream(input, config, **kwargs)
        thread = ThreadPoolExecutor(max_workers=1)
        try:
            while (piece := await run_in_executor(thread, next, pieces, None)) is not None:
                yield piece
        finally:
            thread.submit(pieces.close)
            thread.shutdown(wait=False)


def _request(asked: str | dict[str, Any] | AskInput) -> AskInput:
    if isinstance(asked, str):
        return AskInput(question=asked)
    return AskInput.model_validate(asked)
