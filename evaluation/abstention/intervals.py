"""Bootstrap intervals of the measures of abstention, clusters (entries, articles) resampled whole.

A measure such as AUROC is no ratio of sums, so it is computed anew on each resample. Percentile
intervals as in `evaluation/bootstrap.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.abstention.measures import Bools, Floats, Tally, tally
from evaluation.bootstrap import Interval

Measure = Callable[[Tally], float]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Confidence in [0, 1] and answerability of n questions, each array of shape (n,).

    `clusters` names what is resampled whole: questions about one entry are not independent, nor is
    one question asked of two indexes.
    """

    confidence: Floats
    answerable: Bools
    clusters: Sequence[Hashable]

    def tally(self) -> Tally:
        return tally(self.confidence, self.answerable)


def measured(
    outcomes: Outcomes,
    measures: dict[str, Measure],
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each measure with its interval, all on the same resamples.

    Resamples without one of the two kinds of question are left out; empty where the outcomes
    themselves lack one.
    """
    whole = outcomes.tally()
    if not whole.both_kinds:
        return {}
    drawn: dict[str, list[float]] = {name: [] for name in measures}
    for sample in _resampled(outcomes, whole, resamples, seed):
        if sample.both_kinds:
            for name, measure in measures.items():
                drawn[name].append(measure(sample))
    tail = (1 - level) / 2
    found = {}
    for name, measure in measures.items():
        low, high = np.quantile(drawn[name], [tail, 1 - tail])
        value = measure(whole)
        found[name] = Interval(value, float(low), float(high), len(outcomes.confidence))
    return found


def _resampled(outcomes: Outcomes, whole: Tally, resamples: int, seed: int) -> Iterator[Tally]:
    """Tallies of bootstrap samples: as many clusters as there are, drawn with replacement."""
    numbers: dict[Hashable, int] = {}
    cluster = np.array([numbers.setdefault(name, len(numbers)) for name in outcomes.clusters])
    level = np.searchsorted(-whole.levels, -np.asarray(outcomes.confidence, np.float64))
    size = len(whole.levels)
    generator = np.random.default_rng(seed)
    chance = np.full(len(numbers), 1 / len(numbers))
    kinds = (outcomes.answerable, ~outcomes.answerable)
    for _ in range(resamples):
        times = generator.multinomial(len(numbers), chance)
        counts = [np.bincount(level[kind], times[cluster[kind]], size) for kind in kinds]
        yield Tally(whole.levels, *(count.astype(np.int64) for count in counts))
