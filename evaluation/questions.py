"""Question files: JSON lines with gold answers, sources, evidence; and lines without an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from chatbot.answering import Turn
from evaluation.jsonl import malformed, read_objects
from evaluation.normalize import letters_and_digits, normalize_answer
from ingestion.errors import LecternError


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Identifier = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One string or a list of them; where several are given, all are needed."""


class Identified(BaseModel):
    """A line of a file whose lines are told apart by `id`. Extra fields stay."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: Identifier


class Unanswerable(Identified):
    """A question the documents do not answer: silence is the right reply."""

    question: str = Field(min_length=1)
    history: tuple[Turn, ...] = ()

    @field_validator("question")
    @classmethod
    def _says_something(cls, question: str) -> str:
        if not question.strip():
            raise ValueError("is blank")
        return question


class Question(Unanswerable):
    """A question with its gold answers (any one will do), source files and evidence (all needed).

    `source` and `evidence` may be left out: the measures that need them then skip the question.
    `course` narrows where a source is looked up; `kind` groups questions in the report.
    """

    answers: Texts = Field(min_length=1)
    source: Texts = ()
    evidence: Texts = ()
    course: str = ""
    kind: str = ""

    @field_validator("answers")
    @classmethod
    def _answers_hold_tokens(cls, answers: tuple[str, ...]) -> tuple[str, ...]:
        if not any(map(normalize_answer, answers)):
            raise ValueError("hold nothing but punctuation and articles")
        return answers

    @field_validator("evidence")
    @classmethod
    def _evidence_can_be_found(cls, evidence: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(letters_and_digits, evidence)):
            raise ValueError("holds no letters or digits")
        return evidence


Line = TypeVar("Line", bound=Identified)


def load_questions(path: Path, limit: int | None = None) -> list[Question]:
    """Answerable questions in file order, at most `limit` of them.

    Raises `LecternError` naming file and line for a malformed line or an id used twice.
    """
    return load_lines(path, Question, limit)


def load_unanswerable(path: Path, limit: int | None = None) -> list[Unanswerable]:
    """Unanswerable questions in file order; errors as in `load_questions`."""
    return load_lines(path, Unanswerable, limit)


def load_both(
    answerable: Path, unanswerable: Path | None, limit: int | None = None
) -> tuple[list[Question], list[Unanswerable]]:
    """The questions of a run, at most `limit` of each kind; errors as in `load_questions`, and one
    where there is none at all.
    """
    asked = load_questions(answerable, limit)
    hopeless = load_unanswerable(unanswerable, limit) if unanswerable else []
    if not asked and not hopeless:
        raise LecternError(f"{answerable} holds no questions.", "Give a file with some.")
    return asked, hopeless


def load_lines(path: Path, model: type[Line], limit: int | None = None) -> list[Line]:
    """Lines of one kind in file order, at most `limit` of them; errors as in `load_questions`.

    The whole file is checked even under a limit, so that a bad line is never found late.
    """
    return [line for _, line in numbered_lines(path, model)][:limit]


def numbered_lines(path: Path, model: type[Line]) -> list[tuple[int, Line]]:
    """The same, all of them, each with its number in the file."""
    found: list[tuple[int, Line]] = []
    lines: dict[str, int] = {}
    for number, fields in read_objects(path):
        try:
            line = model.model_validate(fields)
        except ValidationError as error:
            raise malformed(path, number, complaint(error)) from error
        if line.id in lines:
            raise malformed(
                path, number, f"the id {line.id!r} is already that of line {lines[line.id]}"
            )
        lines[line.id] = number
        found.append((number, line))
    return found


def complaint(error: ValidationError) -> str:
    """The first complaint in one line: `answers: Field required`."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def shared_ids(questions: Sequence[Question], unanswerable: Sequence[Unanswerable]) -> list[str]:
    """Ids that stand in both files: rows are told apart by id, so there must be none."""
    return sorted({q.id for q in questions} & {u.id for u in unanswerable})


def check_ids(questions: Sequence[Question], unanswerable: Sequence[Unanswerable]) -> None:
    """Raises `LecternError` when an id stands in both."""
    both = shared_ids(questions, unanswerable)
    if both:
        raise LecternError(
            f"The id {both[0]!r} stands among the questions and among the unanswerable ones.",
            "Give each question an id of its own.",
        )
