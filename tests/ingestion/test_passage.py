"""Chunks and passages: what is embedded, and the place of any part of a text."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingestion.locator import Locator, Span
from ingestion.passage import Chunk, Passage

PAGES = [Locator.number("page", n) for n in range(1, 6)]
TEXT = "0123456789" * 5
SPANS = tuple(Span(10 * n, 10 * n + 10, page) for n, page in enumerate(PAGES))
PASSAGE = Passage(1, "course", "a.pdf", "pdf", "A", (), TEXT, SPANS)


@given(st.integers(0, 49), st.integers(1, 50))
def test_the_place_of_a_part_is_the_pages_it_touches(start: int, length: int) -> None:
    end = min(start + length, 50)
    expected = (start // 10 + 1, (end - 1) // 10 + 1)
    assert PASSAGE.locator_of(start, end).bounds == expected


def test_a_part_that_no_span_holds_has_the_place_of_the_whole() -> None:
    gap = replace(PASSAGE, spans=(SPANS[0], SPANS[2]))
    assert gap.locator_of(10, 20) == gap.locator == Locator.number("page", 1, 3)
    assert PASSAGE.locator_of(50, 50) == PASSAGE.locator


def test_a_place_ends_before_the_character_at_its_end() -> None:
    assert PASSAGE.locator_of(0, 10) == PAGES[0]
    assert PASSAGE.locator_of(9, 11) == PAGES[0].to(PAGES[1])


def test_the_context_is_embedded_before_the_text_and_is_part_of_its_identity() -> None:
    bare = Chunk("Text.", (), SPANS[:1])
    under = Chunk("Text.", (), SPANS[:1], context="Title")
    assert bare.embedded_text == "Text."
    assert under.embedded_text == "Title\nText."
    assert bare.hash != under.hash
    assert under.hash == replace(under, spans=SPANS[1:2], headings=("Title",)).hash


def test_ordinals_of_one_chunk_and_of_several() -> None:
    assert replace(PASSAGE, ordinal=4).ordinals == (4, 4)
    assert replace(PASSAGE, ordinal=4, last_ordinal=6).ordinals == (4, 6)
