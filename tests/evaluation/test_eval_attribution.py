"""Citations against gold answers, gold sources and evidence."""

from typing import Any

import pytest
from scripted_subject import FILES

from evaluation.attribution import ATTRIBUTION, holds_answer, measure_attribution, overlap
from evaluation.questions import Question

QUESTION = Question(
    id="q",
    question="What does LoRA freeze?",
    answers=("the pretrained weights of the model",),
    source=("W1.pdf",),
    evidence=("LoRA freezes the pre-\ntrained weights of the model",),
)
GOOD = {
    "course": "ml",
    "file": "W1.pdf",
    "sentence": "LoRA freezes the pretrained weights of the model.",
    "passage": "A way. LoRA freezes the pretrained weights of the model. It trains two matrices.",
}
BAD = {
    "course": "ml",
    "file": "notes/lora.md",
    "sentence": "It trains two low-rank matrices instead.",
    "passage": "It trains two low-rank matrices instead. That is all there is to say about it.",
}


def measured(*citations: dict[str, str], question: Question = QUESTION) -> dict[str, float]:
    row: dict[str, Any] = {"citations": list(citations)}
    return measure_attribution(question, row, FILES)


def test_one_citation_of_two_is_to_the_point() -> None:
    assert measured(GOOD, BAD) == {
        "cited": 1.0,
        "citation_holds_answer": 1.0,
        "citation_in_source": 0.5,
        "citation_on_evidence": 0.5,
        "cited_passage_on_evidence": 0.5,
    }


def test_the_passage_may_hold_what_the_sentence_lacks() -> None:
    beside = {**GOOD, "sentence": "It trains two matrices."}
    assert measured(beside)["citation_on_evidence"] == 0.0
    assert measured(beside)["cited_passage_on_evidence"] == 1.0
    assert measured(beside)["citation_holds_answer"] == 0.0


def test_an_answer_without_citation_is_attributed_to_nothing() -> None:
    assert measured() == dict.fromkeys(ATTRIBUTION, 0.0)


def test_without_gold_places_only_the_answer_is_looked_for() -> None:
    bare = Question(id="q", question="?", answers=("LoRA",))
    assert measured(GOOD, question=bare) == {"cited": 1.0, "citation_holds_answer": 1.0}


def test_the_same_path_in_another_course_is_another_file() -> None:
    assert measured({**GOOD, "course": "other"})["citation_in_source"] == 0.0


@pytest.mark.parametrize(
    ("sentence", "answer", "held"),
    [
        ("It takes 80 GB, or more.", "80 gb", True),
        ("It came out in 1980.", "80", False),
        ("Weights that were frozen: the model.", "the frozen model weights", True),
        ("one two three four", "one two three four five", True),  # 4 of 5
        ("one two three", "one two three four", False),  # 3 of 4
        ("very good", "very very very good good", False),  # a word counts as often as it occurs
        ("anything", "the", False),
    ],
)
def test_a_sentence_holds_an_answer(sentence: str, answer: str, held: bool) -> None:
    assert holds_answer(sentence, (answer,)) is held


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("LoRA freezes the weights.", "lora  freezes\nthe weights", True),
        ("The model. LoRA freezes the weights.", "LoRA freezes the weights. It trains", True),
        ("LoRA freezes the weights and more is said", "LoRA freezes all that there is to", False),
        ("the model", "the model learns", False),  # eight letters stand in many places
        ("", "the model learns", False),
    ],
)
def test_two_texts_overlap(one: str, other: str, same: bool) -> None:
    assert overlap(one, other) is same
    assert overlap(other, one) is same
