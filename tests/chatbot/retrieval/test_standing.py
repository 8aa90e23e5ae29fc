"""Margins: a passage that stands out, whatever the level of the scores and the passages read."""

from __future__ import annotations

import math

import pytest

from chatbot.retrieval.standing import COMPARED, with_margins
from ingestion.passage import Passage


def passages(*scores: tuple[float, float]) -> list[Passage]:
    return [
        Passage(n, "c", "f", "text", "", (), "text", (), scores={"dense": d, "lexical": w})
        for n, (d, w) in enumerate(scores)
    ]


def margins(found: list[Passage]) -> list[tuple[float, float]]:
    return [(p.scores["dense_margin"], p.scores["lexical_margin"]) for p in found]


def test_against_the_mean_of_the_others() -> None:
    found = with_margins(passages((0.8, 9.0), (0.5, 4.0), (0.3, 2.0)))
    assert margins(found)[0] == pytest.approx((0.8 - 0.4, math.log(10 / 4)))
    assert margins(found)[1] == pytest.approx((0.5 - 0.55, math.log(5 / 6.5)))
    assert found[0].scores["dense"] == 0.8, "the other scores stay"


def test_only_the_first_six_are_compared_with() -> None:
    six = [(0.8, 9.0)] + [(0.4, 3.0)] * (COMPARED - 1)
    few, many = (with_margins(passages(*scores)) for scores in (six, [*six, (0.0, 0.0)]))
    assert margins(many)[:COMPARED] == margins(few)


def test_alone_it_stands_above_nothing() -> None:
    (found,) = margins(with_margins(passages((0.7, 3.0))))
    assert found == pytest.approx((0.7, math.log(4)))
    assert with_margins([]) == []
