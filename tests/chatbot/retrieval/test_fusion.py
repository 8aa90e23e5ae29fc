"""Fusion against the formula written out, on whatever scores two legs may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.retrieval.fusion import fuse
from ingestion.stores.base import Hit

Leg = dict[int, float]
# Rounded, so that no spread is too small to divide by.
score = st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 3))
legs = st.dictionaries(st.integers(1, 30), score, max_size=20)


def hits(leg: Leg) -> list[Hit]:
    return [Hit(chunk_id, value) for chunk_id, value in leg.items()]


def by_the_formula(lexical: Leg, dense: Leg, weight: float) -> Leg:
    def normal(leg: Leg, chunk_id: int) -> float:
        if chunk_id not in leg:
            return 0.0
        low, high = min(leg.values()), max(leg.values())
        return 1.0 if high == low else (leg[chunk_id] - low) / (high - low)

    return {
        i: weight * normal(dense, i) + (1 - weight) * normal(lexical, i)
        for i in sorted({*lexical, *dense})
    }


@given(legs, legs, st.floats(0, 1), st.integers(1, 40))
def test_fusion_is_the_formula(lexical: Leg, dense: Leg, weight: float, k: int) -> None:
    expected = by_the_formula(lexical, dense, weight)
    found = fuse(hits(lexical), hits(dense), weight, k)
    assert len(found) == min(k, len(expected))
    assert len({f.chunk_id for f in found}) == len(found)
    for f in found:
        assert f.score == pytest.approx(expected[f.chunk_id], abs=1e-9)
        assert 0.0 <= f.score <= 1.0 + 1e-9
    left_out = expected.keys() - {f.chunk_id for f in found}
    if found and left_out:
        assert found[-1].score >= max(expected[i] for i in left_out) - 1e-9


@given(legs, legs, st.floats(0, 1))
def test_best_first_and_equals_by_chunk_id(lexical: Leg, dense: Leg, weight: float) -> None:
    found = fuse(hits(lexical), hits(dense), weight, 100)
    assert found == sorted(found, key=lambda f: (-f.score, f.chunk_id))


@given(legs.filter(bool), legs.filter(bool))
def test_raw_scores_are_kept_and_what_a_leg_lacks_is_its_lowest(lexical: Leg, dense: Leg) -> None:
    for f in fuse(hits(lexical), hits(dense), 0.5, 100):
        assert f.lexical == lexical.get(f.chunk_id, min(lexical.values()))
        assert f.dense == dense.get(f.chunk_id, min(dense.values()))


@given(legs.filter(bool), legs.filter(bool))
def test_a_weight_at_its_end_is_one_leg_alone(lexical: Leg, dense: Leg) -> None:
    for weight, leg in ((0.0, lexical), (1.0, dense)):
        found = [f.chunk_id for f in fuse(hits(lexical), hits(dense), weight, 100)]
        ranked = [i for i in found if i in leg]
        assert [leg[i] for i in ranked] == sorted(leg.values(), reverse=True)
        assert found[0] in leg


@pytest.mark.parametrize("weight", [-0.01, 1.01, float("nan")])
def test_a_weight_out_of_bounds_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        fuse([], [], weight, 3)


def test_nothing_found_is_nothing_fused() -> None:
    assert fuse([], [], 0.5, 3) == []
