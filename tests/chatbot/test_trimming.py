"""A sentence lifted out of its text, and what was marked in it found again."""

from __future__ import annotations

import pytest

from chatbot.trimming import find_again, trim


@pytest.mark.parametrize(
    ("sentence", "marked", "where"),
    [
        ("However, LoRA has rank 8 here.", "8", "LoRA has rank 8 here."),
        ("2. A rank of 2 is too small.", "2", "A rank of 2 is too small."),
        ("BERT*\n110M\nBLOOM\n176B", "BLOOM\n176B", "BERT*; 110M; BLOOM; 176B"),
        ("Of 8 heads, 8 are read [4].", "8", "Of 8 heads, 8 are read."),
    ],
)
def test_what_was_marked_is_found_in_the_trimmed_sentence(
    sentence: str, marked: str, where: str
) -> None:
    start = sentence.rindex(marked)
    piece = trim(sentence)
    assert piece == where
    found = find_again(sentence, start, start + len(marked), piece)
    assert found is not None
    assert piece[slice(*found)] == marked.replace("\n", "; ")
    assert found[0] == piece.rindex(piece[slice(*found)])


def test_the_first_of_two_equal_words_is_told_from_the_second() -> None:
    sentence = "Also, 8 heads read 8 patterns."
    start = sentence.index("8")
    assert find_again(sentence, start, start + 1, trim(sentence)) == (0, 1)


def test_what_was_trimmed_away_is_not_found() -> None:
    sentence = "LoRA is cheap (see Table 3)."
    start = sentence.index("Table 3")
    assert find_again(sentence, start, start + 7, trim(sentence)) is None


def test_what_was_marked_at_the_beginning_is_found_with_its_letter_raised() -> None:
    sentence = "However, small matrices are trained."
    start = sentence.index("small")
    assert find_again(sentence, start, start + 14, trim(sentence)) == (0, 14)
