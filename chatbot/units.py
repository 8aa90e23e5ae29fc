"""What an extractive answer is made of: sentences, and on slides runs of short lines.

A slide says things in labels and bullets rather than sentences. Neighbouring lines that are no
sentences form one unit of up to `RUN` words; a short line above a sentence leads it: it is read
with the sentence when units are compared with a question, and left out of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.passage import Passage
from ingestion.sentences import split_sentences

RUN = 25
"""Words at which a run of short lines ends."""

_FRAGMENT = 9
"""A line of fewer words without a full stop is no sentence."""

_SHORTEST = 4
"""Words; anything shorter says nothing by itself."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Characters `start:end` of a passage's text; `lead` is the short line above them, if any."""

    passage: Passage
    start: int
    end: int
    lead: str = ""

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def read_with(self) -> str:
        """What is compared with a question: the unit under its lead, or else its heading."""
        heading = self.lead or (self.passage.headings[-1] if self.passage.headings else "")
        return f"{heading}\n{self.text}" if heading and heading not in self.text else self.text


def units(passage: Passage) -> Iterator[Unit]:
    """The units of a passage in reading order; they do not overlap."""
    run: list[tuple[int, int]] = []
    for start, end in split_sentences(passage.text):
        if _is_fragment(passage.text[start:end]):
            if run and not _joins(passage, run, start, end):
                yield from _close(passage, run)
                run = []
            run.append((start, end))
            continue
        lead = passage.text[slice(*run[-1])] if run else ""
        yield from _close(passage, run[:-1])
        run = []
        if len(passage.text[start:end].split()) >= _SHORTEST:
            yield Unit(passage, start, end, lead)
    yield from _close(passage, run)


def _close(passage: Passage, run: list[tuple[int, int]]) -> Iterator[Unit]:
    if run and len(passage.text[run[0][0] : run[-1][1]].split()) >= _SHORTEST:
        yield Unit(passage, run[0][0], run[-1][1])


def _is_fragment(text: str) -> bool:
    return len(text.split()) < _FRAGMENT and not text.rstrip("\"'”’)").endswith((".", "!", "?"))


def _joins(passage: Passage, run: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a line continues the run: still short together, and on the same page."""
    words = len(passage.text[run[0][0] : end].split())
    first = passage.locator_of(*run[0]).bounds
    here = passage.locator_of(start, end).bounds
    same_page = first is None or here is None or (first[0] <= here[1] and here[0] <= first[1])
    return words <= RUN and same_page
