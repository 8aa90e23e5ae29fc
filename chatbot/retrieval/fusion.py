"""Two rankings into one: min-max-normalised weighted fusion.

Each leg's scores over the candidates are mapped to [0, 1] by its own minimum and maximum, then
`weight · dense + (1 − weight) · lexical` (Bruch, Gai & Ingber 2023 find that this convex
combination beats reciprocal ranks). A candidate that only one leg found counts with the other leg's
real score where the caller supplies it, and as that leg's minimum otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingestion.stores.base import Hit


@dataclass(frozen=True, slots=True)
class Fused:
    """A fused candidate: `score` in [0, 1] and the raw scores it came from."""

    chunk_id: int
    score: float
    lexical: float
    dense: float


def fuse(lexical: Sequence[Hit], dense: Sequence[Hit], weight: float, k: int) -> list[Fused]:
    """The k best by `weight · dense + (1 − weight) · lexical`, best first, ties by chunk id.

    `weight` lies in [0, 1]: 0 is lexical alone, 1 dense alone.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"The fusion weight is {weight}; it must lie between 0 and 1.")
    by_words = {hit.chunk_id: hit.score for hit in lexical}
    by_sense = {hit.chunk_id: hit.score for hit in dense}
    words, sense = _normalise(by_words), _normalise(by_sense)
    low_words, low_sense = min(by_words.values(), default=0.0), min(by_sense.values(), default=0.0)
    fused = [
        Fused(
            chunk_id,
            weight * sense.get(chunk_id, 0.0) + (1 - weight) * words.get(chunk_id, 0.0),
            by_words.get(chunk_id, low_words),
            by_sense.get(chunk_id, low_sense),
        )
        for chunk_id in by_words.keys() | by_sense.keys()
    ]
    fused.sort(key=lambda f: (-f.score, f.chunk_id))
    return fused[:k]


def _normalise(scores: Mapping[int, float]) -> dict[int, float]:
    """Min-max to [0, 1]; where all scores are equal, all are 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {chunk_id: (score - low) / (high - low) for chunk_id, score in scores.items()}
