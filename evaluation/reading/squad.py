"""SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, 2018): one JSON file of articles and paragraphs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from evaluation.jsonl import read_lines
from evaluation.questions import Identifier, complaint
from evaluation.reading.example import ReadingExample
from ingestion.errors import LecternError

ANSWERABLE, IMPOSSIBLE = "answerable", "impossible"

Text = Annotated[
    str, BeforeValidator(lambda value: value.strip() if isinstance(value, str) else value)
]


class Span(BaseModel):
    """An answer and where it begins in its paragraph, in characters."""

    text: str
    answer_start: int


class Asked(BaseModel):
    """A question; an impossible one may name a span that looks like its answer."""

    id: Identifier
    question: Text = Field(min_length=1)
    answers: tuple[Span, ...]
    plausible_answers: tuple[Span, ...] = ()
    is_impossible: bool = False

    @model_validator(mode="after")
    def _has_answers_or_none(self) -> Asked:
        if self.is_impossible and self.answers:
            raise ValueError("impossible, yet it has answers")
        if not self.is_impossible and not self.answers:
            raise ValueError("no answers: a test file whose answers are withheld?")
        return self


class Paragraph(BaseModel):
    context: str = Field(min_length=1)
    qas: tuple[Asked, ...]


class Article(BaseModel):
    title: str
    paragraphs: tuple[Paragraph, ...]


class SquadFile(BaseModel):
    data: tuple[Article, ...]


def read_squad(path: Path) -> SquadFile:
    """The whole file. Raises `LecternError` naming the place of what is not in SQuAD's form."""
    content = "\n".join(line for _, line in read_lines(path))
    try:
        return SquadFile.model_validate_json(content)
    except ValidationError as error:
        raise LecternError(
            f"{path} is not a SQuAD file ({complaint(error)}).",
            "Give a file such as dev-v1.1.json or dev-v2.0.json, plain or gzipped.",
        ) from error


def load_squad(path: Path) -> list[ReadingExample]:
    """All questions in file order, the impossible ones of SQuAD 2 among them."""
    return [
        ReadingExample(
            id=asked.id,
            question=asked.question,
            paragraph=paragraph.context,
            answers=tuple(answer.text for answer in asked.answers),
            document=article.title,
            kinds=(IMPOSSIBLE if asked.is_impossible else ANSWERABLE,),
        )
        for article in read_squad(path).data
        for paragraph in article.paragraphs
        for asked in paragraph.qas
    ]
