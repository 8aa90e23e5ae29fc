"""The conversations database: owners apart, answers written piece by piece, and recovery."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chatbot.answering import Answer, Citation
from chatbot.conversations import Conversations, UnknownConversation, history, shortened
from ingestion.locator import Locator

ANN, BOB = "ann", "bob"


@pytest.fixture
def store(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "deep" / "conversations.sqlite")


def an_answer() -> Answer:
    citation = Citation(
        1, "nlp", "W1.pdf", Locator.number("page", 12), "A passage.", "A passage.", 0.9, "It is so."
    )
    return Answer("It is so.", (citation,), reasoning="Because.", confidence=0.8, answerer="test")


def test_conversations_are_listed_last_used_first_and_only_to_their_owner(
    store: Conversations,
) -> None:
    first = store.create(ANN, "What is attention?")
    second = store.create(ANN, "What is LoRA?")
    store.create(BOB, "Bob's question")
    assert [c.title for c in store.list(ANN)] == ["What is LoRA?", "What is attention?"]
    store.begin(ANN, first.id, "again", {})
    assert [c.id for c in store.list(ANN)] == [first.id, second.id]
    assert [c.title for c in store.list(BOB)] == ["Bob's question"]


def test_another_owner_can_neither_read_nor_change_a_conversation(store: Conversations) -> None:
    mine = store.create(ANN, "Mine")
    asked = store.begin(ANN, mine.id, "Q", {})
    for meddle in (
        lambda: store.exchanges(BOB, mine.id),
        lambda: store.rename(BOB, mine.id, "Stolen"),
        lambda: store.delete(BOB, mine.id),
        lambda: store.begin(BOB, mine.id, "Q", {}),
    ):
        with pytest.raises(UnknownConversation):
            meddle()
    assert store.exchange(BOB, asked) is None
    assert not store.stop(BOB, asked)
    store.rate(BOB, asked, 0)
    kept = store.exchange(ANN, asked)
    assert kept is not None and kept.state == "writing" and kept.thumb is None
    assert store.list(ANN)[0].title == "Mine"


def test_rename_and_delete(store: Conversations) -> None:
    talk = store.create(ANN, "Draft")
    asked = store.begin(ANN, talk.id, "Q", {})
    store.rename(ANN, talk.id, "Final title")
    assert store.list(ANN)[0].title == "Final title"
    store.delete(ANN, talk.id)
    assert store.list(ANN) == []
    assert not store.write(asked, "too late"), "a deleted conversation takes no more text"


def test_an_answer_grows_in_its_row_and_is_kept_whole(store: Conversations) -> None:
    talk = store.create(ANN, "Q")
    asked = store.begin(ANN, talk.id, "Q", {"k": 6, "decoding": {"seed": 3}})
    assert store.list(ANN)[0].writing
    assert store.write(asked, "It", "Bec")
    seen_by_another_reader = Conversations(store.path).exchange(ANN, asked)
    assert seen_by_another_reader is not None
    assert (seen_by_another_reader.text, seen_by_another_reader.reasoning) == ("It", "Bec")
    assert store.finish(asked, an_answer())
    [kept] = store.exchanges(ANN, talk.id)
    assert kept.state == "done" and kept.text == "It is so."
    assert kept.options == {"k": 6, "decoding": {"seed": 3}}
    assert kept.answer == an_answer().as_json()
    assert not store.list(ANN)[0].writing


def test_a_stopped_answer_keeps_its_text_and_takes_no_more(store: Conversations) -> None:
    asked = store.begin(ANN, store.create(ANN, "Q").id, "Q", {})
    store.write(asked, "Half an")
    assert store.stop(ANN, asked)
    assert not store.write(asked, "Half an answer")
    assert not store.finish(asked, an_answer())
    assert not store.stop(ANN, asked)
    kept = store.exchange(ANN, asked)
    assert kept is not None and (kept.state, kept.text) == ("stopped", "Half an")


def test_a_failure_says_why(store: Conversations) -> None:
    asked = store.begin(ANN, store.create(ANN, "Q").id, "Q", {})
    store.fail(asked, "The index is gone. Run lectern ingest.")
    kept = store.exchange(ANN, asked)
    assert kept is not None
    assert (kept.state, kept.problem) == ("failed", "The index is gone. Run lectern ingest.")


def test_thumbs_are_stored_and_taken_back(store: Conversations) -> None:
    asked = store.begin(ANN, store.create(ANN, "Q").id, "Q", {})
    for thumb in (1, 0, None):
        store.rate(ANN, asked, thumb)
        kept = store.exchange(ANN, asked)
        assert kept is not None and kept.thumb == thumb


def test_only_what_a_dead_process_was_writing_is_interrupted(store: Conversations) -> None:
    talk = store.create(ANN, "Q")
    alive = store.begin(ANN, talk.id, "still being written here", {})
    script = (
        "import sys, pathlib; from chatbot.conversations import Conversations\n"
        "store = Conversations(pathlib.Path(sys.argv[1]))\n"
        "asked = store.begin('ann', sys.argv[2], 'left behind', {})\n"
        "store.write(asked, 'Half'); import os; os._exit(9)"
    )
    died = subprocess.run([sys.executable, "-c", script, str(store.path), talk.id], check=False)
    assert died.returncode == 9
    assert store.recover() == 1
    assert store.recover() == 0
    states = {e.question: (e.state, e.text) for e in store.exchanges(ANN, talk.id)}
    assert states["left behind"] == ("interrupted", "Half")
    assert states["still being written here"] == ("writing", "")
    assert store.write(alive, "on")


def test_history_holds_what_was_answered(store: Conversations) -> None:
    talk = store.create(ANN, "Q")
    store.finish(store.begin(ANN, talk.id, "First?", {}), an_answer())
    store.fail(store.begin(ANN, talk.id, "Second?", {}), "broken")
    store.begin(ANN, talk.id, "Third?", {})
    assert history(store.exchanges(ANN, talk.id)) == [("First?", "It is so.")]


def test_many_threads_write_at_once(store: Conversations) -> None:
    talk = store.create(ANN, "Q")
    asked = [store.begin(ANN, talk.id, f"Q{n}", {}) for n in range(4)]

    def write(exchange: int) -> None:
        for length in range(1, 26):
            assert store.write(exchange, "x" * length)

    threads = [threading.Thread(target=write, args=(exchange,)) for exchange in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [e.text for e in store.exchanges(ANN, talk.id)] == ["x" * 25] * 4


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_only_the_user_can_read_the_file(store: Conversations) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_titles_are_one_short_line() -> None:
    assert shortened("  What is\n attention? ") == "What is attention?"
    assert shortened("") == "New conversation"
    long = shortened("word " * 40)
    assert len(long) <= 60 and long.endswith("word…")
