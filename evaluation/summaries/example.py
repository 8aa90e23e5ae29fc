"""The contract of a data set of summaries: whoever loads one gives a `SummarySet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingestion.locator import Locator, Span
from ingestion.passage import Passage


@dataclass(frozen=True, slots=True)
class SummaryExample:
    """A text, and what its summary is measured against: references, key points, or both.

    `query` says what to summarize where that is not everything. Examples of one `cluster` (the
    queries of one meeting) are resampled together; "" is a cluster of its own. `passages` are the
    text in the product's form, where it was read from a document.
    """

    id: str
    text: str
    references: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    query: str = ""
    cluster: str = ""
    passages: tuple[Passage, ...] = ()

    def as_passages(self) -> Sequence[Passage]:
        """The text as the product's summarizer takes it: one passage where it was not read."""
        if self.passages:
            return self.passages
        spans = (Span(0, len(self.text), Locator.number("line", 1)),)
        return (Passage(1, "", self.id, "txt", "", (), self.text, spans),)


@dataclass(frozen=True, slots=True)
class SummarySet:
    """The examples of one data set and what goes for all of them.

    `max_words` is the length that summaries of this set have (of those nobody tests on), given to
    a summarizer that picks sentences; `turns` is true where a line of the text is a speaker's turn;
    `constant` is a sentence fit for any text of this kind, a floor for every measure; `data` maps
    the files' names to their SHA-256.
    """

    name: str
    examples: tuple[SummaryExample, ...]
    max_words: int
    data: Mapping[str, str]
    turns: bool = False
    constant: str = ""

    def first(self, limit: int | None) -> SummarySet:
        return replace(self, examples=self.examples[:limit])
