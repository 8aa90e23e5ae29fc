"""Platt's sigmoid: turns logits into probabilities that mean what they say, and moves no rank."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

_RIDGE = 1e-3


def fit_platt(logits: NDArray[np.float32], labels: NDArray[np.float32]) -> tuple[float, float]:
    """(slope, offset) of σ(slope · logit + offset) with the least cross-entropy.

    Platt 1999. Labels may lie between 0 and 1. A slight ridge towards (1, 0) keeps the fit finite
    where the classes are told apart without error.
    """
    x, y = logits.astype(np.float64), labels.astype(np.float64)
    prior = np.array([1.0, 0.0])

    def cost(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = weights[0] * x + weights[1]
        error = 1 / (1 + np.exp(-z)) - y
        away = weights - prior
        value = (np.logaddexp(0, z) - y * z).mean() + _RIDGE * (away @ away) / 2
        return value, np.array([(error * x).mean(), error.mean()]) + _RIDGE * away

    slope, offset = minimize(cost, prior, jac=True).x
    return float(slope), float(offset)
