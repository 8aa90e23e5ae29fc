"""Plain text and reStructuredText: a block per paragraph with its lines, underlined headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ingestion.errors import UnreadableDocument
from ingestion.locator import Locator
from ingestion.readers.base import Document
from ingestion.readers.encoding import decode_file
from ingestion.readers.outline import Outline

_UNDERLINE = re.compile(r"^([=\-~^\"'#*+.:_`])\1{2,}\s*$")
_ITEM = re.compile(r"^\s*(?:[-*•+–]|\d{1,3}[.)]|[a-z][.)])\s+")
_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’)\]]*\s*$")
_CAPITALS = re.compile(r"(?:\d{1,2}[.)]\s+)?(?=.*[A-Z]{3})[^a-z]{5,80}")
_LONG = 20
"""Lines after which a paragraph may be parted, so that a locator stays something to look up."""


class TextReader:
    """Wrapped lines are joined; list items, short lines and indented lines stay on their own."""

    format = "text"
    suffixes = (".txt", ".text", ".rst")

    def read(self, path: Path) -> Document:
        lines = decode_file(path).split("\n")
        outline, levels = Outline(), dict[str, int]()
        for first, last in _paragraphs(lines):
            while (title := _heading_at(lines, first, last)) is not None:
                mark, text, used = title
                outline.place = Locator.number("line", first + 1)
                outline.heading(levels.setdefault(mark, len(levels) + 1), text)
                first += used
            if first < last:
                outline.place = Locator.number("line", first + 1, last)
                outline.add(_joined(lines[first:last]))
        if not outline.blocks:
            raise UnreadableDocument(f"{path.name} holds no words.", "Remove it, or fill it in.")
        top = outline.blocks[0]
        return Document(top.text if top.kind == "heading" else path.stem, outline.blocks)


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Runs of lines that are not blank, as `range` bounds; long ones parted at sentence ends."""
    start: int | None = None
    for number, line in enumerate(lines):
        if not line.strip():
            if start is not None:
                yield start, number
            start = None
        elif start is None:
            start = number
        elif number - start >= _LONG and (
            _SENTENCE_END.search(lines[number - 1]) or number - start >= 3 * _LONG
        ):
            yield start, number
            start = number
    if start is not None:
        yield start, len(lines)


def _heading_at(lines: list[str], first: int, last: int) -> tuple[str, str, int] | None:
    """(mark, text, lines used) of a title underlined in its length, or in capitals on its own."""
    if first < last and (last - first == 1 or first == 0) and _CAPITALS.fullmatch(lines[first]):
        return "A", lines[first], 1
    over = _UNDERLINE.match(lines[first]) if last - first >= 3 else None
    at = first + 1 if over else first
    if last - at < 2:
        return None
    text, under = lines[at].strip(), _UNDERLINE.match(lines[at + 1])
    if not under or len(lines[at + 1].strip()) < 0.8 * len(text) or _UNDERLINE.match(text):
        return None
    return (over[1] if over else "") + under[1], text, at + 2 - first


def _joined(lines: list[str]) -> str:
    longest = max(map(len, lines))
    text = lines[0].strip()
    for before, line in pairwise(lines):
        wrapped = len(before) > 0.6 * longest and len(before) > 30
        wrapped = wrapped and not _ITEM.match(line) and not line.startswith(("\t", "    "))
        text += (" " if wrapped else "\n") + line.strip()
    return text
