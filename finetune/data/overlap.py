"""Whether a text occurs in others, edited or not: the share of its word 8-grams that they hold.

The measure of GPT-3's contamination study (Brown et al. 2020, appendix C) with shorter n-grams, as
paragraphs are shorter than its documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

N = 8
NEAR_COPY = 0.5
"""The share from which a text is taken for an edition of what was seen."""
_WORD = re.compile(r"\w+")

Grams = set[tuple[str, ...]]


def grams(text: str) -> Grams:
    """The n-grams of a text's words; a shorter text is one gram."""
    words = _WORD.findall(text.lower())
    return {tuple(words[start : start + N]) for start in range(max(1, len(words) - N + 1))}


def all_grams(texts: Iterable[str]) -> Grams:
    return set().union(*map(grams, texts))


def share_seen(text: str, seen: Grams) -> float:
    """The share of the text's n-grams that are in `seen`: 1 for a copy, near it for an edition."""
    own = grams(text)
    return len(own & seen) / len(own)
