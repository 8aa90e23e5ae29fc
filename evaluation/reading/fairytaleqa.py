"""FairytaleQA (Xu et al. 2022): a section of a story and a question, answered by one or two people.

CSV files, lower-cased and cut into tokens. An answer may be in the reader's own words, so ROUGE-L
is the measure its authors report. `kinds` are the narrative element asked for, and whether the
answer stands in the text (explicit) or follows from it (implicit).
"""

from __future__ import annotations

import csv
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from evaluation.jsonl import malformed, read_lines
from evaluation.questions import complaint
from evaluation.reading.example import ReadingExample
from evaluation.reading.tokenized import detokenize, with_capitals


class _Row(BaseModel):
    story_name: str = Field(min_length=1)
    content: str = Field(min_length=1)
    question: str = Field(min_length=1)
    answer1: str = Field(min_length=1)
    answer2: str | None = None
    attribute: str = ""
    ex_or_im: str = ""


def load_fairytaleqa(path: Path) -> list[ReadingExample]:
    """All rows in file order; an id is the story's name and the row's number in the file."""
    rows = csv.DictReader((f"{line}\n" for _, line in read_lines(path)), strict=True)
    found = []
    try:
        for number, fields in enumerate(rows, start=1):
            try:
                row = _Row.model_validate(fields)
            except ValidationError as error:
                raise malformed(path, rows.line_num, complaint(error)) from error
            answers = (answer for answer in (row.answer1, row.answer2 or "") if answer.strip())
            found.append(
                ReadingExample(
                    id=f"{row.story_name}-{number}",
                    question=detokenize(row.question, hyphens=True),
                    paragraph=with_capitals(detokenize(row.content, hyphens=True)),
                    answers=tuple(detokenize(answer, hyphens=True) for answer in answers),
                    document=row.story_name,
                    kinds=tuple(kind for kind in (row.attribute, row.ex_or_im) if kind),
                )
            )
    except csv.Error as error:
        raise malformed(path, rows.reader.line_num, f"not CSV: {error}") from error
    return found
