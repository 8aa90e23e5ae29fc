"""The chain as a LangChain runnable, over the sample course."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from langchain_core.runnables import Runnable, RunnableLambda

from chatbot.answering import Answer
from chatbot.chain import open_assistant
from chatbot.options import AskOptions
from chatbot.runnable import AskInput, CourseChain

QUESTION = "How many entries does the GPT-2 vocabulary have?"


@pytest.fixture(scope="module")
def chain(course_index: Path) -> CourseChain:
    return CourseChain(open_assistant(course_index, answerer="extractive", abstain_below=0.0))


def test_it_takes_a_string_a_dict_or_a_model(chain: CourseChain) -> None:
    answers = [
        chain.invoke(QUESTION),
        chain.invoke({"question": QUESTION}),
        chain.invoke(AskInput(question=QUESTION)),
    ]
    assert isinstance(chain, Runnable)
    assert all(isinstance(answer, Answer) for answer in answers)
    assert answers[0].citations
    assert len({answer.text for answer in answers}) == 1


def test_history_and_options_reach_the_chain(chain: CourseChain) -> None:
    answer = chain.invoke(
        {
            "question": "Why does it add no latency?",
            "history": [("What is LoRA?", "Low-rank adaptation.")],
            "options": {"k": 2, "format": "docx"},
        }
    )
    assert "LoRA" in answer.question
    assert [p.format for p in answer.passages] == ["docx", "docx"]


def test_a_stream_is_the_text_in_pieces_and_then_the_answer(chain: CourseChain) -> None:
    *pieces, answer = chain.stream(QUESTION)
    assert isinstance(answer, Answer)
    assert pieces
    assert "".join(str(piece) for piece in pieces).strip() == answer.text


def test_a_batch_keeps_its_order(chain: CourseChain) -> None:
    questions = [QUESTION, "What accuracy does guessing reach on MMLU?", "Who published ELIZA?"]
    answers = chain.batch(questions)
    assert [answer.question for answer in answers] == questions
    assert [a.text for a in answers] == [chain.invoke(q).text for q in questions]


def test_it_composes_on_both_sides(chain: CourseChain) -> None:
    def ask(topic: str) -> AskInput:
        return AskInput(question=f"What is {topic}?", options=AskOptions(k=3))

    def first_file(answer: Answer) -> str:
        return answer.passages[0].file

    composed = RunnableLambda(ask) | chain | RunnableLambda(first_file)
    expected = chain.invoke(ask("nucleus sampling")).passages[0].file
    assert composed.invoke("nucleus sampling") == expected
    assert list(composed.stream("nucleus sampling")) == [expected]


def test_callbacks_are_told_of_the_run(chain: CourseChain) -> None:
    from langchain_core.callbacks import BaseCallbackHandler

    class Listener(BaseCallbackHandler):
        def __init__(self) -> None:
            self.ended: list[object] = []

        def on_chain_end(self, outputs: object, **kwargs: object) -> None:
            self.ended.append(outputs)

    listener = Listener()
    answer = chain.invoke(QUESTION, config={"callbacks": [listener]})
    assert listener.ended == [answer]


def test_it_can_be_awaited(chain: CourseChain) -> None:
    answer = asyncio.run(chain.ainvoke(QUESTION))
    assert answer.text == chain.invoke(QUESTION).text


def test_an_async_stream_comes_in_pieces_too(chain: CourseChain) -> None:
    async def collect() -> list[object]:
        return [piece async for piece in chain.astream(QUESTION)]

    *pieces, answer = asyncio.run(collect())
    assert isinstance(answer, Answer)
    assert pieces


def test_a_question_without_a_question_is_refused(chain: CourseChain) -> None:
    with pytest.raises(ValueError, match="question"):
        chain.invoke({"history": []})
