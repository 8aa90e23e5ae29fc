"""The pull of length: correlation by rank, and an AUC that length cannot help."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.length_bias import length_matched_auroc, rank_correlation


def test_the_rank_correlation_sees_order_alone() -> None:
    assert rank_correlation([1.0, 2.0, 3.0], [10.0, 100.0, 1e9]) == pytest.approx(1.0)
    assert rank_correlation([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]) == pytest.approx(-1.0)
    assert rank_correlation([1.0, 1.0], [1.0, 2.0]) == 0.0


def test_only_texts_of_like_length_are_held_against_each_other() -> None:
    scores = np.array([0.9, 0.1, 0.2, 0.8])
    truth = np.array([True, False, True, False])

    # Long toxic above short harmless counts nothing; within each length one pair is right.
    assert length_matched_auroc(scores, truth, [100, 100, 3, 3]) == 0.5
    assert length_matched_auroc(scores, truth, [100, 3, 100, 3]) is None
