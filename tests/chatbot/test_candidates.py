"""Sentences ranked with a reader: its spans compete across passages and mark what answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from course_passages import ATTENTION, COURSE, LORA, passage
from stub_encoder import StubEncoder

from chatbot.answering import Draft, TextDelta
from chatbot.candidates import READ_PASSAGES, SHORTLIST, Candidate, Ranker
from chatbot.confidence import PICKED, READ, Evidence, ReadEvidence, calibration_of, confidence
from chatbot.extractive import ExtractiveAnswerer
from chatbot.reading.spans import Part, Span

QUESTION = "How many patterns does a model learn?"


class Seeker:
    """A reader that looks for words: sure of the parts that hold them, and of no other."""

    signature = "seeker"

    def __init__(self, *words: str) -> None:
        self.words = words
        self.read: list[str] = []

    def within(
        self, question: str, passages: Sequence[str], parts: Sequence[Sequence[Part]]
    ) -> list[list[Span | None]]:
        self.read += passages
        return [
            [self._span(number, text, *part) for part in wanted]
            for number, (text, wanted) in enumerate(zip(passages, parts, strict=True))
        ]

    def _span(self, number: int, text: str, start: int, end: int) -> Span:
        for word in self.words:
            at = text.find(word, start, end)
            if at >= 0:
                return Span(number, at, at + len(word), 9.0)
        return Span(number, start, end, -9.0)


def ranked(*words: str) -> list[Candidate]:
    return Ranker(StubEncoder(), Seeker(*words)).rank(QUESTION, COURSE)


@pytest.mark.parametrize("word", ["12 patterns", "square of the length", "40 percent"])
def test_the_sentence_with_the_best_span_comes_first_whatever_its_passage(word: str) -> None:
    best, *others = ranked(word)
    assert word in best.unit.text
    assert best.span is not None
    assert best.unit.passage.text[best.span.start : best.span.end] == word
    assert best.share > 0.5
    assert sum(c.share for c in (best, *others)) == pytest.approx(1.0)


def test_a_reader_reads_the_first_passages_and_the_encoder_what_it_leaves() -> None:
    many = [passage(n, [f"Fact {n} is one thing.", f"Fact {n} is two."]) for n in range(1, 31)]
    encoder, reader = StubEncoder(), Seeker("one thing")
    found = Ranker(encoder, reader).rank("Which fact?", many)
    assert reader.read == [p.text for p in many[:READ_PASSAGES]]
    assert len(found) == SHORTLIST == encoder.encoded - 1
    assert len(Ranker(StubEncoder()).rank("Which fact?", many)) == 60


def test_the_words_that_answer_are_marked_in_what_is_streamed() -> None:
    answerer = ExtractiveAnswerer(StubEncoder(), reader=Seeker("12 patterns"))
    *deltas, draft = answerer.stream(QUESTION, COURSE)
    assert isinstance(draft, Draft)
    pieces = [delta for delta in deltas if isinstance(delta, TextDelta)]
    assert "".join(piece.text for piece in pieces) == draft.text
    assert [piece.text for piece in pieces if piece.marked] == ["12 patterns"]
    assert draft.highlight is not None
    assert draft.text[slice(*draft.highlight)] == "12 patterns"


def test_without_a_reader_nothing_is_marked() -> None:
    *deltas, draft = ExtractiveAnswerer(StubEncoder()).stream(QUESTION, COURSE)
    assert isinstance(draft, Draft)
    assert draft.highlight is None
    assert not any(delta.marked for delta in deltas if isinstance(delta, TextDelta))


def test_a_second_sentence_joins_where_the_reader_is_torn_between_two() -> None:
    torn = ExtractiveAnswerer(StubEncoder(), reader=Seeker("every token", "other token"))
    pair = [
        passage(1, ["Attention compares every token with its kin."]),
        passage(2, ["Masks hide the other token from sight."]),
    ]
    assert len(torn.choose("What of tokens?", pair)) == 2
    sure = ExtractiveAnswerer(StubEncoder(), reader=Seeker("every token"))
    assert len(sure.choose("What of tokens?", pair)) == 1


def test_confidence_is_that_of_the_evidence_there_is() -> None:
    found = Evidence(0.6, 0.5, 0.1, 0.2)
    doubtful, sure = (ReadEvidence(0.6, 0.5, 0.1, 0.2, span) for span in (-8.0, 8.0))
    assert calibration_of(found) is PICKED
    assert calibration_of(sure) is READ
    assert confidence(doubtful) < confidence(sure)


def test_what_a_reader_finds_is_part_of_the_evidence() -> None:
    *_, draft = ExtractiveAnswerer(StubEncoder(), reader=Seeker("two small matrices")).stream(
        "What does LoRA train?", [LORA, ATTENTION]
    )
    assert isinstance(draft, Draft)
    assert isinstance(draft.evidence, ReadEvidence)
    assert draft.evidence.span == 9.0
