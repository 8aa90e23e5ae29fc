import pytest

from evaluation.summaries.extractiveness import extractiveness, fragments

TEXT = "The cat sat on the mat. The dog slept near the door, and the cat left."


def test_fragments_are_the_longest_runs_shared_with_the_text() -> None:
    text = "a b c d x a b c e".split()
    assert fragments(text, "a b c e q d".split()) == [4, 1]
    assert fragments(text, "q r".split()) == []
    assert fragments([], "a".split()) == []


def test_measures_by_hand() -> None:
    # "the cat sat" and "near the door" are fragments; "happily" is new
    found = extractiveness("The cat sat happily near the door", TEXT)
    assert found["coverage"] == pytest.approx(6 / 7)
    assert found["density"] == pytest.approx((9 + 9) / 7)
    assert found["compression"] == pytest.approx(16 / 7)
    assert found["copied_1"] == pytest.approx(6 / 7)
    assert found["copied_2"] == pytest.approx(4 / 6)
    assert found["copied_3"] == pytest.approx(2 / 5)
    assert found["copied_4"] == 0.0


def test_a_copy_is_wholly_copied_and_new_words_are_not() -> None:
    copy = extractiveness("the dog slept near the door", TEXT)
    assert [copy[f"copied_{n}"] for n in (1, 2, 3, 4)] == [1.0] * 4
    assert copy["density"] == 6.0
    assert extractiveness("pets rested everywhere", TEXT)["coverage"] == 0.0


def test_what_is_undefined_is_left_out() -> None:
    assert extractiveness("", TEXT) == {}
    assert "copied_2" not in extractiveness("cat", TEXT)
