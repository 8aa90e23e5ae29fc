"""Calibrators: logistic regressions from signals to the chance that a question can be answered.

Several signals of the evidence, or an uncalibrated confidence alone (Platt 1999). Fitted and judged
by document, so that no document is on both sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.abstention.measures import Bools, Floats, Ints

RIDGE = 1e-2
STEPS = 50


@dataclass(frozen=True, slots=True)
class Calibrator:
    """`1 / (1 + exp(−(bias + weights · signals)))`; `weights` has shape (k,)."""

    bias: float
    weights: tuple[float, ...]

    def __call__(self, signals: Floats) -> Floats:
        """Probabilities of shape (n,) for signals of shape (n, k)."""
        z = self.bias + signals @ np.array(self.weights)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -30, 30))), np.float64)


def fit(signals: Floats, answerable: Bools, weights: Floats | None = None) -> Calibrator:
    """Maximum likelihood by Newton's method, the weights (not the bias) lightly ridged.

    `signals` (n, k), `answerable` (n,), `weights` (n,) of the examples: all one where not given.
    """
    x = np.column_stack([np.ones(len(signals)), signals])
    share = np.ones(len(x)) if weights is None else weights
    ridge = np.diag([0.0] + [RIDGE] * signals.shape[1])
    found = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ found, -30, 30)))
        gradient = x.T @ (share * (p - answerable)) + ridge @ found
        curvature = (x * (share * p * (1 - p))[:, None]).T @ x + ridge + 1e-9 * np.eye(x.shape[1])
        step = np.linalg.solve(curvature, gradient)
        found = found - step
        if np.abs(step).max() < 1e-9:
            break
    return Calibrator(float(found[0]), tuple(map(float, found[1:])))


def mixed(answerable: Bools, share: float) -> Floats:
    """Example weights, summing to their number, under which `share` of it is answerable."""
    size = len(answerable)
    yes, no = share * size / answerable.sum(), (1 - share) * size / (~answerable).sum()
    return np.asarray(np.where(answerable, yes, no), np.float64)


def log_loss(probability: Floats, answerable: Bools, weights: Floats) -> float:
    """Mean negative log-likelihood in nats, weighted."""
    held = np.clip(np.where(answerable, probability, 1 - probability), 1e-12, 1)
    return float(-(weights * np.log(held)).sum() / weights.sum())


def folds(documents: Sequence[Hashable], count: int) -> Ints:
    """A fold in 0…count−1 for each example, by its document's hash; shape (n,)."""
    return np.array([_hash(document) % count for document in documents], dtype=np.int64)


def components(sources: Sequence[Sequence[str]]) -> list[str]:
    """For each example the name of its group: examples that share a document are in one group.

    `sources[i]` are the documents of example i, at least one; sharing carries over, so that groups
    can be put on different sides without any document being on both.
    """
    leader: dict[str, str] = {}

    def find(document: str) -> str:
        while leader.setdefault(document, document) != document:
            document = leader[document]
        return document

    for first, *others in sources:
        for other in others:
            left, right = sorted((find(first), find(other)))
            leader[right] = left
    return [find(first) for first, *_ in sources]


def _hash(name: Hashable) -> int:
    return int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:8], "big")
