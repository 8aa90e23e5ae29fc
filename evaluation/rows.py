"""One JSON line per question, written as it is answered, so that a killed run can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import BaseModel

from chatbot.answering import Answer, locator_json
from evaluation.evidence import Retrieved
from evaluation.questions import Question, Unanswerable
from ingestion.errors import LecternError

Row = dict[str, Any]


def row_key(example: BaseModel, settings: Mapping[str, Any]) -> str:
    """Identity of a row: the example with all its fields, and the settings it was asked under."""
    said = json.dumps([example.model_dump(), settings], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def make_row(question: Unanswerable, answer: Answer, key: str) -> Row:
    """Everything the measures need, and what a person wants to read beside them."""
    said = answer.as_json()
    return {
        "id": question.id,
        "question": question.question,
        "gold": list(question.answers) if isinstance(question, Question) else [],
        "answer": answer.text,
        "span": answer.span,
        "reasoning": answer.reasoning,
        "abstained": answer.abstained,
        "confidence": said["confidence"],
        "retrieved": [
            {
                "source": passage.file,
                "locator": locator_json(passage.locator),
                "text": passage.text,
                "course": passage.course,
                "chunks": list(passage.ordinals),
                "score": round(passage.score, 6),
            }
            for passage in answer.passages
        ],
        "given": list(answer.given),
        "citations": said["citations"],
        "nearest": said["nearest"],
        "timings": said["timings"],
        "answerer": answer.answerer,
        "asked": answer.question,
        "key": key,
    }


def retrieved_of(row: Row) -> list[Retrieved]:
    """The retrieved texts of a row, best first."""
    return [
        Retrieved(
            item["course"], item["source"], min(item["chunks"]), max(item["chunks"]), item["text"]
        )
        for item in row["retrieved"]
    ]


class RowFile:
    """`R.rows.jsonl`: rows of earlier runs that still hold, and those added since.

    Opening keeps the rows whose key is in `wanted` and drops the rest, a line torn by a kill
    included. Used as a context manager; `add` is durable against a kill of the process.
    """

    def __init__(self, path: Path, wanted: Iterable[str]) -> None:
        self.path = path
        keys = set(wanted)
        self.rows = {row["key"]: row for row in _read(path) if row.get("key") in keys}

    def __enter__(self) -> RowFile:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_rows(self.path, self.rows.values())
        self._file = self.path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        self.rows[row["key"]] = row
        self._file.write(_line(row))
        self._file.flush()

    def rewrite(self, rows: Iterable[Row]) -> None:
        """Replace the file by these rows, in this order."""
        write_rows(self.path, rows)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, never half of it."""
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _read(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    *lines, _torn = path.read_bytes().split(b"\n")
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _not_rows(path, number) from error
        if not isinstance(row, dict):
            raise _not_rows(path, number)
        rows.append(row)
    return rows


def _not_rows(path: Path, number: int) -> LecternError:
    return LecternError(
        f"{path}, line {number} is not a row of an earlier run.",
        "Move that file away, or give another --out.",
    )


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write a file of rows, whole or not at all."""
    write_whole(path, "".join(map(_line, rows)))


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
