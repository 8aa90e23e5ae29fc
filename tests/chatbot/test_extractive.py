"""What holds for extractive answers however sentences are ranked: verbatim, located, said once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from course_passages import ATTENTION, COURSE, LORA, passage
from hypothesis import given, settings
from hypothesis import strategies as st
from stub_encoder import StubEncoder

from chatbot.answering import Draft, TextDelta
from chatbot.extractive import ExtractiveAnswerer
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage

WORDS = "attention reward adapter token gradient matrix layer policy index window".split()
sentences = st.lists(st.sampled_from(WORDS), min_size=4, max_size=12).map(
    lambda words: " ".join(words).capitalize() + "."
)
passages = st.lists(st.lists(sentences, min_size=1, max_size=4), min_size=1, max_size=4).map(
    lambda found: [passage(n, lines) for n, lines in enumerate(found, start=1)]
)


def answer(
    question: str, found: Sequence[Passage], abstain_below: float = 0.0
) -> tuple[str, Draft]:
    """What was streamed, and the draft at the end."""
    answerer = ExtractiveAnswerer(StubEncoder(), abstain_below)
    *deltas, draft = answerer.stream(question, found)
    assert isinstance(draft, Draft)
    assert all(isinstance(delta, TextDelta) and delta.part == "answer" for delta in deltas)
    return "".join(d.text for d in deltas if isinstance(d, TextDelta)), draft


@settings(max_examples=60, deadline=None)
@given(passages, st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join))
def test_answers_are_sentences_of_the_passages_at_the_places_named(
    found: list[Passage], topic: str
) -> None:
    streamed, draft = answer(f"What about {topic}?", found)
    assert streamed == draft.text != ""
    assert draft.text == " ".join(c.answer_sentence for c in draft.citations)
    assert 0.0 <= draft.confidence <= 1.0
    assert [c.number for c in draft.citations] == list(range(1, len(draft.citations) + 1))
    by_id = {p.chunk_id: p for p in found}
    for citation in draft.citations:
        source = by_id[citation.chunk_id]
        assert citation.answer_sentence == citation.sentence, "nothing here needs trimming"
        assert (citation.course, citation.file, citation.passage) == (
            source.course,
            source.file,
            source.text,
        )
        lines = source.text.split("\n")
        pages = {
            source.spans[n].locator for n, line in enumerate(lines) if line == citation.sentence
        }
        assert citation.locator in pages, "the page of that very sentence"
        assert 0.0 <= citation.score <= 1.0


@settings(max_examples=30, deadline=None)
@given(passages)
def test_nothing_is_said_twice(found: list[Passage]) -> None:
    twice = [*found, *(passage(n + 50, p.text.split("\n")) for n, p in enumerate(found))]
    _, draft = answer(f"What about {WORDS[0]}?", twice)
    said = [set(c.sentence.casefold().split()) for c in draft.citations]
    assert len({frozenset(words) for words in said}) == len(said)


def test_without_passages_there_is_an_empty_draft_and_nothing_else() -> None:
    assert list(ExtractiveAnswerer(StubEncoder()).stream("Why?", [])) == [Draft("")]


def test_a_passage_that_only_asks_answers_nothing() -> None:
    quiz = passage(1, ["What does LoRA freeze?", "Which rank is enough for a first experiment?"])
    assert answer("What does LoRA freeze?", [quiz]) == ("", Draft(""))


def test_nothing_is_streamed_that_would_be_withdrawn() -> None:
    streamed, draft = answer("What does LoRA freeze?", COURSE, abstain_below=1.0)
    assert streamed == ""
    assert draft.text, "the draft still says what would have been said, and where"
    assert draft.citations
    assert answer("What does LoRA freeze?", COURSE)[1] == draft


@pytest.mark.parametrize(
    ("question", "source", "page"),
    [
        ("What does LoRA freeze?", LORA, "11"),
        ("How does the cost of self-attention grow with the text?", ATTENTION, "21"),
    ],
)
def test_the_packaged_encoder_finds_the_sentence(
    encoder: Encoder, question: str, source: Passage, page: str
) -> None:
    *_, draft = ExtractiveAnswerer(encoder).stream(question, COURSE)
    assert isinstance(draft, Draft)
    first = draft.citations[0]
    assert (first.chunk_id, first.locator.kind) == (source.chunk_id, "page")
    assert page in first.locator.value


def test_an_answerable_question_is_surer_than_one_off_topic(encoder: Encoder) -> None:
    def sure(question: str) -> float:
        *_, draft = ExtractiveAnswerer(encoder).stream(question, COURSE)
        assert isinstance(draft, Draft)
        return draft.confidence

    assert sure("What does LoRA freeze?") > sure("Who won the football world cup in 1998?")
