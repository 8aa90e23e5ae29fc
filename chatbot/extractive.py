"""The extractive answerer: the best sentence or two of the passages, word for word, with citations.

It needs only the encoder. A sentence is ranked by how near it is to the question in meaning
(cosine, with its heading as context), by how much of the question's rare words it holds or stands
beside, and by the rank of its passage.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatbot.answering import Citation, Draft, TextDelta, Turn
from chatbot.confidence import Evidence, confidence
from chatbot.trimming import trim
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage
from ingestion.sentences import split_sentences
from ingestion.stores.base import Vectors
from ingestion.words import Stemmed

MOST_WORDS = 60
"""An answer longer than this is a passage, not an answer."""

_SENSE, _WORDS, _RANK = 0.55, 0.30, 0.15
_SECOND = 0.92
"""A second sentence joins when it scores at least this share of the best one."""

_SHORTEST = 3
"""Words; anything shorter is a label of a figure or a lone heading."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage: characters `start:end` of its text, with its score in [0, 1]."""

    passage: Passage
    start: int
    end: int
    score: float = 0.0
    sense: float = 0.0
    words: float = 0.0

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


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
        best = chosen[0]
        evidence = Evidence(
            sense=best.sense,
            words=best.words,
            passage=max(p.scores.get("dense", 0.0) for p in passages),
        )
        sure = confidence(evidence)
        pieces = [trim(candidate.text) for candidate in chosen]
        if sure >= self._abstain_below:
            for piece in pieces:
                yield TextDelta(piece if piece is pieces[0] else f" {piece}")
        citations = tuple(
            _cite(number, candidate, piece)
            for number, (candidate, piece) in enumerate(zip(chosen, pieces, strict=True), start=1)
        )
        yield Draft(" ".join(pieces), citations, confidence=sure)

    def choose(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """The one or two sentences that answer best, the best first; none if there is no
        sentence.
        """
        ranked = self.rank(question, passages)
        if not ranked:
            return []
        best = ranked[0]
        room = MOST_WORDS - len(best.text.split())
        for second in ranked[1:]:
            if second.score < _SECOND * best.score:
                break
            if len(second.text.split()) <= room and not _repeats(second.text, best.text):
                return [best, second]
        return [best]

    def rank(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """All sentences of the passages that could answer, best first."""
        candidates = [
            Candidate(passage, start, end)
            for passage in passages
            for start, end in split_sentences(passage.text)
            if _could_answer(passage.text[start:end], question)
        ]
        if not candidates:
            return []
        sense = self._sense(question, candidates)
        words = self._words(question, candidates)
        place = {id(p): 1.0 / math.log2(rank + 2) for rank, p in enumerate(passages)}
        scored = [
            replace(
                candidate,
                sense=float(s),
                words=w,
                score=_SENSE * max(float(s), 0.0)
                + _WORDS * w
                + _RANK * place[id(candidate.passage)],
            )
            for candidate, s, w in zip(candidates, sense, words, strict=True)
        ]
        return sorted(scored, key=lambda c: -c.score)

    def _sense(self, question: str, candidates: Sequence[Candidate]) -> Vectors:
        """Cosine of question and sentence, the sentence read under its heading."""
        texts = [question]
        for candidate in candidates:
            heading = candidate.passage.headings[-1] if candidate.passage.headings else ""
            texts.append(f"{heading}\n{candidate.text}" if heading else candidate.text)
        vectors = self._encoder.encode(texts)
        return np.asarray(vectors[1:] @ vectors[0])

    def _words(self, question: str, candidates: Sequence[Candidate]) -> list[float]:
        """Share of the question's words, weighted by rarity, in the sentence or (half) beside
        it.
        """
        wanted = set(self._stems.of(question))
        held = [set(self._stems.of(candidate.text)) for candidate in candidates]
        around = {
            id(c.passage): set(self._stems.of(" ".join((*c.passage.headings, c.passage.text))))
            for c in candidates
        }
        weight = {
            word: math.log(1 + len(held) / (1 + sum(word in words for words in held)))
            for word in wanted
        }
        total = sum(weight.values()) or 1.0
        return [
            sum(
                weight[word] * (1.0 if word in words else 0.5)
                for word in wanted & (words | around[id(candidate.passage)])
            )
            / total
            for candidate, words in zip(candidates, held, strict=True)
        ]


def _could_answer(sentence: str, question: str) -> bool:
    if len(sentence.split()) < _SHORTEST or sentence.rstrip().endswith("?"):
        return False
    return _bare(sentence) != _bare(question)


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _repeats(left: str, right: str) -> bool:
    mine, theirs = set(left.casefold().split()), set(right.casefold().split())
    return len(mine & theirs) > 0.6 * min(len(mine), len(theirs))


def _cite(number: int, candidate: Candidate, answer_sentence: str) -> Citation:
    passage = candidate.passage
    return Citation(
        number=number,
        course=passage.course,
        file=passage.file,
        locator=passage.locator_of(candidate.start, candidate.end),
        passage=passage.text,
        sentence=candidate.text,
        score=max(0.0, min(1.0, candidate.sense)),
        answer_sentence=answer_sentence,
        chunk_id=passage.chunk_id,
    )
