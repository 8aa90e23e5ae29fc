"""What a person reads of a row: question, gold answers, answer, where it points.

Each verb writes rows of its own kind; their fields go by the names below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluation.rows import Row

_ASKED = ("question", "prompt", "query", "dialogue", "file")
_SAID = ("answer", "summary", "continuation", "prediction")
_GOLD = ("gold", "answers", "references", "key_points")


@dataclass(frozen=True, slots=True)
class Example:
    """`citations` are places in words (`notes.pdf, page 3`); any one of `gold` will do."""

    id: str
    question: str
    gold: tuple[str, ...]
    answer: str
    abstained: bool
    citations: tuple[str, ...]


def example_of(row: Row) -> Example:
    gold = _first(row, _GOLD) or ()
    return Example(
        id=str(row["id"]),
        question=str(_first(row, _ASKED) or ""),
        gold=(gold,) if isinstance(gold, str) else tuple(map(str, gold)),
        answer=str(_first(row, _SAID) or ""),
        abstained=bool(row.get("abstained")),
        citations=tuple(
            f"{citation['file']}, {citation['locator']['label']}"
            for citation in row.get("citations", ())
        ),
    )


def _first(row: Row, names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if name in row), None)
