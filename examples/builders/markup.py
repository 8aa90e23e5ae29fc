"""Read the small markup of examples/source/ into a list of blocks.

A block is a heading (`#`, `##`, `###`), a bullet (`- `, two spaces deeper for a sub-bullet),
a table (`| a | b |`, the first row is the head), a diagram (`Group: a > b > c`), speaker notes
(`Notes: ...`) or a paragraph. Wrapped lines are joined. `**bold**` is inline; for DOCX
`{+inserted+}` and `{-deleted-}` are tracked changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["heading", "bullet", "table", "group", "notes", "para"]

_HEADING = re.compile(r"(#{1,3}) +(.+)")
_BULLET = re.compile(r"( *)- +(.+)")
_PREFIXED = re.compile(r"(Group|Notes): +(.+)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass
class Block:
    """One piece of a document; `rows` is used by tables only."""

    kind: Kind
    text: str = ""
    level: int = 0
    rows: list[list[str]] = field(default_factory=list)


def parse(source: str) -> list[Block]:
    """Return the blocks of a source text in order."""
    blocks: list[Block] = []
    joinable = False
    for line in source.splitlines():
        if not line.strip():
            joinable = False
        elif line.startswith("|"):
            _add_row(blocks, line, joinable)
            joinable = True
        elif (block := _start(line)) is not None:
            blocks.append(block)
            joinable = block.kind != "heading"
        elif joinable:
            blocks[-1].text += " " + line.strip()
        else:
            blocks.append(Block("para", line.strip()))
            joinable = True
    return blocks


def plain(text: str) -> str:
    """Drop the bold marks."""
    return _BOLD.sub(r"\1", text)


def bold_to_tags(text: str, tag: str) -> str:
    """Escape text for XML and turn `**x**` into an element."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _BOLD.sub(rf"<{tag}>\1</{tag}>", escaped)


def title_of(blocks: list[Block]) -> str:
    """Return the text of the first level 1 heading."""
    return next(b.text for b in blocks if b.kind == "heading" and b.level == 1)


def sections(blocks: list[Block], level: int) -> list[list[Block]]:
    """Split blocks before every heading of `level`; what precedes the first comes first."""
    parts: list[list[Block]] = [[]]
    for block in blocks:
        if block.kind == "heading" and block.level == level:
            parts.append([])
        parts[-1].append(block)
    return parts


def _start(line: str) -> Block | None:
    if match := _HEADING.fullmatch(line):
        return Block("heading", match[2], level=len(match[1]))
    if match := _BULLET.fullmatch(line):
        return Block("bullet", match[2], level=len(match[1]) // 2)
    if match := _PREFIXED.fullmatch(line):
        return Block("group" if match[1] == "Group" else "notes", match[2])
    return None


def _add_row(blocks: list[Block], line: str, joinable: bool) -> None:
    row = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if joinable and blocks[-1].kind == "table":
        blocks[-1].rows.append(row)
    else:
        blocks.append(Block("table", rows=[row]))
