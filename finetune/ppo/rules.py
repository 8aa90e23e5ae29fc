"""Rewards that need no model: length, faithfulness to what the prompt holds, repetition.

Each holds the contract in `finetune/ppo/mixture.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.degeneration import repeated_share
from finetune.ppo.penalty import Penalty
from ingestion.words import Stemmed


class LengthBand:
    """1 for `low` to `high` words; falls in a straight line to 0 at no words and at 2 × `high`."""

    def __init__(self, low: int, high: int) -> None:
        if not 1 <= low <= high:
            raise ValueError(f"a length band from {low} to {high} words; it needs 1 ≤ low ≤ high")
        self.low, self.high = low, high
        self.identity = f"length:{low}-{high}"

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return [self._score(len(response.split())) for response in responses]

    def _score(self, words: int) -> float:
        if words < self.low:
            return words / self.low
        return min(1.0, max(0.0, 2 - words / self.high))


class Faithfulness:
    """Share of the response's content words (stemmed) that stand in the prompt, with its passages.

    0 for a response without content words. A verbatim copy is as faithful as can be: pair it with
    a length band, and read the share of echoes in the report.
    """

    identity = "faithfulness"

    def __init__(self) -> None:
        self._stems = Stemmed()

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return [
            self._score(prompt, response)
            for prompt, response in zip(prompts, responses, strict=True)
        ]

    def _score(self, prompt: str, response: str) -> float:
        said = self._stems.of(response)
        if not said:
            return 0.0
        known = set(self._stems.of(prompt))
        return sum(stem in known for stem in said) / len(said)


class Repetition(Penalty):
    """Share of the response's word trigrams that it has said before."""

    identity = "repetition"

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return [repeated_share(response) for response in responses]
