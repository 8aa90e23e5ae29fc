"""Chunks: never beyond the window, verbatim, along the structure, with exact places."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stub_encoder import StubEncoder

from ingestion.chunking import chunk_document
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.locator import Locator
from ingestion.readers.base import Block, Document
from ingestion.sentences import sentences


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    return load_encoder()


def section(*trail: str) -> Locator:
    return Locator.heading(trail)


def prose(heading: str, *paragraphs: str) -> list[Block]:
    trail = ("Course", heading)
    blocks = [Block(heading, section(*trail), "heading", trail)]
    return blocks + [Block(p, section(*trail), "text", trail) for p in paragraphs]


def words(count: int, stem: str = "word") -> str:
    return " ".join(f"{stem}{n}" for n in range(count)) + "."


texts = st.text(
    st.one_of(st.sampled_from(" .\n"), st.characters(codec="utf-8", exclude_categories=["Cs"])),
    max_size=600,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(texts, min_size=1, max_size=4), st.text("ab ", max_size=40), st.integers(48, 300))
def test_no_chunk_is_longer_than_limit_or_window(
    minilm: Encoder, paragraphs: list[str], title: str, limit: int
) -> None:
    document = Document(title, prose("A heading", *paragraphs))
    for chunk in chunk_document(document, minilm, limit):
        assert minilm.count_tokens([chunk.embedded_text])[0] <= min(limit, minilm.window)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab. \n", min_size=1, max_size=400), min_size=1, max_size=5))
def test_nothing_is_lost_and_spans_cover_the_text(paragraphs: list[str]) -> None:
    document = Document("T", prose("H", *paragraphs))
    chunks = chunk_document(document, StubEncoder(), 64)
    wanted = "".join("".join(b.text.split()) for b in document.blocks)
    assert "".join("".join(c.text.split()) for c in chunks) == wanted
    for chunk in chunks:
        covered = "".join(chunk.text[s.start : s.end] for s in chunk.spans)
        assert "".join(covered.split()) == "".join(chunk.text.split())


def test_sentences_are_not_cut_where_they_fit() -> None:
    paragraph = " ".join(f"Sentence {n} says {words(9, 's')}".capitalize() for n in range(20))
    chunks = chunk_document(Document("T", prose("H", paragraph)), StubEncoder(), 64)
    assert len(chunks) > 2
    whole = set(sentences(paragraph))
    assert all(s in whole for chunk in chunks for s in sentences(chunk.text) if s != "H")


def test_a_large_section_is_split_into_parts_of_about_equal_size() -> None:
    paragraphs = [words(18, f"p{n}x") for n in range(8)]
    chunks = chunk_document(Document("T", prose("H", *paragraphs)), StubEncoder(), 64)
    sizes = [len(chunk.text.split()) for chunk in chunks]
    assert max(sizes) - min(sizes) <= 20


def test_large_sections_stay_apart_and_small_ones_join() -> None:
    encoder = StubEncoder(window=512)
    large = prose("One", words(150)) + prose("Two", words(150, "other"))
    assert len(chunk_document(Document("T", large), encoder, 256)) == 2
    small = prose("One", words(10)) + prose("Two", words(10, "other"))
    (joined,) = chunk_document(Document("T", small), encoder, 256)
    assert joined.headings == ("Course",)
    assert [span.locator.label for span in joined.spans] == ["Course › One", "Course › Two"]


def test_title_and_headings_are_embedded_but_not_shown() -> None:
    encoder = StubEncoder(window=512)
    blocks = prose("LoRA", *(words(60, f"p{n}x") for n in range(6)))
    first, second, *_ = chunk_document(Document("Week 2", blocks), encoder, 200)
    assert first.text.startswith("LoRA\n")
    assert first.context == "Week 2 › Course", "the text itself begins with the heading"
    assert second.context == "Week 2 › Course › LoRA"
    assert second.embedded_text == f"{second.context}\n{second.text}"
    assert not second.text.startswith("Week 2")


def test_an_endless_word_is_cut_to_fit() -> None:
    encoder = load_encoder()
    chunks = chunk_document(Document("", prose("H", "x9" * 3000)), encoder, 128)
    assert max(encoder.count_tokens([c.embedded_text for c in chunks])) <= 128
    assert "".join(c.text for c in chunks).replace("\n", "").endswith("x9" * 20)


def test_pages_keep_their_numbers_when_short_ones_join() -> None:
    blocks = [
        Block(f"Slide {n} says something short", Locator.number("page", n)) for n in range(1, 4)
    ]
    (joined,) = chunk_document(Document("Deck", blocks, paged=True), StubEncoder(window=512), 256)
    assert [span.locator.label for span in joined.spans] == ["page 1", "page 2", "page 3"]


def test_a_document_without_words_has_no_chunks() -> None:
    assert chunk_document(Document("T", [Block("  \n", section())]), StubEncoder(), 64) == []


def test_without_the_heading_trail_the_text_alone_is_embedded() -> None:
    document = Document("Week 2", prose("Decoding", words(30), words(30)))
    with_trail = chunk_document(document, StubEncoder(), 64)
    without = chunk_document(document, StubEncoder(), 64, heading_trail=False)
    assert all(chunk.embedded_text.startswith("Week 2") for chunk in with_trail)
    assert all(chunk.embedded_text == chunk.text for chunk in without)
    assert without[0].headings == ("Course", "Decoding"), "the headings are known all the same"
