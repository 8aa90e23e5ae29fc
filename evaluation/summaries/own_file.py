"""Texts of one's own, with references, key points or both: JSON lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, StringConstraints, model_validator

from evaluation.jsonl import sha256_of
from evaluation.questions import Identified, Texts, load_lines
from evaluation.summaries.example import SummaryExample, SummarySet

MAX_WORDS = 150
"""As in the product."""

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class OwnLine(Identified):
    """`{"id", "text", "references": […], "points": […], "query"?}`; one of the two lists will do.

    `summary` and `dialogue` go for `references` and `text` as well.
    """

    text: Said = Field(validation_alias=AliasChoices("text", "dialogue", "document"))
    references: Texts = Field((), validation_alias=AliasChoices("references", "summary"))
    points: Texts = ()
    query: str = ""

    @model_validator(mode="after")
    def _can_be_measured(self) -> OwnLine:
        if not any(map(str.strip, (*self.references, *self.points))):
            raise ValueError("there are neither references nor key points")
        return self


def load(path: Path) -> SummarySet:
    """Raises `LecternError` naming file and line for a malformed line or an id used twice."""
    examples = tuple(
        SummaryExample(line.id, line.text, line.references, line.points, line.query)
        for line in load_lines(path, OwnLine)
    )
    return SummarySet(path.name, examples, MAX_WORDS, {path.name: sha256_of(path)})
