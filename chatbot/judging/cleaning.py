"""One spelling for comments from anywhere, so that a judge learns what is said and not where.

Comments come as tweets (mentions, links, `&amp;`), from Wikipedia's talk pages (headings, indents,
signatures with a time stamp) or already lower-cased and tokenized (`do n't`, ` , `). Each of these
marks goes together with a label in one collection or another. So do emoji: the encoder's vocabulary
has none, and all of them would be the one unknown piece. The very same cleaning is done when
a model is trained and when it judges, so it is part of the model: `CLEANING` counts its versions.
"""

from __future__ import annotations

import html
import re
import unicodedata

CLEANING = 2

_JOINERS = dict.fromkeys("\ufe0f\u200d\u200b\u00ad🏻🏼🏽🏾🏿", "")
_PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", **_JOINERS})
_UNKNOWN = {"So", "Cf", "Co", "Cn"}
"""Unicode categories that emoji fall into: other symbols, format, private use, unassigned."""

_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"https?://\S+|www\.\S+", " "),
        (r"\brt\s+@\w+:?", " "),
        (r"@\w+:?", " "),
        # Signatures: "04:02 2007 December 11 (UTC)", "20:44, 1 August 2012 (UTC)".
        (r"\d\d:\d\d,?\s+\d{1,4}\s+[a-z]+\s+\d{1,4}", " "),
        (r"\((?:utc|talk|contribs?)\)", " "),
        (r"={2,}|'{2,}|\"{2,}|\{\{|\}\}|\[\[|\]\]", " "),
        (r"(?:^|(?<=\s))[:*#]+(?=\s|\w)", " "),
        # Joins what a tokenizer has parted.
        (r"\s+(n't|'(?:s|re|ve|ll|d|m))\b", r"\1"),
        (r"\s+([,.!?;:)])", r"\1"),
        (r"\(\s+", "("),
        (r"\s+", " "),
    )
)


def clean(text: str) -> str:
    """Lower case, no mentions, links, emoji, talk-page markup or signatures, single spaces."""
    text = html.unescape(text).translate(_PLAIN)
    if not text.isascii():
        text = "".join(" " if unicodedata.category(c) in _UNKNOWN else c for c in text)
    for pattern, replacement in _STEPS:
        text = pattern.sub(replacement, text)
    return text.strip(' "').lower()
