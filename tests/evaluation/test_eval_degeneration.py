from evaluation.degeneration import (
    distinct_2,
    is_echo,
    is_empty,
    is_repetitive,
    repeated_share,
    shared,
)


def test_empty_has_no_letter_or_digit() -> None:
    assert is_empty("") and is_empty(" \n… !?")
    assert not is_empty("a")


def test_an_echo_is_a_stretch_of_the_prompt() -> None:
    prompt = "The quick brown fox jumps over"
    assert is_echo(prompt, "the quick brown fox")
    assert is_echo(prompt, "quick brown fox jumps again")
    assert not is_echo(prompt, "the lazy brown dog sleeps")
    assert not is_echo(prompt, "brown fox")  # too short to tell


def test_repetition() -> None:
    assert repeated_share("a b c a b c") == 1 / 4
    assert is_repetitive("very good very good very good very good very good")
    assert not is_repetitive("this sentence says every word of it once")
    assert repeated_share("one two") == 0


def test_distinct_2_over_all_texts() -> None:
    assert distinct_2(["a b c", "A b d"]) == 3 / 4
    assert distinct_2(["one", ""]) is None


def test_one_text_for_all_prompts_is_found_and_short_ones_may_be_alike() -> None:
    said = [["I am a nice model", "Yes"], ["i am a  nice model", "Yes"], ["I am another model"]]
    assert shared(said) == [[True, False], [True, False], [False]]
    assert shared([["the same text again", "the same text again"]]) == [[False, False]]
