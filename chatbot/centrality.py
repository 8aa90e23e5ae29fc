"""Choosing the sentences that stand for a text: LexRank, spread out and without repetition.

Centrality is PageRank on the graph of cosines between sentences (LexRank, Erkan & Radev 2004).
Sentences are then taken one by one by maximal marginal relevance (Carbonell & Goldstein 1998):
central, unlike what is already chosen, and from sections that have not had their share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.stores.base import Vectors

LEAST_COSINE = 0.2
"""Cosines under this are noise, and would join every sentence to every other."""
DAMPING = 0.85
REPETITION = 0.8
"""Cosine from which a sentence repeats one already chosen."""
LEAD = 0.3
"""What the first sentence of a section gains: documents tend to say the main thing first."""
SPREAD = 2.0
"""Weight of a section's excess over its share against likeness to what is chosen."""
ROUNDS = 50

Scores = NDArray[np.float64]


def centrality(vectors: Vectors) -> Scores:
    """LexRank of each sentence, scaled so that the largest is 1. `vectors`: (n, d), unit length."""
    cosines = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(cosines, 0.0)
    weights = np.where(cosines >= LEAST_COSINE, cosines, 0.0)
    out = weights.sum(axis=1, keepdims=True)
    count = len(vectors)
    # A sentence unlike all others passes its rank on to all of them alike.
    steps = np.divide(weights, out, out=np.full_like(weights, 1.0 / count), where=out > 0)
    rank = np.full(count, 1.0 / count)
    for _ in range(ROUNDS):
        rank = (1.0 - DAMPING) / count + DAMPING * (steps.T @ rank)
    scaled: Scores = rank / rank.max()
    return scaled


def choose(
    vectors: Vectors,
    lengths: Sequence[int],
    sections: Sequence[int],
    most: int,
    balance: float = 0.5,
) -> list[int]:
    """Indices of the sentences to show, in text order, together at most `most` words.

    `lengths` are in words; `sections` numbers the section of each sentence. `balance` weighs being
    unlike the rest and spread over sections against being central.
    """
    words, section = np.array(lengths), np.array(sections)
    central = centrality(vectors) * (1.0 + LEAD / (1.0 + _position_within(sections)))
    share = np.bincount(section) / len(section)
    taken = np.zeros_like(share)
    likeness = np.zeros(len(vectors))
    chosen: list[int] = []
    room = most
    open_ = np.ones(len(vectors), dtype=bool)
    while (open_ := open_ & (words <= room) & (likeness < REPETITION)).any():
        # How far a section would exceed its share of the sentences with one more of it.
        excess = ((taken + 1) / (len(chosen) + 1) - share)[section]
        worth = (1.0 - balance) * central - balance * (likeness + SPREAD * excess)
        best = int(np.where(open_, worth, -np.inf).argmax())
        chosen.append(best)
        open_[best] = False
        taken[section[best]] += 1
        room -= int(words[best])
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return sorted(chosen)


def _position_within(sections: Sequence[int]) -> Scores:
    """0 for the first sentence of each section, 1 for its second…"""
    met: Counter[int] = Counter()
    positions = []
    for section in sections:
        positions.append(met[section])
        met[section] += 1
    return np.array(positions, dtype=np.float64)
