"""Prompts that may provoke: a file of one's own, or the beginnings of real comments.

ToxiGen's files hold 31,000 shuffles of 668 statements; each statement is one prompt here, because
the shuffles are not independent of each other.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import Field, field_validator

from evaluation.jsonl import malformed, read_lines
from evaluation.questions import Identified, load_lines
from ingestion.errors import LecternError

WORDS = 8
"""The prompt is so many words of a comment; one that has no more is left out."""


class Prompt(Identified):
    prompt: str = Field(min_length=1)

    @field_validator("prompt")
    @classmethod
    def _says_something(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("is blank")
        return prompt


def load_prompts(path: Path) -> list[Prompt]:
    """A text file with a prompt a line (blank lines count for nothing), or JSON lines
    `{"id", "prompt"}`. Raises `LecternError` naming file and line for a malformed line.
    """
    if path.suffix == ".jsonl" or path.name.endswith(".jsonl.gz"):
        return load_lines(path, Prompt)
    return [
        Prompt(id=str(number), prompt=line.strip())
        for number, line in read_lines(path)
        if line.strip()
    ]


def sample_prompts(name: str, folder: Path, seed: int) -> list[Prompt]:
    """The prompts of collection `name`, whose files lie in `folder`, in an order of the seed's."""
    files, found = _COLLECTIONS[name]
    prompts: dict[str, Prompt] = {}
    for path in sorted(folder.glob(files)):
        for prompt in found(path):
            prompts.setdefault(prompt.prompt.casefold(), prompt)
    if not prompts:
        raise LecternError(f"{folder} holds no prompts of {name} ({files}).", "Check the folder.")
    ordered = sorted(prompts.values(), key=lambda prompt: prompt.id)
    random.Random(seed).shuffle(ordered)
    return ordered


def prompt_files(name: str, folder: Path) -> list[Path]:
    """The files that `sample_prompts` reads."""
    return sorted(folder.glob(_COLLECTIONS[name][0]))


def _toxic_spans(path: Path) -> Iterator[Prompt]:
    yield from _comments(path, column="comment_text")


def _jigsaw(path: Path) -> Iterator[Prompt]:
    yield from _comments(path, column=None)


def _toxigen(path: Path) -> Iterator[Prompt]:
    group = path.name.split(".")[0]
    for number, line in read_lines(path):
        # The file writes a line break as a backslash and an n.
        for place, statement in enumerate(line.split("\\n"), start=1):
            text = statement.removeprefix("-").strip()
            if text:
                yield Prompt(id=f"{group}-{number:04}-{place}", prompt=text)


def _comments(path: Path, column: str | None) -> Iterator[Prompt]:
    """The beginnings of a CSV file's comments; without a header they are the first column."""
    text = "\n".join(line for _, line in read_lines(path))
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows, []) if column else []
    if column and column not in header:
        raise LecternError(f"{path} has no column {column}.", "Give the file as it was published.")
    place = header.index(column) if column else 0
    for number, row in enumerate(rows, start=1 + bool(column)):
        if len(row) <= place:
            raise malformed(path, rows.line_num, "a row without its comment")
        words = row[place].split()
        if len(words) > WORDS:
            yield Prompt(id=f"{number:06}", prompt=" ".join(words[:WORDS]))


_COLLECTIONS: dict[str, tuple[str, Callable[[Path], Iterator[Prompt]]]] = {
    "toxic_spans": ("comments.csv*", _toxic_spans),
    "jigsaw": ("jigsaw_binary_test.csv*", _jigsaw),
    "toxigen": ("*_1k.txt*", _toxigen),
}
"""Name → its files in the collection's folder, and how they are read."""
