"""The contract of the data forms: what a question with its paragraph is, whatever file it is from.

A form is a function from a file (plain or gzipped) to its examples in file order, ids distinct. It
raises `LecternError` naming the file and the line, row or place of whatever is malformed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evaluation.questions import Identifier

Decision = Literal["yes", "no", "maybe"]


class ReadingExample(BaseModel):
    """A question, a paragraph, and the gold answers, any one of which will do.

    Without `answers` the paragraph does not answer the question, and silence is right. `document`
    is what examples share that are not independent (an article, a story): intervals resample it.
    `kinds` group examples in the report. `decision` is the gold verdict of a yes/no question.
    """

    model_config = ConfigDict(frozen=True)

    id: Identifier
    question: str = Field(min_length=1)
    paragraph: str = Field(min_length=1)
    answers: tuple[str, ...]
    document: str
    kinds: tuple[str, ...] = ()
    decision: Decision | None = None


Loader = Callable[[Path], list[ReadingExample]]
