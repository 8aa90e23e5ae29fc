"""Text that was cut into tokens (`he did n't say `` go ''`), put together as documents have it.

For whoever reads such data sets: the forms here, and `finetune/data`. Where a sentence ends is told
by a full stop at the end of a word and a capital after it; in lower-cased text there is none. The
measures do not see the difference, as long as gold answers go through the same function as the
paragraph.
"""

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
_HYPHEN = re.compile(r"(?<=\w) - (?=\w)")
_SENTENCE_START = re.compile(r"(?:^|[.!?][\"']?\s+)[\"'\s]*[a-z]")


def detokenize(text: str, *, hyphens: bool = False) -> str:
    """`text` without the Penn Treebank's spaces around punctuation, quotes and contractions.

    `hyphens` joins `strange - looking` too, where the data set splits its hyphens.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return (_HYPHEN.sub("-", text) if hyphens else text).strip()


def with_capitals(text: str) -> str:
    """Lower-cased text with a capital at the beginning of each sentence."""
    return _SENTENCE_START.sub(lambda found: found[0][:-1] + found[0][-1].upper(), text)
