"""Timings in turns: who goes first changes, and what is timed belongs to its question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import LLM
from langchain_core.runnables import RunnableLambda
from pydantic import ConfigDict

from benchmarks.in_turns import in_turns, percentiles, ratio
from benchmarks.langchain_baseline import answering_chain
from benchmarks.speed_vs_langchain import streamed


def noting(name: str, order: list[tuple[str, str]]) -> Callable[[str], Mapping[str, float]]:
    def work(question: str) -> Mapping[str, float]:
        order.append((name, question))
        return {"seconds": float(len(order))}

    return work


@pytest.mark.parametrize("questions", [["a", "b"], ["a", "b", "c"]])
def test_each_goes_first_as_often_as_the_other_on_every_question(questions: list[str]) -> None:
    order: list[tuple[str, str]] = []
    systems = {name: noting(name, order) for name in ("ours", "theirs")}
    taken = in_turns(systems, questions, rounds=2, warm_up=1)
    assert order[:2] == [("ours", "a"), ("theirs", "a")], "the warm-up"
    timed = order[2:]
    firsts = timed[::2]
    for question in questions:
        assert sorted(name for name, asked in firsts if asked == question) == ["ours", "theirs"]
    assert [question for _, question in firsts] == questions * 2
    for name, measures in taken.items():
        when = [number for number, (who, _) in enumerate(order, start=1) if who == name]
        assert measures["seconds"] == [float(number) for number in when[1:]]


def test_a_ratio_is_the_median_of_its_parts() -> None:
    assert ratio([2.0, 2.0, 9.0, 9.0, 4.0, 4.0], [1.0] * 6, 3) == {
        "value": 4.0,
        "low": 2.0,
        "high": 9.0,
        "n": 3,
    }
    assert percentiles("x", [0.001, 0.003])["x_p50"] == {"value": 2.0, "n": 2}


def test_the_first_piece_is_timed_before_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr("time.perf_counter", lambda: float(next(ticks)))

    def pieces() -> Iterator[str]:
        yield "one"
        yield "two"

    assert streamed(pieces()) == {"first_token": 1.0, "answer": 2.0}


class Echo(LLM):
    """Says its prompt; a token is a word."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    engine: Any = None

    @property
    def _llm_type(self) -> str:
        return "echo"

    def _call(self, prompt: str, *args: Any, **kwargs: Any) -> str:
        return prompt


class Words:
    def count_tokens(self, text: str) -> int:
        return len(text.split())


class Store:
    """Four passages of fifty words, whatever is asked."""

    def as_retriever(self) -> RunnableLambda[str, list[Document]]:
        found = [Document(f"passage{n} " + "word " * 49) for n in range(4)]
        return RunnableLambda(lambda question: found)


def test_the_chain_stuffs_its_passages_and_cuts_what_does_not_fit() -> None:
    llm = Echo(engine=Words())
    whole = answering_chain(Store(), llm, 1000).invoke("What is it?")  # type: ignore[arg-type]
    assert [f"passage{n}" in whole for n in range(4)] == [True] * 4
    cut = answering_chain(Store(), llm, 120).invoke("What is it?")  # type: ignore[arg-type]
    assert 100 < Words().count_tokens(cut) <= 120
    assert "passage0" in cut and "passage3" not in cut
    for prompt in (whole, cut):
        assert prompt.endswith("Question: What is it?\nHelpful Answer:")
