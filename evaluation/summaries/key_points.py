"""Which key points a summary covers.

A key point is covered when one or two neighbouring sentences of the summary hold at least two
thirds of its content words (stemmed, without stop words), or are as near to it as a cosine of .65
by the sentence encoder. Both thresholds were set before any summary was measured; `evaluate.py`
reports beside every figure what they make of the document itself, which should cover nearly all of
its points, and of the points of other documents, hardly any of which should count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ingestion.encoders.base import Encoder
from ingestion.sentences import sentences
from ingestion.stores.base import Vectors
from ingestion.words import Stemmed

LEAST_WORDS = 2 / 3
LEAST_COSINE = 0.65


@dataclass(frozen=True, slots=True)
class Statements:
    """The sentences of a text and its pairs of neighbours: their stems, and unit vectors (n, d)."""

    stems: tuple[frozenset[str], ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Cover:
    """How near a text comes to a key point: best share of its words, best cosine."""

    words: float
    cosine: float

    @property
    def by_words(self) -> bool:
        return self.words >= LEAST_WORDS

    @property
    def by_meaning(self) -> bool:
        return self.cosine >= LEAST_COSINE

    @property
    def covered(self) -> bool:
        return self.by_words or self.by_meaning


class KeyPointCover:
    """Compares key points with texts by one encoder."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._stemmed = Stemmed()

    def statements(self, text: str) -> Statements:
        single = sentences(text)
        said = [*single, *(f"{first} {second}" for first, second in pairwise(single))]
        vectors = self._encoder.encode(said) if said else np.zeros((0, 1), np.float32)
        return Statements(tuple(frozenset(self._stemmed.of(one)) for one in said), vectors)

    def covers(self, text: Statements, points: Sequence[str]) -> list[Cover]:
        """One for each point; nothing of it is in an empty text."""
        if not text.stems:
            return [Cover(0.0, 0.0) for _ in points]
        nearest = (self._encoder.encode(list(points)) @ text.vectors.T).max(axis=1)
        return [
            Cover(self._share(point, text), float(cosine))
            for point, cosine in zip(points, np.asarray(nearest), strict=True)
        ]

    def _share(self, point: str, text: Statements) -> float:
        wanted = set(self._stemmed.of(point))
        if not wanted:
            return 0.0
        return max(len(wanted & stems) for stems in text.stems) / len(wanted)
