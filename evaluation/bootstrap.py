"""Seeded bootstrap: intervals of a mean or ratio, and paired comparisons, by example or by cluster.

Efron & Tibshirani 1993, ch. 13 (percentile interval). Clusters (say all questions about one FAQ
entry) are resampled whole, because their members are not independent.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BLOCK = 4_000_000  # indices drawn at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its percentile interval; `n` examples went into it."""

    value: float
    low: float
    high: float
    n: int

    def as_json(self) -> dict[str, float | int]:
        return {name: round(value, 6) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean difference `first − second` with its interval and the two-sided bootstrap p-value."""

    difference: Interval
    p: float

    def as_json(self) -> dict[str, object]:
        return {"difference": self.difference.as_json(), "p": round(self.p, 6)}


def interval(
    values: Sequence[float] | Floats,
    weights: Sequence[float] | Floats | None = None,
    *,
    clusters: Sequence[Hashable] | None = None,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """Mean of `values` with its interval, or `sum(values) / sum(weights)` where weights are given.

    A ratio (precision: values = right and silent, weights = silent) keeps its random denominator
    that way. None where the denominator is zero: there is nothing to estimate.
    """
    numerator = np.asarray(values, dtype=np.float64)
    denominator = np.ones_like(numerator) if weights is None else np.asarray(weights, np.float64)
    n = int(np.count_nonzero(denominator))
    if n == 0:
        return None
    value = float(numerator.sum() / denominator.sum())
    drawn = _resampled_ratios(*_by_cluster(numerator, denominator, clusters), resamples, seed)
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high), n)


def compare(
    first: Sequence[float] | Floats,
    second: Sequence[float] | Floats,
    *,
    clusters: Sequence[Hashable] | None = None,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Paired bootstrap of two systems over the same examples (`first[i]`, `second[i]` of one).

    p is twice the smaller share of resampled differences on either side of zero, each counted with
    one added so that it is never 0 (Davison & Hinkley 1997, §4.2). Raises `ValueError` when the two
    differ in length or are empty.
    """
    left, right = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if left.shape != right.shape or left.size == 0:
        raise ValueError(f"paired samples need one non-zero length, not {left.size}, {right.size}")
    differences = left - right
    ones = np.ones_like(differences)
    drawn = _resampled_ratios(*_by_cluster(differences, ones, clusters), resamples, seed)
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    below = (np.count_nonzero(drawn <= 0) + 1) / (resamples + 1)
    above = (np.count_nonzero(drawn >= 0) + 1) / (resamples + 1)
    difference = Interval(float(differences.mean()), float(low), float(high), left.size)
    return Comparison(difference, min(1.0, 2 * min(below, above)))


def _by_cluster(
    numerator: Floats, denominator: Floats, clusters: Sequence[Hashable] | None
) -> tuple[Floats, Floats]:
    """Sums per cluster in order of first appearance; without clusters each example is its own."""
    if clusters is None:
        return numerator, denominator
    if len(clusters) != numerator.size:
        raise ValueError(f"{numerator.size} values but {len(clusters)} clusters")
    numbers: dict[Hashable, int] = {}
    member = np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters])
    return _sums(member, numerator), _sums(member, denominator)


def _sums(member: NDArray[np.int_], values: Floats) -> Floats:
    return np.asarray(np.bincount(member, values), np.float64)


def _resampled_ratios(numerator: Floats, denominator: Floats, resamples: int, seed: int) -> Floats:
    """`resamples` ratios of sums; draws whose denominator is zero are left out."""
    generator = np.random.default_rng(seed)
    size = numerator.size
    rows = max(1, _BLOCK // size)
    ratios = []
    for start in range(0, resamples, rows):
        drawn = generator.integers(0, size, (min(rows, resamples - start), size))
        below = denominator[drawn].sum(axis=1)
        kept = below > 0
        ratios.append(numerator[drawn].sum(axis=1)[kept] / below[kept])
    return np.concatenate(ratios)
