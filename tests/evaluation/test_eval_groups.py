"""Which groups a question's figures are broken down by."""

from scripted_subject import FILES, QUESTIONS, UNANSWERABLE

from evaluation.groups import groups_of
from evaluation.questions import Question


def test_kind_history_formats_and_course() -> None:
    direct, followup, _ = QUESTIONS
    assert groups_of(direct, FILES) == ["direct", "format: pdf", "course: ml"]
    assert groups_of(followup, FILES) == [
        *("followup", "with history", "format: markdown", "format: pdf", "course: ml"),
    ]


def test_a_source_that_the_index_lacks_goes_by_its_suffix() -> None:
    question = Question(id="q", question="?", answers=("x",), source=("talk.vtt",), course="c")
    assert groups_of(question, FILES) == ["format: subtitles", "course: c"]
    other = Question(id="q", question="?", answers=("x",), source=("talk.ogg", "Makefile"))
    assert groups_of(other, FILES) == ["format: ogg"]


def test_an_unanswerable_question_is_in_no_group() -> None:
    assert groups_of(UNANSWERABLE[0], FILES) == []
