"""Is the evidence in what was retrieved? By passage, and by a budget of characters.

Counting passages rewards long ones, so the headline counts characters: evidence must stand within
the first 1,000·k characters of the retrieved texts in their order. Neighbouring chunks of one file
are merged first, so that evidence across a chunk border counts when both sides were retrieved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.normalize import letters_and_digits

DEPTHS = (1, 5, 10)
BUDGET = 1_000
"""Characters per unit of depth."""

_OVERLAP = 20
"""Characters that end one text and begin the next before they count as the same characters."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One retrieved text: chunks `first` to `last` (inclusive) of a file.

    `whole` is false for a text that lost its end to the budget.
    """

    course: str
    file: str
    first: int
    last: int
    text: str
    whole: bool = True


def holds_all(texts: Sequence[str], evidence: Sequence[str]) -> bool:
    """Whether every piece of evidence stands in one of the texts, letters and digits alone."""
    bare = [letters_and_digits(text) for text in texts]
    return all(any(letters_and_digits(piece) in text for text in bare) for piece in evidence)


def evidence_within(
    retrieved: Sequence[Retrieved], evidence: Sequence[str], characters: int
) -> bool:
    """Whether all evidence stands in the first `characters` characters, neighbours merged."""
    return holds_all(merge_neighbours(cut(retrieved, characters)), evidence)


def cut(retrieved: Sequence[Retrieved], characters: int) -> list[Retrieved]:
    """The texts best first up to the budget; the one that crosses it keeps its beginning."""
    kept = []
    for item in retrieved:
        if characters <= 0:
            break
        text = item.text[:characters]
        whole = item.whole and len(text) == len(item.text)
        kept.append(Retrieved(item.course, item.file, item.first, item.last, text, whole))
        characters -= len(text)
    return kept


def merge_neighbours(retrieved: Sequence[Retrieved]) -> list[str]:
    """The texts with adjacent or overlapping chunks of one file joined in document order.

    A text that was cut ends its run: what follows it in the document is not its continuation.
    """
    runs: list[Retrieved] = []
    for item in sorted(retrieved, key=lambda r: (r.course, r.file, r.first, r.last)):
        run = runs[-1] if runs else None
        if run is None or not run.whole or not _continues(run, item):
            runs.append(item)
        elif item.last > run.last:
            text = _join(run.text, item.text)
            runs[-1] = Retrieved(run.course, run.file, run.first, item.last, text, item.whole)
    return [run.text for run in runs]


def _continues(run: Retrieved, item: Retrieved) -> bool:
    same_file = (run.course, run.file) == (item.course, item.file)
    return same_file and item.first <= run.last + 1


def _join(left: str, right: str) -> str:
    """`left` then `right`, saying once what ends the one and begins the other."""
    for length in range(min(len(left), len(right)), _OVERLAP - 1, -1):
        if left.endswith(right[:length]):
            return left + right[length:]
    return f"{left}\n{right}"
