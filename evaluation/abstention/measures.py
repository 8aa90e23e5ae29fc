"""Measures of selective answering, all functions of how many questions had which confidence.

A question is *answerable* when the documents hold its answer. Answering one that is not is the
error counted here; whether the answer given is right is `lectern eval answers`' concern.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BINS = 10
"""Bins of the calibration error, each holding a tenth of the questions."""

FALSE_REFUSALS = 0.10
"""Share of the answerable questions that a learner may be refused."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Questions by confidence: `levels` are the distinct confidences, falling, shape (l,).

    `answerable` and `not_answerable` count the questions at each level, integers of shape (l,);
    levels without a question (in a bootstrap sample) are allowed.
    """

    levels: Floats
    answerable: Ints
    not_answerable: Ints

    @property
    def both_kinds(self) -> bool:
        """Whether there are answerable and unanswerable questions, which most measures need."""
        return bool(self.answerable.any() and self.not_answerable.any())

    @property
    def totals(self) -> Ints:
        return self.answerable + self.not_answerable


def tally(confidence: Floats, answerable: Bools) -> Tally:
    """The tally of n questions; both arguments have shape (n,)."""
    levels, level = np.unique(-np.asarray(confidence, np.float64), return_inverse=True)
    size = len(levels)
    return Tally(
        -levels,
        np.bincount(level[answerable], minlength=size),
        np.bincount(level[~answerable], minlength=size),
    )


def auroc(counted: Tally) -> float:
    """Chance that an answerable question has the higher confidence; ties count half.

    Hanley & McNeil 1982: the Mann-Whitney statistic.
    """
    yes, no = counted.answerable, counted.not_answerable
    lower = no.sum() - np.cumsum(no)
    return float((yes * (lower + no / 2)).sum() / (yes.sum() * no.sum()))


def risk_coverage(counted: Tally) -> tuple[Floats, Floats]:
    """Coverages 1/n … 1 and the risk at each: the share of unanswerable among those answered.

    El-Yaniv & Wiener 2010. The surest questions are answered first; among equals the risk is the
    one to expect when their order is left to chance.
    """
    totals = counted.totals
    errors = np.divide(counted.not_answerable, totals, out=np.zeros(len(totals)), where=totals > 0)
    answered = np.arange(1, totals.sum() + 1)
    return answered / totals.sum(), np.cumsum(np.repeat(errors, totals)) / answered


def aurc(counted: Tally) -> float:
    """Area under the risk-coverage curve: its mean over all coverages (Geifman & El-Yaniv 2017)."""
    return float(risk_coverage(counted)[1].mean())


def calibration_error(counted: Tally, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass.

    The mean over the bins, weighted by their size, of |mean confidence − share answerable|
    (Naeini et al. 2015; equal mass as in Nixon et al. 2019). Bin sizes differ by one at most;
    questions of equal confidence on a border are spread evenly over both bins.
    """
    bins_of = reliability(counted, bins)
    return float(np.abs(bins_of[:, 0] - bins_of[:, 1]) @ bins_of[:, 2])


def reliability(counted: Tally, bins: int = BINS) -> Floats:
    """(mean confidence, share answerable, share of all questions) of each bin, the surest first.

    Shape (b, 3), b ≤ bins.
    """
    totals = counted.totals
    share = np.divide(counted.answerable, totals, out=np.zeros(len(totals)), where=totals > 0)
    confidence, answerable = np.repeat(counted.levels, totals), np.repeat(share, totals)
    size = len(confidence)
    ends = np.array([size * number // bins for number in range(bins + 1)])
    starts, held = ends[:-1][np.diff(ends) > 0], np.diff(ends)[np.diff(ends) > 0]
    columns = [np.add.reduceat(column, starts) / held for column in (confidence, answerable)]
    return np.stack([*columns, held / size], axis=1)


def threshold_at(counted: Tally, false_refusals: float = FALSE_REFUSALS) -> float:
    """The highest confidence to ask for that refuses at most this share of the answerable ones."""
    yes = counted.answerable
    refused = yes.sum() - np.cumsum(yes)
    # Below level i lie `refused[i]`; asking for that level refuses them and no others.
    return float(counted.levels[np.argmax(refused <= false_refusals * yes.sum())])


def refused_at(counted: Tally, false_refusals: float = FALSE_REFUSALS) -> float:
    """Share of the unanswerable questions refused at `threshold_at(false_refusals)`."""
    below = counted.levels < threshold_at(counted, false_refusals)
    no = counted.not_answerable
    return float(no[below].sum() / no.sum())
