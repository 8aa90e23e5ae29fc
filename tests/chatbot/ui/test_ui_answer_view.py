"""Where the numbers stand in an answer."""

from __future__ import annotations

from chatbot.answering import Citation
from chatbot.ui.answer_view import Segment, segments
from ingestion.locator import Locator


def cited(number: int, sentence: str) -> Citation:
    place = Locator.number("page", number)
    return Citation(number, "c", "f.pdf", place, "P.", "P.", 0.5, answer_sentence=sentence)


def test_a_number_follows_the_sentence_it_supports() -> None:
    text = "One is so. Two is so."
    assert segments(text, [cited(2, "Two is so."), cited(1, "One is so.")]) == [
        Segment("One is so.", (1,)),
        Segment(" Two is so.", (2,)),
    ]


def test_two_sources_of_one_sentence_stand_side_by_side_and_none_twice() -> None:
    citations = [cited(1, "It is so."), cited(2, "It is so."), cited(1, "It is so.")]
    assert segments("It is so.", citations) == [Segment("It is so.", (1, 2))]


def test_a_source_of_no_known_sentence_stands_at_the_end() -> None:
    assert segments("It is so.\n", [cited(1, ""), cited(2, "Elsewhere.")]) == [
        Segment("It is so.", (1, 2)),
        Segment("\n"),
    ]


def test_uncited_text_is_kept_whole() -> None:
    assert segments("Half an ans", []) == [Segment("Half an ans")]
    assert segments("", []) == []


def test_the_words_that_answer_are_a_segment_of_their_own() -> None:
    assert segments("A rank of 8 is so.", [cited(1, "A rank of 8 is so.")], (10, 11)) == [
        Segment("A rank of "),
        Segment("8", marked=True),
        Segment(" is so.", (1,)),
    ]
    assert segments("8 is so.", [cited(1, "8 is so.")], [0, 8]) == [
        Segment("8 is so.", (1,), marked=True)
    ]
