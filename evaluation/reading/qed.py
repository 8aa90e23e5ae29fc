"""QED (Lamm et al. 2021): Natural Questions with a Wikipedia paragraph, one JSON line each.

The development file has one answer of each annotator (`original_nq_answers`), the training file
one answer (`answer_text`); an answer may consist of several spans. The few rows of the training
file without any answer are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from evaluation.jsonl import malformed, read_objects
from evaluation.questions import Identifier, complaint
from evaluation.reading.example import ReadingExample
from evaluation.reading.tokenized import detokenize


class _Span(BaseModel):
    string: str


class _Row(BaseModel):
    example_id: Identifier
    title_text: str
    question_text: str = Field(min_length=1)
    paragraph_text: str = Field(min_length=1)
    original_nq_answers: tuple[tuple[_Span, ...], ...] | None = None
    answer_text: tuple[str, ...] | None = None
    answer_type: str = ""
    annotation: Any = None

    @model_validator(mode="after")
    def _has_a_form_of_answers(self) -> _Row:
        if self.original_nq_answers is None and self.answer_text is None:
            raise ValueError("neither `original_nq_answers` nor `answer_text`")
        return self

    @property
    def answers(self) -> tuple[str, ...]:
        """One text an annotator; the spans of one answer are joined by commas."""
        spans = [[span.string for span in one] for one in self.original_nq_answers or ()]
        spans += [list(self.answer_text)] if self.answer_text else []
        said = (", ".join(one) for one in spans if any(map(str.strip, one)))
        return tuple(detokenize(one, hyphens=True) for one in said)

    @property
    def kind(self) -> str:
        noted = self.annotation if isinstance(self.annotation, dict) else {}
        return str(noted.get("explanation_type", self.answer_type)).replace("_", " ")


def load_qed(path: Path) -> list[ReadingExample]:
    """The rows that have an answer, in file order; `kinds` is how QED explains the answer."""
    found = []
    for number, fields in read_objects(path):
        try:
            row = _Row.model_validate(fields)
        except ValidationError as error:
            raise malformed(path, number, complaint(error)) from error
        if row.answers:
            found.append(
                ReadingExample(
                    id=row.example_id,
                    question=row.question_text,
                    paragraph=detokenize(row.paragraph_text, hyphens=True),
                    answers=row.answers,
                    document=row.title_text,
                    kinds=(row.kind,) if row.kind else (),
                )
            )
    return found
