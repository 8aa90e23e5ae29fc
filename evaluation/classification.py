"""Measures of a score that is to tell two classes apart: AUC, calibration, the pull of length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from evaluation.bootstrap import Floats, Interval

Truth = NDArray[np.bool_]

BINS = 15


def auroc(scores: Sequence[float] | Floats, truth: Sequence[bool] | Truth) -> float:
    """Probability that a positive scores above a negative, ties counting half (Mann & Whitney
    1947). Raises `ValueError` where a class is missing.
    """
    values, positive = np.asarray(scores, np.float64), np.asarray(truth, np.bool_)
    positives = int(positive.sum())
    negatives = positive.size - positives
    if not positives or not negatives:
        raise ValueError(f"an AUC needs both classes, not {positives} and {negatives}")
    ranks = float(rankdata(values)[positive].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def auroc_interval(
    scores: Sequence[float] | Floats,
    truth: Sequence[bool] | Truth,
    *,
    resamples: int = 1_000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The AUC with its percentile interval over examples drawn again, within each class."""
    values, positive = np.asarray(scores, np.float64), np.asarray(truth, np.bool_)
    value = auroc(values, positive)
    # Sorted once: the AUC of a sample follows from how often each distinct score was drawn.
    _, place = np.unique(values, return_inverse=True)
    generator = np.random.default_rng(seed)
    size = int(place.max()) + 1
    drawn = np.empty(resamples)
    for sample in range(resamples):
        above, below = (
            np.bincount(generator.choice(group, group.size), minlength=size)
            for group in (place[positive], place[~positive])
        )
        lower = np.cumsum(below) - below
        drawn[sample] = (above * (lower + below / 2)).sum() / (above.sum() * below.sum())
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high), values.size)


def calibration_error(probabilities: Floats, truth: Truth, bins: int = BINS) -> float:
    """Expected calibration error (Naeini et al. 2015) over bins of equal width: the mean distance
    between the stated probability of the positive class and its share, weighted by bin.
    """
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = np.bincount(place, probabilities - truth, minlength=bins)
    return float(np.abs(gaps).sum() / probabilities.size)


def length_matched_auroc(
    scores: Floats, truth: Truth, lengths: Sequence[int], width: float = 0.1
) -> float | None:
    """The AUC over pairs of a positive and a negative of like length: the logarithms of both fall
    into one bin of `width`. None where no such pair exists.
    """
    bins = np.floor(np.log(np.maximum(lengths, 1)) / width).astype(int)
    won = pairs = 0.0
    for group in np.unique(bins):
        here = bins == group
        count = float(truth[here].sum()) * float((~truth[here]).sum())
        if count:
            won += auroc(scores[here], truth[here]) * count
            pairs += count
    return won / pairs if pairs else None


def rank_correlation(first: Sequence[float] | Floats, second: Sequence[float] | Floats) -> float:
    """Spearman's: the correlation of the ranks; 0 where one of the two never varies."""
    left, right = rankdata(first), rankdata(second)
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])
