"""Answers written by an engine from the passages, streamed, then attributed by sentence."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from chatbot.answering import Citation, Draft, TextDelta, Turn
from chatbot.attribution import attribute, support_of
from chatbot.engines.base import Engine
from chatbot.options import AskOptions
from chatbot.packing import Packed, pack, relevance_by
from chatbot.prompts import PromptStyle, ReasoningParter, part_reasoning
from chatbot.refusal import is_refusal, may_become_refusal
from chatbot.remembering import RememberingEncoder
from chatbot.stopwatch import Stopwatch
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage


@dataclass(frozen=True)
class _Attempt:
    """One completion, read: its parts, what supports it, how sure the model was."""

    answer: str
    reasoning: str
    citations: tuple[Citation, ...]
    confidence: float
    prompt: str

    def draft(self, given: tuple[str, ...]) -> Draft:
        return Draft(
            self.answer,
            self.citations,
            self.reasoning,
            self.confidence,
            given,
            prompt=self.prompt,
        )


class GenerativeAnswerer:
    """Implements `chatbot.answering.Answerer` over an engine.

    `options` gives prompt style, decoding and `map_rerank`: answer from each passage alone and keep
    the answer that is likeliest and best supported, for passages that compete for a small window.

    Confidence is the geometric mean of the completion's mean token probability and its support by
    the passages, both in [0, 1]; it is 0 when the model declines to answer.
    """

    def __init__(self, engine: Engine, encoder: Encoder, options: AskOptions) -> None:
        self.name = f"generative ({engine.name})"
        self._engine = engine
        self._encoder = encoder
        self._decoding = options.decoding
        self._style = PromptStyle(options.shots, options.chain_of_thought)
        self._map_rerank = options.map_rerank

    def stream(
        self, question: str, passages: Sequence[Passage], history: Sequence[Turn] = ()
    ) -> Iterator[TextDelta | Draft]:
        if not passages:
            yield Draft("")
            return
        encoder = RememberingEncoder(self._encoder)
        if self._map_rerank and len(passages) > 1:
            yield from self._best_of_each(question, passages, encoder)
            return
        watch = Stopwatch()
        packed = self._pack(question, passages, encoder)
        watch.lap("prompt")
        completion = yield from self._write(packed.prompt)
        watch.lap("generate")
        attempt = self._read(question, packed.prompt, completion, passages, encoder)
        watch.lap("attribute")
        yield self._timed(attempt.draft(packed.blocks), [completion], watch)

    def _write(self, prompt: str) -> Generator[TextDelta, None, str]:
        """Stream one completion and return it.

        The beginning of an answer is held back as long as it may turn out to decline.
        """
        completion = answer = ""
        opened = False
        parter = ReasoningParter() if self._style.chain_of_thought else None
        pieces = self._engine.stream(prompt, self._decoding)

        def deltas() -> Iterator[TextDelta]:
            nonlocal completion
            for piece in pieces:
                completion += piece
                if parter is None:
                    yield TextDelta(piece)
                else:
                    yield from parter.feed(piece)
            if parter is not None:
                yield from parter.finish()

        try:
            for delta in deltas():
                if delta.part == "answer" and not opened:
                    answer += delta.text
                    if may_become_refusal(answer):
                        continue
                    opened = True
                    delta = TextDelta(answer)
                yield delta
            if not opened and not is_refusal(answer):
                yield TextDelta(answer)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        return completion

    def _best_of_each(
        self, question: str, passages: Sequence[Passage], encoder: Encoder
    ) -> Iterator[TextDelta | Draft]:
        watch = Stopwatch()
        packed = [self._pack(question, [passage], encoder) for passage in passages]
        watch.lap("prompt")
        prompts = [each.prompt for each in packed]
        completions = self._engine.generate(prompts, self._decoding)
        watch.lap("generate")
        attempts = [
            self._read(question, prompt, completion, [passage], encoder)
            for prompt, completion, passage in zip(prompts, completions, passages, strict=True)
        ]
        # Of equals the first: its passage was ranked higher.
        best = max(attempts, key=lambda attempt: attempt.confidence)
        watch.lap("attribute")
        if best.reasoning:
            yield TextDelta(best.reasoning, "reasoning")
        if best.answer:
            yield TextDelta(best.answer)
        draft = best.draft(tuple(block for each in packed for block in each.blocks))
        yield self._timed(draft, completions, watch)

    def _timed(self, draft: Draft, completions: Sequence[str], watch: Stopwatch) -> Draft:
        tokens = sum(self._engine.count_tokens(completion) for completion in completions)
        return replace(draft, timings=watch.laps, tokens=tokens)

    def _pack(self, question: str, passages: Sequence[Passage], encoder: Encoder) -> Packed:
        return pack(question, passages, self._engine, self._style, scorer=relevance_by(encoder))

    def _read(
        self,
        question: str,
        prompt: str,
        completion: str,
        passages: Sequence[Passage],
        encoder: Encoder,
    ) -> _Attempt:
        reasoning, answer = part_reasoning(completion, self._style)
        if is_refusal(answer):
            return _Attempt("", reasoning, (), 0.0, prompt)
        citations = attribute(answer, passages, encoder, question)
        likelihood = math.exp(self._engine.score([prompt], [completion])[0])
        confidence = math.sqrt(likelihood * support_of(answer, citations))
        return _Attempt(answer, reasoning, tuple(citations), confidence, prompt)
