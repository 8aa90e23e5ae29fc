"""Passages that say nearly the same are shown once: the best-ranked stays."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from ingestion.passage import Passage

SAME = 0.85
"""Share of the smaller passage's word pairs found in the other for the two to be near-duplicates.
"""

_WORD = re.compile(r"\w+")


def drop_near_duplicates(passages: Sequence[Passage], k: int) -> list[Passage]:
    """The first k passages none of which nearly repeats one before it."""
    kept: list[Passage] = []
    shingles: list[set[tuple[str, str]]] = []
    for passage in passages:
        pairs = _word_pairs(passage.text)
        if any(_contained(pairs, earlier) for earlier in shingles):
            continue
        kept.append(passage)
        shingles.append(pairs)
        if len(kept) == k:
            break
    return kept


def _word_pairs(text: str) -> set[tuple[str, str]]:
    words = _WORD.findall(text.casefold())
    return set(itertools.pairwise(words)) or {(word, "") for word in words}


def _contained(left: set[tuple[str, str]], right: set[tuple[str, str]]) -> bool:
    smaller = min(len(left), len(right))
    return smaller > 0 and len(left & right) >= SAME * smaller
