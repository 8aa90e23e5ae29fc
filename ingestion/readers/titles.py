"""Titles that files state about themselves are often what a program put there: told apart here."""

from __future__ import annotations

import re

from ingestion.readers.outline import tidy

_JUNK = re.compile(
    r"\.(docx?|pptx?|tex|dvi|indd|pdf|html?)$"
    r"|^(untitled|microsoft |slide \d|word document$|document ?\d*$)|\bpowerpoint\b",
    re.I,
)


def stated_title(text: str | None) -> str:
    """The title in a file's metadata, or "" where it says nothing about the content."""
    title = tidy(text or "").replace("\n", " ")
    return "" if len(title.split()) < 2 or _JUNK.search(title) else title
