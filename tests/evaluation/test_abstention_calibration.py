"""Fitting a calibrator, and halves that share no document."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.abstention.calibration import (
    Calibrator,
    components,
    fit,
    folds,
    log_loss,
    mixed,
)
from evaluation.abstention.measures import calibration_error, tally

TRUE = Calibrator(-1.0, (2.0, -0.5))


def drawn(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    signals = generator.normal(size=(size, 2))
    return signals, generator.random(size) < TRUE(signals)


def test_the_weights_that_made_the_data_are_found() -> None:
    found = fit(*drawn(50_000))
    assert found.bias == pytest.approx(TRUE.bias, abs=0.05)
    assert found.weights == pytest.approx(TRUE.weights, abs=0.05)


def test_no_other_weights_are_likelier() -> None:
    signals, answerable = drawn(400, seed=1)
    found = fit(signals, answerable)
    ones = np.ones(len(answerable))
    best = log_loss(found(signals), answerable, ones)
    for bias, first, second in np.random.default_rng(2).normal(size=(50, 3)) * 0.3:
        other = Calibrator(found.bias + bias, (found.weights[0] + first, found.weights[1] + second))
        assert log_loss(other(signals), answerable, ones) >= best - 1e-4


def test_calibrating_lowers_the_calibration_error_on_other_data() -> None:
    signals, answerable = drawn(4_000, seed=3)
    said = 1 / (1 + np.exp(-6 * signals[:, 0]))  # far too sure of itself
    odds = np.log(said / (1 - said))[:, None]
    calibrator = fit(odds[:2_000], answerable[:2_000])
    before = calibration_error(tally(said[2_000:], answerable[2_000:]))
    after = calibration_error(tally(calibrator(odds[2_000:]), answerable[2_000:]))
    assert after < 0.05 < before


def test_separable_data_do_not_run_away() -> None:
    signals = np.array([[0.0], [0.1], [0.9], [1.0]])
    found = fit(signals, np.array([False, False, True, True]))
    assert np.isfinite([found.bias, *found.weights]).all()
    assert (found(signals) > 0.5).tolist() == [False, False, True, True]


def test_example_weights_make_the_mix_that_is_asked_for() -> None:
    answerable = np.array([True] * 10 + [False] * 30)
    weights = mixed(answerable, 0.75)
    assert weights.sum() == pytest.approx(40)
    assert weights[answerable].sum() == pytest.approx(30)
    # Signals that say nothing: the bias is the log-odds of the mix.
    found = fit(np.zeros((40, 1)), answerable, weights)
    assert found.bias == pytest.approx(np.log(3), abs=1e-3)


def test_examples_that_share_a_document_are_together() -> None:
    sources = [["a"], ["b", "c"], ["d"], ["c", "e"], ["a"], ["e"]]
    groups = components(sources)
    assert groups[0] == groups[4]
    assert groups[1] == groups[3] == groups[5]
    assert len({groups[0], groups[1], groups[2]}) == 3


def test_no_document_is_on_both_sides() -> None:
    generator = np.random.default_rng(5)
    sources = [
        [f"d{n}" for n in generator.choice(200, size=generator.integers(1, 3))] for _ in range(150)
    ]
    sides = folds(components(sources), 2)
    documents = [
        {name for names, side in zip(sources, sides, strict=True) if side == half for name in names}
        for half in (0, 1)
    ]
    assert documents[0] and documents[1]
    assert not documents[0] & documents[1]
