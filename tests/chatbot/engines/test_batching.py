from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from chatbot.engines.base import Decoding
from chatbot.engines.batching import BatchingEngine

GREEDY = Decoding()


class GatedEngine:
    """Answers each prompt in capitals; its first call waits until the test opens the gate."""

    name, window = "gated", 64

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.calls: list[tuple[str | None, list[str]]] = []
        self.adapter: str | None = None

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 1

    def generate(self, prompts: Sequence[str], decoding: Decoding) -> list[str]:
        self.entered.set()
        assert self.gate.wait(30)
        self.calls.append((self.adapter, list(prompts)))
        if "bad" in prompts:
            raise ValueError("too long")
        return [prompt.upper() for prompt in prompts]

    def stream(self, prompt: str, decoding: Decoding) -> Iterator[str]:
        yield from prompt

    def score(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        return [-1.0] * len(prompts)

    def adapters(self) -> list[str]:
        return ["kind"]

    def use_adapter(self, name: str | None) -> None:
        self.adapter = name


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def batching(engine: GatedEngine) -> Iterator[BatchingEngine]:
    made = BatchingEngine(engine, wait_seconds=5.0, most_prompts=4)
    yield made
    engine.gate.set()
    made.close()


def hold(batching: BatchingEngine, engine: GatedEngine) -> None:
    """Keep the engine busy with a batch of its own, so that what follows queues up."""
    batching.generate(["held"] * 4, GREEDY)
    assert engine.entered.wait(30)


def test_waiting_requests_share_a_batch_and_get_their_own_answers(
    batching: BatchingEngine, engine: GatedEngine
) -> None:
    hold(batching, engine)
    futures = [batching.generate([word], GREEDY) for word in ("a", "b", "c")]
    futures.append(batching.generate(["d"], GREEDY))
    engine.gate.set()
    assert [f.result(30) for f in futures] == [["A"], ["B"], ["C"], ["D"]]
    assert engine.calls[1:] == [(None, ["a", "b", "c", "d"])]
    assert batching.batches == 2


def test_other_decoding_or_adapter_is_another_batch(
    batching: BatchingEngine, engine: GatedEngine
) -> None:
    hold(batching, engine)
    first = batching.generate(["a", "b", "c"], GREEDY)
    second = batching.generate(["d"], GREEDY, "kind")
    third = batching.generate(["e", "f", "g", "h"], Decoding(max_new_tokens=3), "kind")
    engine.gate.set()
    assert first.result(30) == ["A", "B", "C"]
    assert second.result(30) == ["D"]
    assert third.result(30) == ["E", "F", "G", "H"]
    assert engine.calls[1:] == [
        (None, ["a", "b", "c"]),
        ("kind", ["d"]),
        ("kind", ["e", "f", "g", "h"]),
    ]


def test_seeded_samples_go_alone(batching: BatchingEngine, engine: GatedEngine) -> None:
    hold(batching, engine)
    seeded = Decoding(strategy="sample", seed=1)
    futures = [batching.generate([word], seeded) for word in ("a", "b")]
    engine.gate.set()
    assert [f.result(30) for f in futures] == [["A"], ["B"]]
    assert len(engine.calls) == 3


def test_one_bad_prompt_fails_alone(batching: BatchingEngine, engine: GatedEngine) -> None:
    hold(batching, engine)
    good = batching.generate(["a", "b"], GREEDY)
    bad = batching.generate(["bad"], GREEDY)
    also_good = batching.generate(["c"], GREEDY)
    engine.gate.set()
    assert good.result(30) == ["A", "B"]
    assert also_good.result(30) == ["C"]
    with pytest.raises(ValueError, match="too long"):
        bad.result(30)


def test_streaming_and_closing_early(batching: BatchingEngine, engine: GatedEngine) -> None:
    assert "".join(batching.stream("hello", GREEDY)) == "hello"
    stream = batching.stream("hello", GREEDY)
    next(stream)
    stream.close()
    assert batching.score(["a"], ["b"]).result(30) == [-1.0]
