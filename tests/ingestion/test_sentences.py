"""Sentence boundaries: what ends one, what does not, and that offsets are exact."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sentences import sentences, split_sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("See Fig. 3 for more. It helps.", ["See Fig. 3 for more.", "It helps."]),
        ("Dr. Hu et al. 2021 say so. We agree.", ["Dr. Hu et al. 2021 say so.", "We agree."]),
        ("It costs 3.5 dollars. Fine.", ["It costs 3.5 dollars.", "Fine."]),
        ("Use e.g. LoRA. Then merge.", ["Use e.g. LoRA.", "Then merge."]),
        ("1. First point stays whole.", ["1. First point stays whole."]),
        ('He said "stop." Then left.', ['He said "stop."', "Then left."]),
        ("A heading\nA line of text", ["A heading", "A line of text"]),
        ("so far … and on", ["so far … and on"]),
        ("", []),
    ],
)
def test_boundaries(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="aB.! ?\n(\"'1é", max_size=80))
def test_spans_are_ordered_and_lose_only_white_space(text: str) -> None:
    spans = split_sentences(text)
    assert all(a < b for a, b in spans)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    kept = "".join(text[a:b] for a, b in spans)
    assert "".join(kept.split()) == "".join(text.split())
