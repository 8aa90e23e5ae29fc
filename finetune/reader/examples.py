"""What a reader learns from: a question, a passage, and where in it the answer stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingExample:
    """`answers` are characters (start, end) of the passage, each an answer by itself.

    No answer: the passage does not hold one. `group` is the document the passage is from, and
    `text` what the answer says, also of an example that was made unanswerable.
    """

    task: str
    group: str
    question: str
    passage: str
    answers: tuple[tuple[int, int], ...]
    text: str


def occurrences(passage: str, answer: str) -> tuple[tuple[int, int], ...]:
    """Where the answer stands in the passage, word by word and in whatever case; () if nowhere."""
    where, sought = passage.casefold(), answer.casefold().strip()
    if not sought or len(where) != len(passage):
        return ()
    found = []
    start = where.find(sought)
    while start >= 0:
        end = start + len(sought)
        before = where[start - 1] if start else " "
        after = where[end] if end < len(where) else " "
        if not (
            (before.isalnum() and sought[0].isalnum()) or (after.isalnum() and sought[-1].isalnum())
        ):
            found.append((start, end))
        start = where.find(sought, start + 1)
    return tuple(found)
