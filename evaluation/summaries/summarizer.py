"""The product's summarizer as the system under test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatbot.engines.base import Decoding, Engine
from chatbot.prompts import dialogue_summary_prompt, document_summary_prompt
from chatbot.summarizing import EXTRACTIVE, summarize
from evaluation.summaries.example import SummaryExample
from ingestion.encoders.base import Encoder

GENERATED_WORDS = 150
"""Longest summary by a generator, which finds its own length: the product's."""
NEW_TOKENS = 200
"""As in the course lab that the known figures on DialogSum come from."""


@dataclass(frozen=True)
class Summarizer:
    """Summarizes as `lectern summarize` does: by `engine`, or without one extractively.

    `turns`: the texts are dialogues. `as_written`: what the engine writes is measured whole, as in
    tables that compare models; otherwise, as in the product, unsupported sentences are dropped.
    """

    engine: Engine | None
    encoder: Encoder
    max_words: int
    turns: bool = False
    as_written: bool = False

    def __call__(self, example: SummaryExample) -> str:
        return summarize(
            example.as_passages(),
            self.engine,
            self.encoder,
            max_words=self.max_words,
            decoding=Decoding(max_new_tokens=NEW_TOKENS),
            template=self._template(example),
            as_written=self.as_written,
        ).text

    def settings(self) -> dict[str, Any]:
        """Whatever decides a summary."""
        return {
            "summarizer": self.engine.name if self.engine else EXTRACTIVE,
            "encoder": self.encoder.name,
            "encoder_signature": self.encoder.signature,
            "max_words": self.max_words,
            "as_written": self.as_written,
            "window": self.engine.window if self.engine else None,
            "max_new_tokens": NEW_TOKENS if self.engine else None,
        }

    def _template(self, example: SummaryExample) -> Callable[[str], str]:
        if example.query:
            return lambda text: f"{text}\n\n{example.query}"
        return dialogue_summary_prompt if self.turns else document_summary_prompt
