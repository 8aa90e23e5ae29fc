import numpy as np
import pytest

from evaluation.bootstrap import compare, interval


def test_interval_is_seeded_and_holds_the_mean() -> None:
    values = np.random.default_rng(1).random(80)
    first = interval(values, seed=3)
    assert first is not None
    assert first == interval(values, seed=3)
    assert first != interval(values, seed=4)
    assert first.value == pytest.approx(values.mean())
    assert first.low < first.value < first.high
    assert first.n == 80


def test_interval_covers_the_true_mean_about_95_times_in_100() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for trial in range(400):
        found = interval(generator.normal(0.3, 1.0, 60), resamples=800, seed=trial)
        assert found is not None
        covered += found.low <= 0.3 <= found.high
    assert 0.91 <= covered / 400 <= 0.98


def test_clusters_widen_the_interval_of_dependent_examples() -> None:
    per_cluster = np.random.default_rng(5).random(40)
    values, clusters = np.repeat(per_cluster, 10), list(np.repeat(np.arange(40), 10))
    plain, clustered = interval(values), interval(values, clusters=clusters)
    assert plain is not None and clustered is not None
    assert clustered.value == pytest.approx(plain.value)
    # ten copies of each value carry no more knowledge than one: the width grows by √10
    ratio = (clustered.high - clustered.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(np.sqrt(10), rel=0.15)


def test_clustered_interval_covers_where_the_plain_one_does_not() -> None:
    generator = np.random.default_rng(2)
    clusters = list(np.repeat(np.arange(30), 8))
    plain_covered = clustered_covered = 0
    for trial in range(200):
        values = np.repeat(generator.normal(0, 1, 30), 8) + generator.normal(0, 0.3, 240)
        plain = interval(values, resamples=500, seed=trial)
        clustered = interval(values, clusters=clusters, resamples=500, seed=trial)
        assert plain is not None and clustered is not None
        plain_covered += plain.low <= 0 <= plain.high
        clustered_covered += clustered.low <= 0 <= clustered.high
    assert clustered_covered / 200 >= 0.88
    assert plain_covered / 200 <= 0.7


def test_ratio_is_the_pooled_one() -> None:
    found = interval([1, 0, 0, 1], [1, 1, 0, 1])
    assert found is not None
    assert found.value == pytest.approx(2 / 3)
    assert found.n == 3


def test_nothing_to_estimate() -> None:
    assert interval([]) is None
    assert interval([0.0, 0.0], [0.0, 0.0]) is None


def test_paired_comparison_sees_a_small_steady_gain_that_noise_hides() -> None:
    noise = np.random.default_rng(8).normal(0, 1, 200)
    found = compare(noise + 0.05 + np.random.default_rng(9).normal(0, 0.05, 200), noise)
    assert found.p < 0.001
    assert found.difference.low > 0
    assert found.p == compare(noise, noise + 0.05).p  # two-sided


def test_p_value_is_small_as_often_as_it_says_where_there_is_no_difference() -> None:
    generator = np.random.default_rng(4)
    small = sum(
        compare(generator.random(50), generator.random(50), resamples=400, seed=i).p < 0.1
        for i in range(300)
    )
    assert 0.05 <= small / 300 <= 0.16


def test_equal_systems_are_not_different_and_p_is_never_zero() -> None:
    values = [0.1, 0.5, 0.9]
    assert compare(values, values).p == 1.0
    assert compare([1.0] * 50, [0.0] * 50, resamples=100).p == pytest.approx(2 / 101)


def test_unequal_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="paired samples"):
        compare([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="clusters"):
        interval([1.0, 2.0], clusters=["a"])
