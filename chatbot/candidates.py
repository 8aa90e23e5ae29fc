"""The sentences of the passages that may answer a question, ranked.

With a reader, what counts most is the best span that a sentence holds; the spans of all sentences
compete, whatever passage they are from. Beside it, and alone where there is no reader, count how
near the sentence is to the question in meaning (cosine, with its heading as context), how much of
the question's rare words it holds or stands beside, the rank of its passage, and its wording.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from operator import mul

import numpy as np

from chatbot.cues import cue
from chatbot.reading.spans import Reader, Span
from chatbot.units import Unit, units
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage
from ingestion.stores.base import Vectors
from ingestion.words import Stemmed

READ_PASSAGES = 6
"""A reader reads so many passages at most: each costs some 40 ms of one core."""

SHORTLIST = 12
"""Sentences that a reader leaves to be compared in meaning; encoding all would take as long again.
"""


@dataclass(frozen=True, slots=True)
class Features:
    """What a sentence is ranked by.

    `span`: log-odds of its best span against silence, 0 without a reader; `sense`: cosine with the
    question; `words`: share of the question's words, by rarity; `rank`: 1 for the best passage,
    then falling with the logarithm; `cue`: see `chatbot/cues.py`.
    """

    span: float
    sense: float
    words: float
    rank: float
    cue: float


PICKED = Features(span=0.0, sense=0.55, words=0.30, rank=0.15, cue=1.0)
READ = Features(span=0.53, sense=0.85, words=1.7, rank=2.13, cue=2.0)
"""Weights without and with a reader. The latter are those of a softmax over a question's sentences,
fitted by `benchmarks/fit_reading.py` and frozen."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit of a passage that may answer. `share` is its part of the softmax over all scores,
    `span` what of it a reader would say; without a reader there is none.
    """

    unit: Unit
    features: Features
    score: float
    share: float = 0.0
    span: Span | None = None


class Ranker:
    """Ranks by the encoder alone, or by a reader and the encoder."""

    def __init__(
        self, encoder: Encoder, reader: Reader | None = None, shortlist: int = SHORTLIST
    ) -> None:
        self.reader = reader
        self._shortlist = shortlist
        self._encoder = encoder
        self._stems = Stemmed()

    def rank(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """All units that could answer, best first; with a reader a short list of those of the
        passages it reads.
        """
        read = passages[:READ_PASSAGES] if self.reader else passages
        found = [unit for p in read for unit in units(p) if _could_answer(unit.text, question)]
        if not found:
            return []
        place = {id(p): 1.0 / math.log2(rank + 2) for rank, p in enumerate(passages)}
        spans = self._spans(question, read, found)
        candidates = [
            Candidate(
                unit,
                Features(
                    span=span.score if span else 0.0,
                    sense=0.0,
                    words=words,
                    rank=place[id(unit.passage)],
                    cue=cue(question, unit.text, unit.lead or _heading(unit.passage)),
                ),
                score=0.0,
                span=span,
            )
            for unit, span, words in zip(found, spans, self._words(question, found), strict=True)
            if span or not self.reader
        ]
        if self.reader:
            candidates = _sorted(candidates, READ)[: self._shortlist]
        return self._with_sense(question, candidates)

    def _with_sense(self, question: str, candidates: Sequence[Candidate]) -> list[Candidate]:
        if not candidates:
            return []
        vectors = self._encoder.encode([question, *(c.unit.read_with for c in candidates)])
        sense: Vectors = np.asarray(vectors[1:] @ vectors[0])
        full = [
            replace(c, features=replace(c.features, sense=float(s)))
            for c, s in zip(candidates, sense, strict=True)
        ]
        return _shared(_sorted(full, READ if self.reader else PICKED))

    def _spans(
        self, question: str, passages: Sequence[Passage], found: Sequence[Unit]
    ) -> list[Span | None]:
        """The best span of each unit; the units stand in the order of the passages."""
        if not self.reader:
            return [None] * len(found)
        parts = [[(u.start, u.end) for u in found if u.passage is p] for p in passages]
        best = self.reader.within(question, [p.text for p in passages], parts)
        return [span for spans in best for span in spans]

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


def _sorted(candidates: Sequence[Candidate], weights: Features) -> list[Candidate]:
    """With their scores, best first."""
    scored = [
        replace(c, score=sum(map(mul, astuple(weights), astuple(c.features)))) for c in candidates
    ]
    return sorted(scored, key=lambda candidate: -candidate.score)


def _shared(ranked: Sequence[Candidate]) -> list[Candidate]:
    weights = [math.exp(candidate.score - ranked[0].score) for candidate in ranked]
    total = sum(weights)
    return [replace(c, share=weight / total) for c, weight in zip(ranked, weights, strict=True)]


def _could_answer(text: str, question: str) -> bool:
    return not text.endswith("?") and _bare(text) != _bare(question)


def _heading(passage: Passage) -> str:
    return passage.headings[-1] if passage.headings else ""


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
