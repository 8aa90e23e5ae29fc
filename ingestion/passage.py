"""The nouns shared by everything above the readers: a chunk as indexed, a passage as retrieved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from ingestion.locator import Locator, Span


@dataclass(frozen=True)
class Chunk:
    """A stretch of one document, no longer than the encoder's window, with the place of every part.

    `text` is verbatim document text. `spans` cover it in order: characters `start:end` → locator.
    `context` is what is embedded before the text and never shown as part of it: the title and the
    heading trail, as far as the text itself does not begin with it.
    """

    text: str
    headings: tuple[str, ...]
    spans: tuple[Span, ...]
    context: str = ""

    @property
    def embedded_text(self) -> str:
        return f"{self.context}\n{self.text}" if self.context else self.text

    @cached_property
    def hash(self) -> str:
        """Identity of what is embedded: equal hashes have equal vectors."""
        return hashlib.sha256(self.embedded_text.encode()).hexdigest()


@dataclass(frozen=True)
class Passage:
    """A retrieved chunk (or several neighbouring ones joined), best first in any list of them.

    `file` is the path relative to the ingested root, with `/`; `score` is the ranking score, larger
    is better; `scores` holds the parts it was made of (`lexical`, `dense`, `rerank`: raw values)
    and what else the search says of it (`chatbot/retrieval/hybrid.py`).
    `ordinal` is the number within its file of the first chunk that `text` holds, `last_ordinal` of
    the last one (None: it holds one chunk). `file_id` is the catalog's: paths repeat among roots.
    """

    chunk_id: int
    course: str
    file: str
    format: str
    title: str
    headings: tuple[str, ...]
    text: str
    spans: tuple[Span, ...]
    score: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    ordinal: int = 0
    last_ordinal: int | None = None
    file_id: int = 0

    @property
    def ordinals(self) -> tuple[int, int]:
        """First and last chunk (inclusive), numbered within the file."""
        last = self.ordinal if self.last_ordinal is None else self.last_ordinal
        return self.ordinal, last

    @property
    def locator(self) -> Locator:
        """The place of the whole passage, a range where it spans several."""
        place = self.spans[0].locator
        for span in self.spans[1:]:
            place = place.to(span.locator)
        return place

    def locator_of(self, start: int, end: int) -> Locator:
        """The place of characters `start:end` of the text, as exact as the reader gave it."""
        inside = [s.locator for s in self.spans if s.start < end and s.end > start]
        if not inside:
            return self.locator
        place = inside[0]
        for locator in inside[1:]:
            place = place.to(locator)
        return place
