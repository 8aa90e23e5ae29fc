"""Platt's sigmoid: turns logits into probabilities that mean what they say, and moves no rank."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

_RIDGE = 1e-3


def fit_platt(logits: NDArray[np.float64], labels: NDArray[np.float64]) -> tuple[float, float]:
    """(slope, offset) of σ(slope · logit + offset) with the least cross-entropy.

    Platt 1999. Labels may lie between 0 and 1. A slight ridge towards (1, 0) keeps the fit finite
    where the classes are told apart without error.
    """
    prior = np.array([1.0, 0.0])

    def cost(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = weights[0] * logits + weights[1]
        error = 1 / (1 + np.exp(-z)) - labels
        away = weights - prior
        value = (np.logaddexp(0, z) - labels * z).mean() + _RIDGE * (away @ away) / 2
        return value, np.array([(error * logits).mean(), error.mean()]) + _RIDGE * away

    slope, offset = minimize(cost, prior, jac=True).x
    return float(slope), float(offset)
