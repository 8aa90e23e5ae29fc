"""What counts as saying nearly the same, and which of two stays."""

from __future__ import annotations

import pytest
from course_passages import passage
from hypothesis import given
from hypothesis import strategies as st

from chatbot.retrieval.near_duplicates import SAME, drop_near_duplicates
from ingestion.passage import Passage

WORDS = [f"word{n}" for n in range(40)]


def saying(number: int, *words: str) -> Passage:
    return passage(number, [" ".join(words)])


def numbers(passages: list[Passage]) -> list[int]:
    return [p.chunk_id for p in passages]


def test_the_better_ranked_of_two_that_say_the_same_stays() -> None:
    twice = [saying(2, *WORDS), saying(1, *WORDS), saying(3, *reversed(WORDS))]
    assert numbers(drop_near_duplicates(twice, 5)) == [2, 3]


def test_a_slide_that_grows_line_by_line_is_shown_once() -> None:
    builds = [saying(n, *WORDS[: 10 * n]) for n in (4, 3, 2, 1)]
    assert numbers(drop_near_duplicates(builds, 5)) == [4]


def test_case_and_punctuation_make_no_difference() -> None:
    shouted = [saying(1, *WORDS), saying(2, *(f"{w.upper()}," for w in WORDS))]
    assert numbers(drop_near_duplicates(shouted, 5)) == [1]


@pytest.mark.parametrize(("shared", "kept"), [(36, [1]), (30, [1, 2])])
def test_the_threshold_is_a_share_of_the_smaller_ones_word_pairs(
    shared: int, kept: list[int]
) -> None:
    other = WORDS[:shared] + [f"new{n}" for n in range(40 - shared)]
    assert ((shared - 1) / 39 >= SAME) == (kept == [1])
    assert numbers(drop_near_duplicates([saying(1, *WORDS), saying(2, *other)], 5)) == kept


def test_texts_without_a_word_are_no_duplicates_of_anything() -> None:
    assert numbers(
        drop_near_duplicates([saying(1, "→ ≈ 5"), saying(2, "→"), saying(3, "≈")], 5)
    ) == [
        1,
        2,
        3,
    ]


@given(st.lists(st.lists(st.sampled_from(WORDS[:6]), max_size=5), max_size=12), st.integers(1, 8))
def test_what_is_kept_is_the_first_k_in_order(texts: list[list[str]], k: int) -> None:
    passages = [saying(n, *words) for n, words in enumerate(texts, start=1)]
    kept = drop_near_duplicates(passages, k)
    assert len(kept) <= k
    assert numbers(kept) == sorted(numbers(kept))
    assert drop_near_duplicates(kept, k) == kept, "none of them repeats another"
    assert kept[:1] == passages[:1]
