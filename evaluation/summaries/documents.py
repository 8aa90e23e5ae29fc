"""Whole documents, or a section of one, against key points that a person wrote from reading them.

The documents are read and cut as the product does it. Key points are JSON lines
`{"id", "document", "section"?, "pages"?, "points": […]}`: `document` is a path below the folder of
documents, `section` a part of a heading, `pages` a range such as `110-151`.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from evaluation.jsonl import malformed, sha256_of
from evaluation.questions import Identified, Texts, numbered_lines
from evaluation.summaries.example import SummaryExample, SummarySet
from ingestion.chunking import chunk_document
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError, UnreadableDocument
from ingestion.passage import Passage
from ingestion.readers.base import Block
from ingestion.readers.registry import read_document
from ingestion.settings import IngestionSettings

MAX_WORDS = 150
"""As in the product."""


class KeyPoints(Identified):
    document: str = Field(min_length=1)
    points: Texts = Field(min_length=1)
    section: str = ""
    pages: str = Field("", pattern=r"^(\d+-\d+)?$")


def load(folder: Path, key_points: Path, encoder: Encoder) -> SummarySet:
    """The documents below `folder` that `key_points` (a file, or a folder of `*.jsonl`) names.

    Raises `LecternError` naming file and line where a line is malformed or its document, section
    or pages are not there.
    """
    files = sorted(key_points.glob("*.jsonl")) if key_points.is_dir() else [key_points]
    if not files:
        raise LecternError(f"{key_points} holds no .jsonl file.", "Give the key points.")
    tokens = IngestionSettings.load().chunk_tokens
    examples: dict[str, SummaryExample] = {}
    data = {}
    for file in files:
        data[file.name] = sha256_of(file)
        for number, line in numbered_lines(file, KeyPoints):
            path = folder / line.document
            try:
                passages = _passages(path, line, encoder, tokens)
            except UnreadableDocument as error:
                raise malformed(file, number, f"{line.document}: {error.what}") from error
            if not passages:
                raise malformed(file, number, f"{line.document} has no such section or pages")
            if line.id in examples:
                raise malformed(file, number, f"the id {line.id!r} is already used")
            data[line.document] = sha256_of(path)
            text = "\n".join(passage.text for passage in passages)
            examples[line.id] = SummaryExample(
                line.id, text, points=line.points, passages=tuple(passages)
            )
    return SummarySet("documents", tuple(examples.values()), MAX_WORDS, data)


def _passages(path: Path, line: KeyPoints, encoder: Encoder, tokens: int) -> list[Passage]:
    document = read_document(path)
    document.blocks = [block for block in document.blocks if _within(block, line)]
    return [
        Passage(
            chunk_id=number,
            course="",
            file=line.document,
            format=path.suffix.lstrip("."),
            title=document.title,
            headings=chunk.headings,
            text=chunk.text,
            spans=chunk.spans,
            ordinal=number,
        )
        for number, chunk in enumerate(chunk_document(document, encoder, tokens), start=1)
    ]


def _within(block: Block, line: KeyPoints) -> bool:
    """Whether a block stands under the section and on the pages that the line names."""
    if line.section and not any(
        line.section.casefold() in heading.casefold() for heading in block.headings
    ):
        return False
    if not line.pages:
        return True
    first, last = map(int, line.pages.split("-"))
    place = block.locator.bounds
    return place is not None and first <= place[0] and place[1] <= last
