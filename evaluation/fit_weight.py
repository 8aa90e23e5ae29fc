"""Fit the one fusion weight on a grid: the middle of the best macro mean's plateau.

The curve over the weight is flat at its top and ragged by the luck of single queries. Its highest
point is therefore a poor estimate; the middle of all weights nearly as good is a stable one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.beir import Benchmark
from evaluation.legs import Legs, Progress
from evaluation.ranking import means, measure_run

GRID = tuple(round(0.02 * step, 2) for step in range(51))

PLATEAU = 0.002
"""Macro means that differ by no more than this count as equal."""


@dataclass(frozen=True, slots=True)
class Development:
    """A development set, scored once in both legs; `measure` judges a weight on it."""

    benchmark: Benchmark
    legs: Legs
    measure: str


@dataclass(frozen=True, slots=True)
class Fit:
    """The chosen weight, and weight → set name → measure over the grid (`macro` is the mean)."""

    weight: float
    curve: Mapping[float, Mapping[str, float]]


def fit_weight(
    sets: Sequence[Development],
    grid: Sequence[float] = GRID,
    progress: Progress | None = None,
) -> Fit:
    """Maximise the mean over the sets of each one's measure; of near-equals take the middle."""
    curve = {}
    for number, weight in enumerate(grid, start=1):
        row = {
            chosen.benchmark.name: means(
                measure_run(chosen.benchmark.qrels, chosen.legs.fused(weight))
            )[chosen.measure]
            for chosen in sets
        }
        curve[weight] = row | {"macro": float(np.mean(list(row.values())))}
        if progress:
            progress("weights", number, len(grid))
    best = max(row["macro"] for row in curve.values())
    near = [weight for weight, row in curve.items() if row["macro"] >= best - PLATEAU]
    return Fit(near[len(near) // 2], curve)
