"""Places in a document: ranges, labels, and what holds two of them."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.locator import Locator, LocatorKind, clock

NUMBERED = tuple(kind for kind in get_args(LocatorKind) if kind != "heading")
numbered = st.builds(
    lambda kind, first, more: Locator.number(kind, first, first + more),
    st.sampled_from(NUMBERED),
    st.integers(0, 5000),
    st.integers(0, 50),
)


@pytest.mark.parametrize(
    ("locator", "label"),
    [
        (Locator.number("page", 3), "page 3"),
        (Locator.number("page", 3, 3), "page 3"),
        (Locator.number("slide", 3, 5), "slides 3–5"),
        (Locator.number("cell", 1), "cell 1"),
        (Locator.number("line", 10, 12), "lines 10–12"),
        (Locator.number("time", 65), "01:05"),
        (Locator.number("time", 65, 3725), "01:05–1:02:05"),
        (Locator.heading(["Week 1", "Attention"]), "Week 1 › Attention"),
        (Locator.heading([]), "start of document"),
    ],
)
def test_labels(locator: Locator, label: str) -> None:
    assert locator.label == label


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "00:00"), (59, "00:59"), (60, "01:00"), (3599, "59:59"), (3600, "1:00:00")],
)
def test_clock(seconds: int, shown: str) -> None:
    assert clock(seconds) == shown


def test_bounds_are_inclusive_and_a_trail_has_none() -> None:
    assert Locator("page", "7").bounds == (7, 7)
    assert Locator("page", "7-9").bounds == (7, 9)
    assert Locator.heading(["2024-25", "A"]).bounds is None


@given(numbered, numbered)
def test_a_range_holds_both_and_nothing_more(left: Locator, right: Locator) -> None:
    both = left.to(right)
    if left.kind != right.kind:
        assert both == left
        return
    mine, theirs, whole = left.bounds, right.bounds, both.bounds
    assert mine and theirs and whole
    assert whole == (min(mine[0], theirs[0]), max(mine[1], theirs[1]))
    assert both == right.to(left)
    assert both.to(left) == both


def test_two_trails_meet_where_they_part() -> None:
    lora = Locator.heading(["Week 2", "Tuning", "LoRA"])
    full = Locator.heading(["Week 2", "Tuning", "Full"])
    assert lora.to(full) == Locator.heading(["Week 2", "Tuning"])
    assert lora.to(lora) == lora
    assert lora.to(Locator.heading(["Week 3"])) == lora
    assert lora.to(Locator.number("page", 1)) == lora
