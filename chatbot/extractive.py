"""The extractive answerer: the best sentence or two of the passages, word for word, with citations.

It needs only the encoder. A sentence is ranked by how near it is to the question in meaning
(cosine, with its heading as context), by how much of the question's rare words it holds or stands
beside, and by the rank of its passage.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chatbot.answering import Citation, Draft, TextDelta, Turn
from chatbot.confidence import Evidence, confidence
from chatbot.cues import cue
from chatbot.trimming import trim
from chatbot.units import Unit, units
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage
from ingestion.stores.base import Vectors
from ingestion.words import Stemmed

MOST_WORDS = 60
"""An answer longer than this is a passage, not an answer."""

_SENSE, _WORDS, _RANK = 0.55, 0.30, 0.15
_SECOND = 0.92
"""A second sentence joins when it scores at least this share of the best one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit of a passage that may answer, with its score in [0, 1] and the parts of it."""

    unit: Unit
    score: float
    sense: float
    words: float


class ExtractiveAnswerer:
    """Implements `chatbot.answering.Answerer` over the encoder alone."""

    name = "extractive"

    def __init__(self, encoder: Encoder, abstain_below: float = 0.0) -> None:
        """Below the confidence `abstain_below` nothing is streamed, since it would be withdrawn."""
        self._encoder = encoder
        self._abstain_below = abstain_below
        self._stems = Stemmed()

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
        if sure >= self._abstain_below:
            for piece in pieces:
                yield TextDelta(piece if piece is pieces[0] else f" {piece}")
        citations = tuple(
            _cite(number, candidate, piece)
            for number, (candidate, piece) in enumerate(zip(chosen, pieces, strict=True), start=1)
        )
        yield Draft(" ".join(pieces), citations, confidence=sure, evidence=found)

    def choose(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """The one or two sentences that answer best, the best first; none if there is no
        sentence.
        """
        ranked = self.rank(question, passages)
        if not ranked:
            return []
        best = ranked[0]
        room = MOST_WORDS - len(best.unit.text.split())
        for second in ranked[1:]:
            if second.score < _SECOND * best.score:
                break
            if len(second.unit.text.split()) <= room and not _repeats(
                second.unit.text, best.unit.text
            ):
                return [best, second]
        return [best]

    def rank(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """All units of the passages that could answer, best first."""
        found = [
            unit
            for passage in passages
            for unit in units(passage)
            if _could_answer(unit.text, question)
        ]
        if not found:
            return []
        sense = self._sense(question, found)
        words = self._words(question, found)
        place = {id(p): 1.0 / math.log2(rank + 2) for rank, p in enumerate(passages)}
        scored = [
            Candidate(
                unit,
                score=_SENSE * max(float(s), 0.0)
                + _WORDS * w
                + _RANK * place[id(unit.passage)]
                + cue(question, unit.text, unit.lead or _heading(unit.passage)),
                sense=float(s),
                words=w,
            )
            for unit, s, w in zip(found, sense, words, strict=True)
        ]
        return sorted(scored, key=lambda candidate: -candidate.score)

    def _sense(self, question: str, found: Sequence[Unit]) -> Vectors:
        """Cosine of the question and each unit."""
        vectors = self._encoder.encode([question, *(unit.read_with for unit in found)])
        return np.asarray(vectors[1:] @ vectors[0])

    def _words(self, question: str, found: Sequence[Unit]) -> list[float]:
        """Share of the question's words, weighted by rarity, in the unit or (half) beside it."""
        wanted = set(self._stems.of(question))
        held = [set(self._stems.of(unit.text)) for unit in found]
        around = {
            id(u.passage): set(self._stems.of(" ".join((*u.passage.headings, u.passage.text))))
            for u in found
        }
        weight = {
            word: math.log(1 + len(held) / (1 + sum(word in words for words in held)))
            for word in wanted
        }
        total = sum(weight.values()) or 1.0
        return [
            sum(
                weight[word] * (1.0 if word in words else 0.5)
                for word in wanted & (words | around[id(unit.passage)])
            )
            / total
            for unit, words in zip(found, held, strict=True)
        ]


def evidence(best: Candidate, passages: Sequence[Passage]) -> Evidence:
    """What speaks for an answer whose best unit is `best`."""
    return Evidence(
        sense=best.sense,
        coverage=best.unit.passage.scores.get("coverage", 0.0),
        dense_margin=max(p.scores.get("dense_margin", 0.0) for p in passages),
        lexical_margin=max(p.scores.get("lexical_margin", 0.0) for p in passages),
    )


def _could_answer(text: str, question: str) -> bool:
    return not text.endswith("?") and _bare(text) != _bare(question)


def _heading(passage: Passage) -> str:
    return passage.headings[-1] if passage.headings else ""


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


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
        score=max(0.0, min(1.0, candidate.sense)),
        answer_sentence=answer_sentence,
        chunk_id=passage.chunk_id,
    )
