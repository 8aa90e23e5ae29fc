"""How sure an extractive answer is: a calibrated logistic regression over signals of its evidence.

Four signals where sentences are picked by the encoder, five where a reader read them. The weights
were fitted by `benchmarks/fit_confidence.py`, which see, on half of the entries of a course FAQ and
eight articles of SQuAD 2, and are frozen. `docs/results.md` has what they reach on other entries,
on courses with a document left out, and on questions near a course's topics.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer.

    `sense`: cosine of the question and the best sentence; `coverage`: share of the question's
    words, weighted by rarity, in the passage of that sentence; `dense_margin`, `lexical_margin`:
    how far the passage that stands out most stands above the others (`retrieval/standing.py`).
    """

    sense: float
    coverage: float
    dense_margin: float
    lexical_margin: float


@dataclass(frozen=True, slots=True)
class ReadEvidence(Evidence):
    """What a reader adds: `span`, log-odds of its span against "not in this passage"."""

    span: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bias and weights, in the form of the evidence they are for."""

    bias: float
    weights: Evidence


PICKED = Calibration(
    -5.80, Evidence(sense=4.40, coverage=5.29, dense_margin=5.43, lexical_margin=1.57)
)
READ = Calibration(
    -3.23,
    ReadEvidence(sense=3.0, coverage=2.92, dense_margin=6.36, lexical_margin=1.8, span=0.31),
)


def calibration_of(evidence: Evidence) -> Calibration:
    """The one that was fitted for such evidence."""
    return READ if isinstance(evidence, ReadEvidence) else PICKED


def confidence(evidence: Evidence) -> float:
    """Probability, in [0, 1], that the passages hold the answer.

    It holds where three of four questions can be answered from the documents.
    """
    fitted = calibration_of(evidence)
    z = fitted.bias + sum(
        w * e for w, e in zip(astuple(fitted.weights), astuple(evidence), strict=True)
    )
    return 1.0 / (1.0 + math.exp(-z))
