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
_LISTED = 5
"""Documents of a ranking that are named."""


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
    gold = _first(row, _GOLD) or _relevant(row)
    return Example(
        id=str(row["id"]),
        question=str(_first(row, _ASKED) or ""),
        gold=(gold,) if isinstance(gold, str) else tuple(dict.fromkeys(map(str, gold))),
        answer=str(_first(row, _SAID) or _ranking(row)),
        abstained=bool(row.get("abstained")),
        citations=tuple(
            dict.fromkeys(
                f"{citation['file']}, {citation['locator']['label']}"
                for citation in row.get("citations", ())
            )
        ),
    )


def _relevant(row: Row) -> tuple[str, ...]:
    """The documents that a retrieval run should have found."""
    documents = row.get("relevant", ())
    more = f" and {len(documents) - _LISTED} more" if len(documents) > _LISTED else ""
    return (f"documents {', '.join(documents[:_LISTED])}{more}",) if documents else ()


def _ranking(row: Row) -> str:
    """The documents that a retrieval run ranked first, in the leg that the product is."""
    legs = row.get("top", {})
    first = legs.get("rerank") or legs.get("fusion") or ()
    return f"ranked first: {', '.join(str(d) for d, _ in first[:_LISTED])}" if first else ""


def _first(row: Row, names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if name in row), None)
