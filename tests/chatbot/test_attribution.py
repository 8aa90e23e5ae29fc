from __future__ import annotations

import pytest
from course_passages import ATTENTION, COURSE, GRADING, LORA, passage

from chatbot.attribution import attribute, support_of
from ingestion.encoders.base import Encoder


def test_each_sentence_is_cited_to_its_exact_source(encoder: Encoder) -> None:
    answer = (
        "LoRA keeps the original weights frozen and learns two small matrices. "
        "The final project is worth 40 percent."
    )
    first, second = attribute(answer, COURSE, encoder)
    assert first.sentence == (
        "LoRA freezes the weights and trains two small matrices beside each of them."
    )
    assert (first.number, first.file, first.locator.label) == (1, "week1.pdf", "page 11")
    assert first.sentence in first.passage == LORA.text
    assert first.answer_sentence.startswith("LoRA keeps")
    assert (second.number, second.file, second.locator.label) == (2, "syllabus.md", "page 30")
    assert second.chunk_id == GRADING.chunk_id
    assert all(0.35 <= c.score <= 1.0 for c in (first, second))


def test_a_quotation_is_fully_supported(encoder: Encoder) -> None:
    (cited,) = attribute("Late hand-ins lose 10 percent a day.", COURSE, encoder)
    assert cited.score == pytest.approx(1.0, abs=0.01)


def test_what_no_passage_says_is_not_cited(encoder: Encoder) -> None:
    answer = "Penguins live in Antarctica. Late hand-ins lose 10 percent a day."
    cited = attribute(answer, COURSE, encoder)
    assert [c.answer_sentence for c in cited] == ["Late hand-ins lose 10 percent a day."]
    assert support_of(answer, cited) == pytest.approx(0.5, abs=0.02)


def test_one_source_keeps_its_number(encoder: Encoder) -> None:
    answer = (
        "The final project counts for 40 percent. Late hand-ins lose 10 percent a day. "
        "The final project counts for 40 percent of the grade."
    )
    assert [c.number for c in attribute(answer, COURSE, encoder)] == [1, 2, 1]


def test_the_question_tells_which_of_several_is_meant(encoder: Encoder) -> None:
    twelve = passage(4, ["The week has 12 exercises.", "The model has 12 attention heads."])
    by_question = {
        question: attribute("12", [twelve], encoder, question)[0].sentence
        for question in ("How many exercises are there?", "How many attention heads are there?")
    }
    assert list(by_question.values()) == twelve.text.splitlines()


def test_yes_claims_what_was_asked(encoder: Encoder) -> None:
    (cited,) = attribute("Yes.", COURSE, encoder, "Does attention cost grow with text length?")
    assert cited.sentence == ATTENTION.text.splitlines()[1]


def test_another_number_is_hardly_supported(encoder: Encoder) -> None:
    (right,) = attribute("A model with 12 heads learns 12 patterns.", COURSE, encoder)
    wrong = attribute("A model with 16 heads learns 16 patterns.", COURSE, encoder)
    assert support_of("x.", wrong) < 0.6 * right.score


def test_nothing_to_attribute(encoder: Encoder) -> None:
    assert attribute("", COURSE, encoder) == []
    assert attribute("An answer.", [], encoder) == []
    assert support_of("", []) == 0.0
