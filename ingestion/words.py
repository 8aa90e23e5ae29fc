"""Words of a text as the lexical leg sees them: lower-cased, without stop words, stemmed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# Single letters and digits stay: in a course, top-p, top-k and "n-gram" are told apart by them.
_WORD = re.compile(r"\w+")

STOP_WORDS = frozenset(
    # Lucene's English list…
    "a an and are as at be but by for if in into is it no not of on or such that the their then "
    "there these they this to was will with "
    # …and what learners' questions are made of and documents are not about. Chosen on SciFact's
    # training queries and the development half of dtc_faq (benchmarks/fit_fusion_weight.py).
    "what which who whom whose how why when where do does did i me my you your we our us can could "
    "should would have has had am its from about than more so any some".split()
)


class Stemmed:
    """Words → stems (Snowball's English stemmer), remembered word by word."""

    def __init__(self) -> None:
        from Stemmer import Stemmer

        self._stem = Stemmer("english").stemWord
        self._known: dict[str, str] = {}

    def of(self, text: str) -> list[str]:
        """The stems of a text, in order, with repetitions."""
        known = self._known
        stems = []
        for word in _WORD.findall(text.lower()):
            if word in STOP_WORDS:
                continue
            stem = known.get(word)
            if stem is None:
                stem = known[word] = self._stem(word)
            stems.append(stem)
        return stems

    def batch(self, texts: Iterable[str]) -> Iterator[list[str]]:
        return (self.of(text) for text in texts)
