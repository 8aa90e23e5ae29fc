"""Undo the Penn-Treebank spacing of a data set, so that a model reads text as documents have it."""

from __future__ import annotations

import re

_RULES = [
    (re.compile(r"``\s*|\s*''"), '"'),
    (re.compile(r'"\s*([^"]*?)\s*"'), r'"\1"'),
    (re.compile(r"(\d) -- (\d)"), r"\1–\2"),
    (re.compile(r" -- "), " – "),
    (re.compile(r"\s+([.,;:?!%)\]}]|n't\b|'(?:s|S|re|ve|ll|d|m)\b)"), r"\1"),
    (re.compile(r"([(\[{$£€#])\s+"), r"\1"),
]
_HYPHEN = re.compile(r"(\w) - (\w)")


def detokenize(text: str, *, hyphens: bool = False) -> str:
    """`text` with the spaces around punctuation, quotes and contractions taken out.

    `hyphens` joins `strange - looking` too, where the data set splits its hyphens.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    if hyphens:
        text = _HYPHEN.sub(r"\1-\2", text)
    return text.strip()
