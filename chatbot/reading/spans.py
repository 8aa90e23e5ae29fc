"""What a reader finds, and the contract of one. Importing this loads no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Part = tuple[int, int]
"""Characters start:end of a passage."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start:end` of passage number `passage`; `score` in log-odds against silence."""

    passage: int
    start: int
    end: int
    score: float


class Reader(Protocol):
    """Finds spans that answer a question; `signature` identifies its weights."""

    signature: str

    def within(
        self, question: str, passages: Sequence[str], parts: Sequence[Sequence[Part]]
    ) -> list[list[Span | None]]:
        """For each passage the best span inside each of its parts, None where a part holds no
        token. Scores are comparable from part to part and from passage to passage.
        """
        ...
