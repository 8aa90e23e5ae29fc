"""Answers and jobs outside the script thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from chatbot.answering import Answer, TextDelta, Turn
from chatbot.conversations import Conversations, Exchange
from chatbot.options import AskOptions
from chatbot.ui.background import AnswerWriter, Job, Jobs
from ingestion.errors import LecternError

ANN = "ann"


class Gated:
    """Writes a little, waits for the gate, writes the rest."""

    def __init__(self) -> None:
        self.halfway, self.gate, self.ended = (threading.Event() for _ in range(3))
        self.earlier: Sequence[Turn] = ()

    def stream(
        self, question: str, history: Sequence[Turn], options: AskOptions
    ) -> Iterator[TextDelta | Answer]:
        self.earlier = history
        try:
            yield TextDelta("Because ", "reasoning")
            yield TextDelta("It is ")
            self.halfway.set()
            assert self.gate.wait(20)
            if question == "break":
                raise LecternError("The engine is gone.", "Start it again.")
            yield TextDelta("so.")
            yield Answer("It is so.", confidence=0.5, reasoning="Because")
        finally:
            self.ended.set()


@pytest.fixture
def store(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.sqlite")


def ask(store: Conversations, assistant: Gated, question: str = "Q?") -> tuple[str, int]:
    conversation = store.create(ANN, question).id
    writer = AnswerWriter(store, lambda: cast(Any, assistant))
    exchange = writer.ask(ANN, conversation, question, AskOptions(k=3))
    assert assistant.halfway.wait(20)
    return conversation, exchange


def settled(store: Conversations, exchange: int) -> Exchange:
    """The exchange once its thread has ended."""
    for thread in threading.enumerate():
        if thread.name == f"answer-{exchange}":
            thread.join(20)
    found = store.exchange(ANN, exchange)
    assert found is not None
    return found


def test_an_answer_is_readable_while_it_is_written_and_whole_afterwards(
    store: Conversations,
) -> None:
    assistant = Gated()
    _, asked = ask(store, assistant)
    half = store.exchange(ANN, asked)
    assert half is not None
    assert (half.state, half.text, half.reasoning) == ("writing", "It is ", "Because ")
    assistant.gate.set()
    whole = settled(store, asked)
    assert (whole.state, whole.text) == ("done", "It is so.")
    assert whole.answer is not None and whole.answer["confidence"] == 0.5
    assert whole.options["k"] == 3


def test_a_stopped_answer_stays_as_it_was(store: Conversations) -> None:
    assistant = Gated()
    _, asked = ask(store, assistant)
    store.stop(ANN, asked)
    assistant.gate.set()
    stopped = settled(store, asked)
    assert (stopped.state, stopped.text) == ("stopped", "It is ")
    assert assistant.ended.is_set(), "the generator is closed, not left running"


def test_a_failure_is_told_with_its_remedy(store: Conversations) -> None:
    assistant = Gated()
    _, asked = ask(store, assistant, "break")
    assistant.gate.set()
    failed = settled(store, asked)
    assert (failed.state, failed.text) == ("failed", "It is ")
    assert failed.problem == "The engine is gone. Start it again."


def test_an_unforeseen_failure_is_told_and_logged(
    store: Conversations, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Any:
        raise RuntimeError("no memory left")

    conversation = store.create(ANN, "Q").id
    asked = AnswerWriter(store, broken).ask(ANN, conversation, "Q", AskOptions())
    failed = settled(store, asked)
    assert failed.state == "failed" and "RuntimeError: no memory left" in failed.problem
    assert "no memory left" in caplog.text


def test_a_follow_up_is_asked_with_the_earlier_turns(store: Conversations) -> None:
    assistant = Gated()
    assistant.gate.set()
    conversation, first = ask(store, assistant)
    settled(store, first)
    second = AnswerWriter(store, lambda: cast(Any, assistant)).ask(
        ANN, conversation, "And why?", AskOptions()
    )
    settled(store, second)
    assert assistant.earlier == [("Q?", "It is so.")]


def test_a_job_runs_once_at_a_time_and_keeps_its_result() -> None:
    jobs, gate, runs = Jobs(), threading.Event(), []

    def work(job: Job[str]) -> str:
        runs.append(job)
        assert gate.wait(20)
        return "done it"

    first = jobs.start("ingest", "Adding", work)
    assert jobs.start("ingest", "Adding again", work) is first
    jobs.forget("ingest")
    assert jobs.get("ingest") is first, "a running job is not forgotten"
    gate.set()
    _join("job-ingest")
    assert (first.done, first.result, first.problem, len(runs)) == (True, "done it", "", 1)
    jobs.forget("ingest")
    assert jobs.get("ingest") is None


def test_a_job_that_fails_says_why() -> None:
    jobs = Jobs()

    def work(job: Job[str]) -> str:
        raise LecternError("The index is locked.", "Wait for the other run.")

    job = jobs.start("ingest", "Adding", work)
    _join("job-ingest")
    assert (job.done, job.problem) == (True, "The index is locked. Wait for the other run.")


def _join(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(20)
