from __future__ import annotations

import pytest

from chatbot.refusal import is_refusal, may_become_refusal


@pytest.mark.parametrize(
    "text",
    [
        "unanswerable",
        "Unanswerable.",
        '"unanswerable"',
        "The question is unanswerable because the passage is about something else.",
        "It is not possible to tell",
        "Not enough information",
        "The passages do not say how long it took.",
        "I don’t know.",
        "unknown",
        "",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refusal(text)
    assert all(may_become_refusal(text[:end]) for end in range(len(text) + 1))


@pytest.mark.parametrize(
    "text",
    ["12", "No.", "Nonetheless it works.", "Unknown words are split into pieces.", "Notebooks"],
)
def test_answers(text: str) -> None:
    assert not is_refusal(text)


def test_an_answer_is_let_through_as_soon_as_it_cannot_be_a_refusal() -> None:
    assert may_become_refusal("The question")
    assert not may_become_refusal("The questions")
    assert not may_become_refusal("A ")
