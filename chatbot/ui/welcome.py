"""Questions to begin with, made from the headings of the course's own documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.index import Index

SUGGESTIONS = 4
DOCUMENTS = 8
"""So many documents, spread over the course, are looked at."""

_NUMBERING = re.compile(r"^[\dIVX]+(\.\d+)*[.):]?\s+")
_NO_TOPIC = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be by for from how in is it of on or so that the this to what when
        where which who why with without introduction overview summary conclusion comparison agenda
        outline example exercise exercises reference references note notes quiz recap goals
        objectives contents appendix solution step part week lesson chapter section
        i it its me my our their they this these those us we you your""",
    )
)


def suggestions(index: Index, course: str | None) -> list[str]:
    """Up to four first questions, one from a document."""
    files = [record for record in index.files(course) if record.chunks]
    asked: list[str] = []
    for record in files[:: max(1, len(files) // DOCUMENTS)][:DOCUMENTS]:
        passages = index.passages_of(record.id)
        found = topic(passage.headings for passage in passages)
        if found and f"What is {found}?" not in asked:
            asked.append(f"What is {found}?")
    return asked[:SUGGESTIONS]


def topic(trails: Iterable[Sequence[str]]) -> str | None:
    """The deepest heading that can follow "What is": one to three words that name one thing."""
    best: tuple[int, str] | None = None
    for trail in trails:
        heading = _NUMBERING.sub("", trail[-1]).strip() if trail else ""
        words = heading.split()
        names = all(re.fullmatch(r"[A-Za-z][A-Za-z-]+", word) for word in words)
        if not (1 <= len(words) <= 3 and names) or _NO_TOPIC & {w.lower() for w in words}:
            continue
        if re.search(r"[^s]s$|^\w+ing .", heading):
            continue  # a plural would need "What are", a gerund is no thing
        if best is None or len(trail) > best[0]:
            best = len(trail), " ".join(_plain_case(word) for word in words)
    return best[1] if best else None


def _plain_case(word: str) -> str:
    """`Greedy` as inside a sentence, names and abbreviations as they are."""
    return word.lower() if word[1:].islower() else word
