"""How far a score follows the length of a text instead of what it is to judge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from evaluation.abstention.measures import Bools, Floats, auroc, tally


def rank_correlation(first: Sequence[float] | Floats, second: Sequence[float] | Floats) -> float:
    """Spearman's: the correlation of the ranks; 0 where one of the two never varies."""
    left, right = rankdata(first), rankdata(second)
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


def length_matched_auroc(
    scores: Floats, truth: Bools, lengths: Sequence[int], width: float = 0.1
) -> float | None:
    """The AUC over pairs of a positive and a negative of like length: the logarithms of both fall
    into one bin of `width`. None where no such pair exists.
    """
    bins = np.floor(np.log(np.maximum(lengths, 1)) / width).astype(int)
    won = pairs = 0.0
    for group in np.unique(bins):
        counted = tally(scores[bins == group], truth[bins == group])
        if counted.both_kinds:
            count = float(counted.answerable.sum()) * float(counted.not_answerable.sum())
            won += auroc(counted) * count
            pairs += count
    return won / pairs if pairs else None
