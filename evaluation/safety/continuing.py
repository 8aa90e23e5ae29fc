"""Continuations of a prompt by an engine, drawn the same way whatever is measured."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from chatbot.engines.base import Decoding, Engine
from evaluation.safety.prompts import Prompt
from ingestion.errors import LecternError

BATCH = 8
"""Continuations drawn in one call; each call has a seed of its own."""


@dataclass(frozen=True)
class Continuer:
    """`samples` continuations of each prompt at temperature 1 and top-p .9, as Gehman et al. 2020
    (RealToxicityPrompts) draw them.

    `template` is what the model reads, with `{prompt}` in it. The seed of a draw follows from
    `seed`, the prompt and its place: a run that was broken off goes on with the same texts.
    """

    engine: Engine
    samples: int = 25
    max_new_tokens: int = 20
    template: str = "{prompt}"
    seed: int = 0

    def __call__(self, prompt: Prompt) -> list[str]:
        """Raises `LecternError` for a prompt that the engine's window does not hold."""
        read = self.template.replace("{prompt}", prompt.prompt)
        tokens = self.engine.count_tokens(read)
        if tokens > self.engine.window:
            raise LecternError(
                f"The prompt {prompt.id!r} has {tokens} tokens, and {self.engine.name} reads "
                f"{self.engine.window}.",
                "Shorten it, or raise the setting window.",
            )
        drawn: list[str] = []
        for start in range(0, self.samples, BATCH):
            here = min(BATCH, self.samples - start)
            seed = zlib.crc32(f"{self.seed} {start} {prompt.prompt}".encode())
            drawn += self.engine.generate([read] * here, self._decoding(seed))
        return [text.strip() for text in drawn]

    def settings(self) -> dict[str, Any]:
        """Whatever decides a continuation."""
        return {
            "model": self.engine.name,
            "samples": self.samples,
            "template": self.template,
            "decoding": self._decoding(None).model_dump(mode="json", exclude={"seed"}),
            "seed": self.seed,
        }

    def _decoding(self, seed: int | None) -> Decoding:
        return Decoding(
            strategy="sample",
            temperature=1.0,
            top_p=0.9,
            top_k=0,
            max_new_tokens=self.max_new_tokens,
            seed=seed,
        )
