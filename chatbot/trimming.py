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
    text = _one_line(sentence)
    text = _REFERENCE.sub("", text)
    text = re.sub(r"^(?:[-*•●▪]|\(?\d{1,2}[.)])\s+", "", text)
    shorter = _CONNECTIVE.sub("", text)
    if shorter != text and shorter:
        text = shorter[0].upper() + shorter[1:]
    return text


def find_again(sentence: str, start: int, end: int, trimmed: str) -> tuple[int, int] | None:
    """Where characters start:end of a sentence stand once it is trimmed; None where they do not."""
    sought = _one_line(sentence[start:end])
    if not sought:
        return None
    if sought not in trimmed:  # its first letter was raised when a connective went
        raised = trimmed.startswith(sought[0].upper() + sought[1:])
        return (0, len(sought)) if raised else None
    # Of several such places the one that is as far from the end: trimming mostly takes from the
    # beginning.
    behind = _one_line(sentence[end:]).count(sought)
    place = len(trimmed)
    for _ in range(behind + 1):
        found = trimmed.rfind(sought, 0, place)
        if found < 0:
            break
        place = found
    return place, place + len(sought)


def _one_line(text: str) -> str:
    return "; ".join(line.strip(" ;") for line in text.splitlines() if line.strip())
