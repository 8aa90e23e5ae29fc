"""The reader contract: a file in, blocks of verbatim text out, each with a place to follow.

A reader
* takes a path to one local file and never touches the network or another file;
* returns a `Document` whose blocks stand in reading order; `Block.text` is the document's own text
  (whitespace may be tidied, words are never added, translated or reordered);
* gives every block a `Locator` and the trail of headings above it, outermost first. A heading is a
  block of its own (`kind="heading"`), and its own trail *includes* it;
* raises `UnreadableDocument(what, remedy)` when the file holds no usable text; whatever else goes
  wrong inside a parser is caught by the sandbox that runs it and reported by file name;
* lists what it had to leave out (pages without text, unsupported parts) in `Document.warnings`.

One file per format; `ingestion.readers.registry` maps file suffixes to readers. Parsing libraries
are imported inside `read`, so that only the worker that needs one pays for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from ingestion.locator import Locator

BlockKind = Literal["heading", "text", "list", "table", "code", "notes"]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table, code cell… with its place.

    A table's text has one line per row and cells joined by ` | `. A list item keeps no bullet.
    """

    text: str
    locator: Locator
    kind: BlockKind = "text"
    headings: tuple[str, ...] = ()


@dataclass(slots=True)
class Document:
    """What a reader found: a title for people, blocks in reading order, and what was left out.

    `paged` is true where each page or slide is a unit of its own (PDF, PPTX): chunking then treats
    near-repeats of a page ("builds") and very short pages as slides.
    """

    title: str
    blocks: list[Block]
    paged: bool = False
    warnings: list[str] = field(default_factory=list)


class Reader(Protocol):
    """See the module docstring for the contract."""

    format: str
    suffixes: tuple[str, ...]

    def read(self, path: Path) -> Document:
        """Parse `path`. Raises `UnreadableDocument` where there is no usable text."""
        ...
