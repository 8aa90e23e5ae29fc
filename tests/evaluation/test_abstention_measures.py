"""Each measure against the plainest computation of its definition, on samples with and without
ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.abstention.intervals import Outcomes, measured
from evaluation.abstention.measures import (
    aurc,
    auroc,
    calibration_error,
    refused_at,
    reliability,
    risk_coverage,
    tally,
    threshold_at,
)

Sample = list[tuple[float, bool]]

samples = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.4, 0.5, 0.8, 0.9]), st.booleans()),
    min_size=2,
    max_size=7,
).filter(lambda sample: len({kind for _, kind in sample}) == 2)


def tallied(sample: Sample):
    confidence, answerable = zip(*sample, strict=True)
    return tally(np.array(confidence), np.array(answerable))


def orders(sample: Sample) -> list[Sample]:
    """Every order of falling confidence: equals may come in any order."""
    found = itertools.permutations(sample)
    return [list(o) for o in found if all(a[0] >= b[0] for a, b in itertools.pairwise(o))]


@given(samples)
def test_auroc_counts_pairs(sample: Sample) -> None:
    yes = [c for c, answerable in sample if answerable]
    no = [c for c, answerable in sample if not answerable]
    pairs = [1.0 if y > n else 0.5 if y == n else 0.0 for y in yes for n in no]
    assert auroc(tallied(sample)) == pytest.approx(sum(pairs) / len(pairs))


@given(samples)
@settings(deadline=None)
def test_risk_is_the_mean_over_all_orders_of_equals(sample: Sample) -> None:
    risks = []
    for order in orders(sample):
        errors = list(itertools.accumulate(float(not answerable) for _, answerable in order))
        risks.append([wrong / n for n, wrong in enumerate(errors, start=1)])
    expected = np.mean(risks, axis=0)
    coverage, risk = risk_coverage(tallied(sample))
    assert coverage == pytest.approx(np.arange(1, len(sample) + 1) / len(sample))
    assert risk == pytest.approx(expected)
    assert aurc(tallied(sample)) == pytest.approx(expected.mean())


def test_a_perfect_order_has_the_least_area_and_the_reverse_the_greatest() -> None:
    def area(sample: Sample) -> float:
        return aurc(tallied(sample))

    kinds = [True, True, False, False, False]
    areas = {
        area([(0.9 - 0.1 * n, kind) for n, kind in enumerate(order)])
        for order in itertools.permutations(kinds)
    }
    best = [(0.9 - 0.1 * n, kind) for n, kind in enumerate(kinds)]
    worst = [(0.9 - 0.1 * n, kind) for n, kind in enumerate(reversed(kinds))]
    assert area(best) == pytest.approx(min(areas)) == pytest.approx((1 / 3 + 2 / 4 + 3 / 5) / 5)
    assert area(worst) == pytest.approx(max(areas))


@pytest.mark.parametrize("size", [3, 10, 47])
def test_calibration_error_of_equal_bins(size: int) -> None:
    generator = np.random.default_rng(size)
    confidence, answerable = generator.random(size), generator.random(size) < 0.4
    order = np.argsort(-confidence)
    ends = [size * b // 10 for b in range(11)]
    expected = 0.0
    for start, end in itertools.pairwise(ends):
        inside = order[start:end]
        if len(inside):
            gap = abs(confidence[inside].mean() - answerable[inside].mean())
            expected += len(inside) / size * gap
    counted = tally(confidence, answerable)
    assert calibration_error(counted) == pytest.approx(expected)
    held = reliability(counted)[:, 2] * size
    assert held.sum() == pytest.approx(size)
    assert held.max() - held.min() <= 1 + 1e-9


def test_a_confidence_that_keeps_its_word_has_no_error() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.random(200_000)
    answerable = generator.random(200_000) < confidence
    assert calibration_error(tally(confidence, answerable)) < 0.005
    assert calibration_error(tally(confidence**2, answerable)) > 0.1


def test_equals_on_a_border_are_spread_evenly() -> None:
    # All alike: every bin says .7 and holds half answerable ones, whatever their order in the file.
    sample = [(0.7, True)] * 10 + [(0.7, False)] * 10
    assert calibration_error(tallied(sample)) == pytest.approx(0.2)


@given(samples, st.sampled_from([0.0, 0.1, 0.3, 0.5]))
def test_the_threshold_is_the_highest_that_spares_enough(sample: Sample, share: float) -> None:
    yes = [c for c, answerable in sample if answerable]
    no = [c for c, answerable in sample if not answerable]

    def spares(threshold: float) -> bool:
        return sum(c < threshold for c in yes) <= share * len(yes)

    expected = max(c for c, _ in sample if spares(c))
    counted = tallied(sample)
    assert threshold_at(counted, share) == expected
    assert refused_at(counted, share) == pytest.approx(sum(c < expected for c in no) / len(no))


def outcomes(size: int, seed: int, each: int = 1) -> Outcomes:
    """`size` clusters of `each` questions that share their confidence and answerability."""
    generator = np.random.default_rng(seed)
    answerable = generator.random(size) < 0.5
    confidence = generator.normal(answerable.astype(float), 1.0)
    return Outcomes(
        np.repeat(confidence, each),
        np.repeat(answerable, each),
        list(np.repeat(np.arange(size), each)),
    )


def test_intervals_are_seeded_and_hold_the_measure() -> None:
    sample = outcomes(120, 1)
    found = measured(sample, {"auroc": auroc, "aurc": aurc}, resamples=300, seed=3)
    assert found == measured(sample, {"auroc": auroc, "aurc": aurc}, resamples=300, seed=3)
    assert found["auroc"].value == pytest.approx(auroc(sample.tally()))
    assert found["auroc"].n == 120
    assert all(each.low < each.value < each.high for each in found.values())


def test_the_interval_covers_the_true_auroc_at_about_its_nominal_rate() -> None:
    truth = auroc(outcomes(200_000, 99).tally())
    covered = 0
    for trial in range(150):
        found = measured(outcomes(80, trial), {"auroc": auroc}, resamples=300, seed=trial)["auroc"]
        covered += found.low <= truth <= found.high
    assert 0.88 <= covered / 150 <= 0.99


def test_clusters_are_resampled_whole() -> None:
    # Ten copies of each question carry no more knowledge than one.
    once, tenfold = outcomes(60, 5), outcomes(60, 5, each=10)
    narrow, wide = (
        measured(sample, {"auroc": auroc}, resamples=2_000, seed=0)["auroc"]
        for sample in (once, tenfold)
    )
    assert wide.value == pytest.approx(narrow.value)
    assert wide.high - wide.low == pytest.approx(narrow.high - narrow.low, rel=0.05)


def test_nothing_to_measure_without_both_kinds() -> None:
    sample = Outcomes(np.array([0.2, 0.4]), np.array([True, True]), ["a", "b"])
    assert measured(sample, {"auroc": auroc}) == {}
