"""Text that was cut into tokens (`went home . it 's late`), put together again.

Where a sentence ends is told by a full stop at the end of a word and a capital after it; in
tokenized, lower-cased text there is neither. The measures do not see the difference, as long as
gold answers go through the same function as the paragraph.
"""

from __future__ import annotations

import re

_BEFORE = re.compile(r"\s+(?=(?:[.,;:!?%)\]]+|'(?:s|m|d|re|ve|ll)|n't)(?:\s|$))", re.IGNORECASE)
_AFTER = re.compile(r"(?<=[(\[])\s+")
_HYPHEN = re.compile(r"(?<=\w) - (?=\w)")
_SENTENCE_START = re.compile(r"(?:^|[.!?][\"']?\s+)[\"'\s]*[a-z]")


def untokenized(text: str) -> str:
    """Punctuation, clitics and hyphens back at their words; Penn Treebank quotes as `"`."""
    text = text.replace("``", '"').replace("''", '"')
    return _HYPHEN.sub("-", _AFTER.sub("", _BEFORE.sub("", text))).strip()


def with_capitals(text: str) -> str:
    """Lower-cased text with a capital at the beginning of each sentence."""
    return _SENTENCE_START.sub(lambda found: found[0][:-1] + found[0][-1].upper(), text)
