"""How sure an extractive answer is: a logistic regression over three signals of the evidence.

The weights were set by hand on the sample course's questions. `benchmarks/fit_confidence.py` holds
them against weights fitted on Natural Questions: they rank as well there, and the fitted ones, made
for prose, refuse whatever a passage with a slide's low cosine says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer.

    `sense`: cosine of question and best sentence; `words`: share of the question's words, weighted
    by rarity, found in or beside it; `passage`: cosine of the question and the nearest passage.
    """

    sense: float
    words: float
    passage: float


BIAS, SENSE, WORDS, PASSAGE = -5.0, 3.0, 2.5, 6.0


def confidence(evidence: Evidence) -> float:
    """Probability, in [0, 1], that the passages hold the answer."""
    z = BIAS + SENSE * evidence.sense + WORDS * evidence.words + PASSAGE * evidence.passage
    return 1.0 / (1.0 + math.exp(-z))
