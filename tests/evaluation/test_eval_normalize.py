import pytest

from evaluation.normalize import (
    contains_answer,
    exact_match,
    letters_and_digits,
    normalize_answer,
    token_f1,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat's\tMeow!", "cats meow"),
        ("An answer, a Theory", "answer theory"),
        ("state-of-the-art", "stateoftheart"),
        ("$1.5 billion", "15 billion"),
        ("the", ""),
        ("Café — déjà", "café — déjà"),  # only ASCII punctuation goes, as in the official script
        ("", ""),
    ],
)
def test_squad_normalization(text: str, normal: str) -> None:
    assert normalize_answer(text) == normal


def test_exact_match_takes_the_best_gold_answer() -> None:
    assert exact_match("the LoRA.", ["adapters", "LoRA"]) == 1.0
    assert exact_match("LoRA adapters", ["adapters", "LoRA"]) == 0.0


def test_token_f1_by_hand() -> None:
    # predicted 4 tokens, gold 3, 2 in common: precision 1/2, recall 2/3
    assert token_f1("low rank matrices win", ["low rank adaptation"]) == pytest.approx(4 / 7)
    # a token counts as often as it stands in both
    assert token_f1("very very very", ["very very"]) == pytest.approx(0.8)
    assert token_f1("blue", ["red", "blue sky"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("golds", [[], [""], ["the"]])
def test_without_a_gold_answer_only_silence_is_right(golds: list[str]) -> None:
    assert token_f1("", golds) == exact_match("", golds) == 1.0
    assert token_f1("something", golds) == exact_match("something", golds) == 0.0


def test_an_empty_prediction_is_wrong_where_there_is_an_answer() -> None:
    assert token_f1("", ["x"]) == exact_match("the", ["x"]) == 0.0


def test_contained_answers_are_whole_tokens() -> None:
    assert contains_answer("It takes 80 GB, or more.", ["80 gb"])
    assert not contains_answer("It came out in 1980.", ["80"])
    assert not contains_answer("Anything at all", ["the", "…"[:0]])


def test_letters_and_digits_see_through_layout() -> None:
    assert letters_and_digits("Rank-\nadaptation (r = 8)") == "rankadaptationr8"
    assert letters_and_digits("• — …") == ""
    assert letters_and_digits("Größe 10²") == "größe10²"
