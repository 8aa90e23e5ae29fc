"""The extractive answerer: the best sentence or two of the passages, word for word, with citations.

It needs no generator. `chatbot/candidates.py` ranks the sentences; where a reader took part, the
words of the first sentence that answer by themselves are marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from chatbot.answering import Citation, Draft, TextDelta, Turn
from chatbot.candidates import Candidate, Ranker
from chatbot.confidence import Evidence, ReadEvidence, confidence
from chatbot.reading.spans import Reader
from chatbot.trimming import find_again, trim
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage

MOST_WORDS = 60
"""An answer longer than this is a passage, not an answer."""

_SECOND = 0.92
"""A second sentence joins when it scores at least this share of the best one."""

_SECOND_SHARE = 0.5
"""With a reader: when it is at least so many times as probable as the best one."""


class ExtractiveAnswerer:
    """Implements `chatbot.answering.Answerer` over the encoder, and a reader where there is
    one.
    """

    name = "extractive"

    def __init__(
        self, encoder: Encoder, abstain_below: float = 0.0, reader: Reader | None = None
    ) -> None:
        """Below the confidence `abstain_below` nothing is streamed, since it would be withdrawn."""
        self.ranker = Ranker(encoder, reader)
        self._abstain_below = abstain_below

    @property
    def reader(self) -> Reader | None:
        return self.ranker.reader

    def stream(
        self, question: str, passages: Sequence[Passage], history: Sequence[Turn] = ()
    ) -> Iterator[TextDelta | Draft]:
        chosen = self.choose(question, passages)
        if not chosen:
            yield Draft("")
            return
        found = evidence(chosen[0], passages)
        sure = confidence(found)
        pieces = [trim(candidate.unit.text) for candidate in chosen]
        text = " ".join(pieces)
        highlight = _highlight(chosen[0], pieces[0])
        if sure >= self._abstain_below:
            yield from _deltas(text, highlight)
        citations = tuple(
            _cite(number, candidate, piece)
            for number, (candidate, piece) in enumerate(zip(chosen, pieces, strict=True), start=1)
        )
        yield Draft(text, citations, confidence=sure, evidence=found, highlight=highlight)

    def choose(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """The one or two sentences that answer best, the best first; none if there is no
        sentence.
        """
        ranked = self.ranker.rank(question, passages)
        if not ranked:
            return []
        best = ranked[0]
        room = MOST_WORDS - len(best.unit.text.split())
        for second in ranked[1:]:
            if not _joins(second, best):
                break
            if len(second.unit.text.split()) <= room and not _repeats(
                second.unit.text, best.unit.text
            ):
                return [best, second]
        return [best]


def evidence(best: Candidate, passages: Sequence[Passage]) -> Evidence:
    """What speaks for an answer whose best unit is `best`."""
    found = Evidence(
        sense=best.features.sense,
        coverage=best.unit.passage.scores.get("coverage", 0.0),
        dense_margin=max(p.scores.get("dense_margin", 0.0) for p in passages),
        lexical_margin=max(p.scores.get("lexical_margin", 0.0) for p in passages),
    )
    if best.span is None:
        return found
    return ReadEvidence(**asdict(found), span=best.span.score)


def _joins(second: Candidate, best: Candidate) -> bool:
    if best.span:
        return second.share >= _SECOND_SHARE * best.share
    return second.score >= _SECOND * best.score


def _highlight(best: Candidate, piece: str) -> tuple[int, int] | None:
    """Where the reader's span stands in the trimmed sentence."""
    if best.span is None:
        return None
    unit = best.unit
    return find_again(unit.text, best.span.start - unit.start, best.span.end - unit.start, piece)


def _deltas(text: str, highlight: tuple[int, int] | None) -> Iterator[TextDelta]:
    start, end = highlight or (0, 0)
    for piece, marked in ((text[:start], False), (text[start:end], True), (text[end:], False)):
        if piece:
            yield TextDelta(piece, marked=marked)


def _repeats(left: str, right: str) -> bool:
    mine, theirs = set(left.casefold().split()), set(right.casefold().split())
    return len(mine & theirs) > 0.6 * min(len(mine), len(theirs))


def _cite(number: int, candidate: Candidate, answer_sentence: str) -> Citation:
    unit, passage = candidate.unit, candidate.unit.passage
    return Citation(
        number=number,
        course=passage.course,
        file=passage.file,
        locator=passage.locator_of(unit.start, unit.end),
        passage=passage.text,
        sentence=unit.text,
        score=max(0.0, min(1.0, candidate.features.sense)),
        answer_sentence=answer_sentence,
        chunk_id=passage.chunk_id,
    )
