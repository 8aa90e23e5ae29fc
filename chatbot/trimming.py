"""A sentence lifted out of its text, without the words that only tied it to the one before."""

from __future__ import annotations

import re

_CONNECTIVE = re.compile(
    r"^(?:however|therefore|thus|hence|moreover|furthermore|in addition|additionally|also|besides|"
    r"for example|for instance|in other words|that is|in fact|indeed|of course|note that|"
    r"recall that|as (?:you can see|we saw|mentioned (?:above|earlier|before))|finally|first|"
    r"second|third|next|then|so|and|but)"
    r"\s*,\s+",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\s*(?:\[\d+(?:\s*[,–-]\s*\d+)*\]|\((?:see|cf\.)[^()]*\))")


def trim(sentence: str) -> str:
    """The sentence without an opening connective, reference marks and list numbering.

    Lines of a slide become one line, parted by semicolons.
    """
    text = "; ".join(line.strip(" ;") for line in sentence.splitlines() if line.strip())
    text = _REFERENCE.sub("", text)
    text = re.sub(r"^(?:[-*•●▪]|\(?\d{1,2}[.)])\s+", "", text)
    shorter = _CONNECTIVE.sub("", text)
    if shorter != text and shorter:
        text = shorter[0].upper() + shorter[1:]
    return text
