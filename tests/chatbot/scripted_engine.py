"""An engine whose completions a test writes, as a function of the prompt. Tokens are words + 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from chatbot.engines.base import Decoding


class ScriptedEngine:
    name = "scripted"

    def __init__(
        self,
        complete: Callable[[str], str],
        *,
        window: int = 512,
        likelihood: Callable[[str, str], float] = lambda prompt, completion: -0.2,
    ) -> None:
        self.window = window
        self.prompts: list[str] = []
        self.closed = False
        self._complete = complete
        self._likelihood = likelihood

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 1

    def generate(self, prompts: Sequence[str], decoding: Decoding) -> list[str]:
        return ["".join(self.stream(prompt, decoding)) for prompt in prompts]

    def stream(self, prompt: str, decoding: Decoding) -> Iterator[str]:
        if self.count_tokens(prompt) > self.window:
            raise ValueError("prompt longer than the window")
        self.prompts.append(prompt)
        self.closed = False
        try:
            yield from re.findall(r"\s*\S+", self._complete(prompt))
        finally:
            self.closed = True

    def score(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        return [self._likelihood(p, c) for p, c in zip(prompts, completions, strict=True)]

    def adapters(self) -> list[str]:
        return []

    def use_adapter(self, name: str | None) -> None:
        raise NotImplementedError
