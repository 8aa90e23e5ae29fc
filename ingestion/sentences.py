"""Sentence boundaries as character offsets, so that a sentence can be cited exactly as it stands.

A line break always ends a sentence: readers put one between blocks (paragraphs, list items, table
rows) and nowhere else. Inside a line a sentence ends at `.`, `!`, `?` or `…` (with closing quotes
or brackets) before white space and something that can begin a sentence, unless the word before the
full stop is an abbreviation, an initial or a number at the start of a list.
"""

from __future__ import annotations

import itertools
import re

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)")
_OPENS = re.compile(r"\s+[\"'“‘(\[]*[A-Z0-9À-ÖØ-Þ]")
_LAST_WORD = re.compile(r"(\S+)$")

_ABBREVIATIONS = frozenset(
    "al approx ca cf ch chap dept dr ed eds eg eq eqs est etc ex e.g fig figs i.e ie inc jr ltd "
    "max min mr mrs ms no nos p pp prof ref refs resp sec sr st tab u.k u.s univ vol vs viz".split()
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """`(start, end)` of every sentence, without the white space around it, in order."""
    spans: list[tuple[int, int]] = []
    line_start = 0
    for line in text.splitlines(keepends=True):
        for start, end in _split_line(line):
            spans.append((line_start + start, line_start + end))
        line_start += len(line)
    return spans


def sentences(text: str) -> list[str]:
    """The sentences themselves."""
    return [text[start:end] for start, end in split_sentences(text)]


def _split_line(line: str) -> list[tuple[int, int]]:
    cuts = [0]
    for match in _END.finditer(line):
        if _OPENS.match(line, match.end()) and not _abbreviates(line, match):
            cuts.append(match.end())
    cuts.append(len(line))
    spans = []
    for start, end in itertools.pairwise(cuts):
        piece = line[start:end]
        if stripped := piece.strip():
            begin = start + piece.index(stripped[0])
            spans.append((begin, begin + len(stripped)))
    return spans


def _abbreviates(line: str, match: re.Match[str]) -> bool:
    """Whether the full stop belongs to the word before it rather than to the sentence."""
    if match.group() != ".":
        return False
    word = _LAST_WORD.search(line, 0, match.start())
    if word is None:
        return True
    bare = word.group(1).lstrip("(\"'“[").casefold()
    is_initial = len(bare) == 1 and bare.isalpha() and bare != "i"
    is_list_number = bare.isdigit() and not line[: word.start()].strip()
    return bare in _ABBREVIATIONS or is_initial or is_list_number
