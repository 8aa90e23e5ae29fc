"""How much of a summary is copied from its text.

* Copied n-grams: the share of the summary's n-grams that stand in the text. One minus it are the
  "novel n-grams" of See et al. 2017 (§6) and Narayan et al. 2018 (XSum, §2.2).
* Extractive fragments, coverage, density and compression: Grusky et al. 2018 (Newsroom, §4), whose
  Figure 3 is `fragments`.

Tokens are lower-cased words; the sources count punctuation as well.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
ORDERS = (1, 2, 3, 4)


def extractiveness(summary: str, text: str) -> dict[str, float]:
    """`copied_1`…`copied_4`, `coverage`, `density`, `compression`; what is undefined is left out.

    Coverage: the share of the summary's words in extractive fragments. Density: the mean, over the
    summary's words, of the length of the fragment each belongs to. Compression: words of the text
    for each word of the summary.
    """
    said, source = _words(summary), _words(text)
    if not said:
        return {}
    lengths = fragments(source, said)
    measures = {
        "coverage": sum(lengths) / len(said),
        "density": sum(length**2 for length in lengths) / len(said),
        "compression": len(source) / len(said),
    }
    for n in ORDERS:
        grams = _grams(said, n)
        if grams:
            known = set(_grams(source, n))
            measures[f"copied_{n}"] = sum(gram in known for gram in grams) / len(grams)
    return measures


def fragments(text: Sequence[str], summary: Sequence[str]) -> list[int]:
    """Lengths of the extractive fragments: at each place the longest run shared with the text."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(text):
        places[word].append(place)
    found = []
    start = 0
    while start < len(summary):
        longest = max((_run(text, summary, p, start) for p in places[summary[start]]), default=0)
        if longest:
            found.append(longest)
        start += max(longest, 1)
    return found


def _run(text: Sequence[str], summary: Sequence[str], place: int, start: int) -> int:
    length = 0
    while (
        place + length < len(text)
        and start + length < len(summary)
        and text[place + length] == summary[start + length]
    ):
        length += 1
    return length


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(words[start:] for start in range(n)), strict=False))
