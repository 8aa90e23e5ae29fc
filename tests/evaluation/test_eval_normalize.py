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
        # Punctuation goes before articles are looked for, so what it parted becomes one word…
        ("a-ha, the-end", "aha theend"),
        ("U.S.A. (the)", "usa"),
        ("it's an o'clock", "its oclock"),
        ("under_score #1 50%", "underscore 1 50"),
        # …and an article is a whole word. A Unicode dash is no ASCII punctuation: it parts words.
        ("another theory than Anna's", "another theory than annas"),
        ("the—end", "—end"),
        ("“The” end", "“ ” end"),
        ("à la carte", "à la carte"),
        ("a\u0301 la carte", "\u0301 la carte"),  # a decomposed á, as the official script has it
        ("Ünïcödé ÉCOLE", "ünïcödé école"),
        ("10\u00a0km\u2009away\n\tnow", "10 km away now"),
        ("½ of ³He", "½ of ³he"),
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


@pytest.mark.parametrize(
    ("prediction", "golds", "em", "f1"),
    [
        # Gold answers that normalize to nothing are left out while others remain.
        ("", ["the", "x"], 0.0, 0.0),
        ("x", ["the", "x"], 1.0, 1.0),
        # A prediction of articles and punctuation alone says nothing.
        ("The", [], 1.0, 1.0),
        ("a, an!", ["."], 1.0, 1.0),
        ("a b", ["b"], 1.0, 1.0),
        # 2 of 3 tokens in common with a gold of 2: precision 2/3, recall 1.
        ("in 1066 AD", ["1066 ad"], 0.0, 0.8),
        # The best gold counts, for each measure by itself.
        ("10th century", ["the 10th", "10th century!", "century"], 1.0, 1.0),
        ("1,000", ["1000"], 1.0, 1.0),
        ("1 000", ["1000"], 0.0, 0.0),
        ("cafe", ["café"], 0.0, 0.0),
    ],
)
def test_exact_match_and_f1_on_edge_cases(
    prediction: str, golds: list[str], em: float, f1: float
) -> None:
    assert exact_match(prediction, golds) == em
    assert token_f1(prediction, golds) == pytest.approx(f1)
