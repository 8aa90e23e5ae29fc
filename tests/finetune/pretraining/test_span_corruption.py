"""Span corruption against its definition: Raffel et al. 2020, §3.1.4."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.pretraining.span_corruption import Corruption, corrupt, noise_mask

FIRST, END = 9_999, 1


def lengths_of(mask: np.ndarray, value: bool) -> list[int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[not value], mask, [not value]]) == value))
    return list(np.diff(edges)[::2])


def test_t5s_own_numbers() -> None:
    # t5.data.preprocessors.random_spans_helper(512, .15, 3, 1, 1) gives (568, 114).
    found = Corruption.filling(512)
    assert (found.window, found.source, found.target) == (568, 512, 114)
    assert (found.noise, found.spans) == (85, 28)


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 600), st.integers(0, 10_000))
def test_every_token_appears_once_and_the_lengths_are_exact(source: int, seed: int) -> None:
    try:
        corruption = Corruption.filling(source)
    except ValueError:
        return
    window = np.arange(100, 100 + corruption.window)
    given_, wanted = corrupt(
        window, corruption, np.random.default_rng(seed), first_sentinel=FIRST, end=END
    )
    assert len(given_) == corruption.source == source
    assert len(wanted) == corruption.target
    assert given_[-1] == wanted[-1] == END
    sentinels = [FIRST - n for n in range(corruption.spans)]
    for side in (given_, wanted):
        assert [token for token in side if token > 9_000] == sentinels
        kept = [token for token in side if 100 <= token < 9_000]
        assert kept == sorted(kept)
    both = np.concatenate([given_, wanted])
    assert sorted(both[(both >= 100) & (both < 9_000)]) == window.tolist()
    assert wanted[0] == FIRST


def test_putting_the_spans_back_gives_the_window() -> None:
    corruption = Corruption.filling(64)
    window = np.arange(100, 100 + corruption.window)
    source, target = corrupt(
        window, corruption, np.random.default_rng(3), first_sentinel=FIRST, end=END
    )
    spans: dict[int, list[int]] = {}
    for token in target[:-1].tolist():
        if token > 9_000:
            spans[token] = []
        else:
            spans[next(reversed(spans))].append(token)
    whole = [t for token in source[:-1].tolist() for t in spans.get(token, [token])]
    assert whole == window.tolist()


def test_density_and_mean_span() -> None:
    corruption = Corruption.filling(512)
    masks = np.stack([noise_mask(corruption, np.random.default_rng(n)) for n in range(300)])
    assert masks.mean() == pytest.approx(0.15, abs=0.001)
    spans = [length for mask in masks for length in lengths_of(mask, True)]
    assert np.mean(spans) == pytest.approx(3.0, abs=0.05)
    assert min(spans) == 1
    # Every division of n tokens into k spans is equally likely: the first span is one token with
    # probability (k − 1) / (n − 1).
    first = [lengths_of(mask, True)[0] for mask in masks]
    assert np.mean(np.array(first) == 1) == pytest.approx(27 / 84, abs=0.09)
    middle = masks[:, 30:-30].mean(0)
    assert middle.min() > 0.06
    assert middle.max() < 0.26


def test_windows_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="100 sentinels"):
        Corruption.filling(4096)
    with pytest.raises(ValueError, match="no span corruption"):
        Corruption.filling(3)


def test_a_window_beside_its_corruption_fills_the_source() -> None:
    found = Corruption.beside(256)
    longer = Corruption.of_window(found.window + 1, 0.3, 3.0)
    assert found.window + found.source <= 256 < longer.window + longer.source
    assert found.noise == round(0.3 * found.window)
    assert found.spans >= 10
