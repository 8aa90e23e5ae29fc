"""Any engine as a LangChain LLM: `EngineLLM(engine=…)` fits `prompt | llm | parser` and streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LLM
from langchain_core.outputs import Generation, GenerationChunk, LLMResult
from pydantic import ConfigDict, Field

from chatbot.engines.base import Decoding


class EngineLLM(LLM):
    """A LangChain LLM over an `Engine`. `decoding` applies to every call; prompts go as a batch."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    engine: Any
    """An `Engine`; pydantic cannot check a protocol."""
    decoding: Decoding = Field(default_factory=Decoding)

    @property
    def _llm_type(self) -> str:
        return "lectern-engine"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.engine.name, **self.decoding.model_dump()}

    def _call(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        return "".join(until_stop(self.engine.generate([prompt], self.decoding), stop))

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        completions = self.engine.generate(prompts, self.decoding)
        return LLMResult(
            generations=[[Generation(text="".join(until_stop([c], stop)))] for c in completions]
        )

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        for piece in until_stop(self.engine.stream(prompt, self.decoding), stop):
            if run_manager:
                run_manager.on_llm_new_token(piece)
            yield GenerationChunk(text=piece)


def until_stop(pieces: Iterable[str], stop: list[str] | None) -> Iterator[str]:
    """The pieces up to the first stop string, which may be split over several of them."""
    stops = [s for s in stop or [] if s]
    longest = max((len(s) for s in stops), default=1)
    pending = ""
    for piece in pieces:
        pending += piece
        cuts = [pending.find(s) for s in stops if s in pending]
        if cuts:
            if min(cuts):
                yield pending[: min(cuts)]
            return
        # The last characters may be the beginning of a stop string.
        sure = len(pending) - (longest - 1)
        if sure > 0:
            yield pending[:sure]
            pending = pending[sure:]
    if pending:
        yield pending
