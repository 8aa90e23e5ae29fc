"""How far a passage stands above the others that were found: an answer stands in few places.

What a question shares with its whole subject, every passage about that subject shares alike. A
passage that answers it stands out, whatever the level of the scores, which differs from course to
course: slides lie farther from any question than prose does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ingestion.passage import Passage

COMPARED = 6
"""Passages among which one may stand out, however many are read."""


def with_margins(passages: Sequence[Passage]) -> list[Passage]:
    """The passages, best first, with two more `scores` each, against the mean of the others.

    `dense_margin` is a difference of cosines, `lexical_margin` the logarithm of a ratio of BM25
    scores (each plus one), because these have no scale of their own. The others are those among the
    first six; where there is none, nothing is subtracted.
    """
    return [
        replace(
            passage,
            scores={
                **passage.scores,
                "dense_margin": _score(passage, "dense") - _of_others(passage, passages, "dense"),
                "lexical_margin": math.log1p(_score(passage, "lexical"))
                - math.log1p(_of_others(passage, passages, "lexical")),
            },
        )
        for passage in passages
    ]


def _of_others(passage: Passage, passages: Sequence[Passage], leg: str) -> float:
    scores = [_score(other, leg) for other in passages[:COMPARED] if other is not passage]
    return sum(scores) / len(scores) if scores else 0.0


def _score(passage: Passage, leg: str) -> float:
    return passage.scores.get(leg, 0.0)
