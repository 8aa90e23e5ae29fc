"""Summaries that nobody has to think for: whoever does not beat them has summarized nothing."""

from __future__ import annotations

from evaluation.summaries.example import SummaryExample, SummarySet
from ingestion.sentences import sentences

LEAD = 3


def baselines(measured: SummarySet, example: SummaryExample) -> dict[str, str]:
    """Name → summary.

    `lead-3`: the first three turns of a dialogue, or sentences of a text. `lead`, where key points
    are to be covered: as many first sentences as a summary may be long. `constant`: one sentence
    for all texts, where the data set has one.
    """
    lines = example.text.splitlines() if measured.turns else sentences(example.text)
    found = {"lead-3": "\n".join([line for line in lines if line.strip()][:LEAD])}
    if example.points:
        found["lead"] = "\n".join(_within(sentences(example.text), measured.max_words))
    if measured.constant:
        found["constant"] = measured.constant
    return found


def _within(lines: list[str], words: int) -> list[str]:
    """The first lines that together have at most `words` words."""
    kept = []
    for line in lines:
        words -= len(line.split())
        if words < 0:
            break
        kept.append(line)
    return kept
