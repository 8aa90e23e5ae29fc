from __future__ import annotations

import itertools

import pytest

from chatbot.exemplars import EXEMPLARS, UNANSWERABLE
from chatbot.prompts import (
    PromptStyle,
    ReasoningParter,
    build_prompt,
    map_summary_prompt,
    part_reasoning,
    reduce_summary_prompt,
    rewrite_prompt,
)

COT = PromptStyle(chain_of_thought=True)
STYLES = [PromptStyle(shots, cot) for shots in (0, 1, 3) for cot in (False, True)]  # type: ignore[arg-type]


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_a_prompt_holds_its_parts_in_order(style: PromptStyle) -> None:
    prompt = build_prompt("What is rank?", ["Block one.", "Block two."], style)
    assert prompt.index("Block one.") < prompt.index("Block two.") < prompt.index("What is rank?")
    shown = [e for e in EXEMPLARS if e.context in prompt]
    assert shown == list(EXEMPLARS[: style.shots])
    reasoned = [e for e in EXEMPLARS if e.reasoning in prompt]
    assert reasoned == (shown if style.chain_of_thought else [])
    assert all(prompt.index(e.context) < prompt.index("Block one.") for e in shown)


def test_a_refusal_is_asked_for_or_shown() -> None:
    for style in STYLES:
        if style.shots in (0, 3):
            assert UNANSWERABLE in build_prompt("Q?", ["C."], style)


@pytest.mark.parametrize("example", EXEMPLARS, ids=lambda e: e.question)
def test_exemplars_teach_what_is_read_back(example: object) -> None:
    assert isinstance(example, type(EXEMPLARS[0]))
    shown = f"{example.reasoning} The answer is {example.answer}."
    reasoning, answer = part_reasoning(shown, COT)
    assert (reasoning, answer.rstrip(".")) == (example.reasoning, example.answer)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("It has 12 heads. The answer is 12.", "It has 12 heads.", "12."),
        ("12 is more. So, the final answer is German", "12 is more.", "German"),
        ("12 is more. Therefore, the answer is: German.", "12 is more.", "German."),
        ("A sentence. Final answer: yes", "A sentence.", "yes"),
        ("A sentence. The answer: yes", "A sentence.", "yes"),
        ("First this. Then that. Hence it is blue.", "First this. Then that.", "Hence it is blue."),
        ("only one sentence", "", "only one sentence"),
        ("Finding an answer is hard. The answer is to search.",
         "Finding an answer is hard.", "to search."),
        ("The answer is", "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_reasoning_is_parted_from_the_answer(text: str, reasoning: str, answer: str) -> None:
    assert part_reasoning(text, COT) == (reasoning, answer)


def test_without_chain_of_thought_all_is_answer() -> None:
    text = "He reasons. The answer is 4."
    assert part_reasoning(text, PromptStyle()) == ("", text)


def test_any_cut_of_the_stream_gives_the_same_parts() -> None:
    text = "It has 12 heads. Each learns one pattern. So the answer is 12 patterns. At once."
    whole = part_reasoning(text, COT)
    for left, right in itertools.combinations(range(len(text)), 2):
        parter = ReasoningParter()
        pieces = (text[:left], text[left:right], text[right:])
        deltas = [d for piece in pieces for d in parter.feed(piece)] + list(parter.finish())
        for part, expected in zip(("reasoning", "answer"), whole, strict=True):
            assert "".join(d.text for d in deltas if d.part == part).strip() == expected


def test_reasoning_streams_before_the_answer_is_there() -> None:
    parter = ReasoningParter()
    early = [*parter.feed("It has 12 heads. "), *parter.feed("Each learns a pattern.")]
    assert [(d.text.strip(), d.part) for d in early] == [("It has 12 heads.", "reasoning")]


def test_other_templates_hold_what_they_are_given() -> None:
    assert "Attention" in map_summary_prompt("Text.", "Attention")
    assert reduce_summary_prompt(["One.", "Two."]).startswith("One.\nTwo.")
    asked = rewrite_prompt("Why?", [("What is LoRA?", "A method."), ("Is it cheap?", "Yes.")])
    order = [asked.index(part) for part in ("What is LoRA?", "A method.", "Is it cheap?", "Why?")]
    assert order == sorted(order)
