from __future__ import annotations

import asyncio

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate

from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from chatbot.engines.llm import EngineLLM, until_stop

GREEDY = Decoding(max_new_tokens=16)


@pytest.fixture
def llm(sorting_engine: FlanT5Engine) -> EngineLLM:
    return EngineLLM(engine=sorting_engine, decoding=GREEDY)


def test_a_chain_invokes_batches_and_streams(llm: EngineLLM, sorting_engine: FlanT5Engine) -> None:
    chain = PromptTemplate.from_template("sort: {words}") | llm | StrOutputParser()
    words = ["reward index encoder", "token answer"]
    expected = sorting_engine.generate([f"sort: {w}" for w in words], GREEDY)
    assert chain.invoke({"words": words[0]}) == expected[0]
    assert chain.batch([{"words": w} for w in words]) == expected
    pieces = list(chain.stream({"words": words[0]}))
    assert "".join(pieces) == expected[0]
    assert len(pieces) > 1


def test_astream(llm: EngineLLM, sorting_engine: FlanT5Engine) -> None:
    async def collect() -> list[str]:
        return [piece async for piece in llm.astream("sort: token answer")]

    assert (
        "".join(asyncio.run(collect()))
        == sorting_engine.generate(["sort: token answer"], GREEDY)[0]
    )


def test_stop_cuts_before_the_stop_string(llm: EngineLLM) -> None:
    whole = llm.invoke("sort: reward index encoder")
    second = whole.split()[1]
    cut = whole[: whole.index(second)]
    assert llm.invoke("sort: reward index encoder", stop=[second]) == cut
    assert "".join(llm.stream("sort: reward index encoder", stop=[second])) == cut


def test_a_stop_string_split_over_pieces() -> None:
    assert "".join(until_stop(["ab", "c", "de"], ["cd"])) == "ab"
    assert "".join(until_stop(["ab", "c", "de"], ["cx"])) == "abcde"
    assert list(until_stop(["a", "b"], None)) == ["a", "b"]
