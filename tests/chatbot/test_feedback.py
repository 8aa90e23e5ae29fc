"""Feedback in the conversations database: kept by its owner, handed on only with consent."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.answering import Answer
from chatbot.basis import Basis
from chatbot.conversations import Conversations
from chatbot.feedback import Feedback, Remark
from ingestion.locator import Locator, Span
from ingestion.passage import Passage

ANN, BOB = "ann", "bob"
PASSAGE = Passage(
    7, "nlp", "w1.pdf", "pdf", "Week 1", ("Attention",), "Heads attend.",
    (Span(0, 13, Locator.number("page", 3)),), score=0.5,
)  # fmt: skip
ANSWER = Answer(
    "Twelve.",
    answerer="generative (t5)",
    question="How many heads has it?",
    passages=(PASSAGE,),
    given=("Heads attend.",),
    prompt="Read this: Heads attend. How many heads has it?",
    model="t5",
    adapter="v2",
)
# As Lectern 0.1.0 made it, before it kept any basis or remark.
OLD_SCHEMA = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL);
CREATE INDEX conversation_owner ON conversation (owner, updated);
CREATE TABLE exchange (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    question TEXT NOT NULL, options TEXT NOT NULL, state TEXT NOT NULL, writer TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '', reasoning TEXT NOT NULL DEFAULT '', answer TEXT,
    problem TEXT NOT NULL DEFAULT '', thumb INTEGER, created REAL NOT NULL);
CREATE INDEX exchange_conversation ON exchange (conversation, id);
INSERT INTO conversation VALUES ('c1', 'ann', 'Heads', 1.0, 2.0);
INSERT INTO exchange VALUES (5, 'c1', 'How many?', '{"k": 6}', 'done', 'x', 'Twelve.', '',
    '{"answer": "Twelve."}', '', 1, 1.5);
INSERT INTO exchange VALUES (6, 'c1', 'Why?', '{}', 'failed', 'x', '', '', NULL, 'No.', NULL, 1.6);
"""


@pytest.fixture
def store(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.sqlite")


@pytest.fixture
def feedback(store: Conversations) -> Feedback:
    return Feedback(store)


def answered(store: Conversations, owner: str, answer: Answer = ANSWER) -> int:
    talk = store.create(owner, "Q").id
    asked = store.begin(owner, talk, "How many?", {"decoding": {"strategy": "greedy"}})
    assert store.finish(asked, answer)
    return asked


def test_nothing_is_handed_on_without_consent_and_nothing_more_once_it_is_withdrawn(
    store: Conversations, feedback: Feedback
) -> None:
    store.rate(ANN, answered(store, ANN), 1)
    store.rate(BOB, answered(store, BOB), 0)
    assert not feedback.shared(ANN)
    assert (feedback.judgements().judgements, feedback.judgements().withheld) == ([], 2)
    feedback.share(ANN, True)
    feedback.share(ANN, True)
    found = feedback.judgements()
    assert [j.thumb for j in found.judgements] == [1]
    assert found.withheld == 1
    feedback.share(ANN, False)
    assert feedback.judgements().judgements == []


def test_a_judgement_holds_all_that_the_answer_was_made_from(
    store: Conversations, feedback: Feedback
) -> None:
    asked = answered(store, ANN)
    feedback.share(ANN, True)
    feedback.say(ANN, asked, Remark("Incomplete", " too short ", " Twelve heads. "))
    (found,) = feedback.judgements().judgements
    assert (found.question, found.answer, found.thumb) == ("How many?", "Twelve.", None)
    assert found.remark == Remark("Incomplete", "too short", "Twelve heads.")
    assert found.options == {"decoding": {"strategy": "greedy"}}
    assert found.basis is not None
    kept = replace(found.basis, passages=())
    assert kept == replace(Basis.of(ANSWER), passages=())
    (passage,) = found.basis.passages
    assert passage == replace(PASSAGE, spans=())
    assert Basis.of(ANSWER).as_json()["passages"][0]["place"] == "page 3"


def test_a_pseudonym_is_one_learners_in_every_export_and_does_not_tell_who(
    store: Conversations, feedback: Feedback, tmp_path: Path
) -> None:
    for owner in (ANN, ANN, BOB):
        store.rate(owner, answered(store, owner), 1)
        feedback.share(owner, True)
    first, second, other = (j.learner for j in feedback.judgements().judgements)
    assert first == second != other
    again = Feedback(Conversations(store.path)).judgements().judgements
    assert again[0].learner == first
    elsewhere = Conversations(tmp_path / "other.sqlite")
    elsewhere.rate(ANN, answered(elsewhere, ANN), 1)
    Feedback(elsewhere).share(ANN, True)
    assert Feedback(elsewhere).judgements().judgements[0].learner != first


def test_another_owner_can_neither_read_nor_write_a_remark(
    store: Conversations, feedback: Feedback
) -> None:
    asked = answered(store, ANN)
    feedback.say(BOB, asked, Remark("Wrong"))
    assert feedback.remark(ANN, asked) == Remark()
    feedback.say(ANN, asked, Remark("Wrong"))
    feedback.say(ANN, asked, Remark("Clear"))
    assert feedback.remark(ANN, asked) == Remark("Clear")
    assert feedback.remark(BOB, asked) == Remark()


def test_feedback_goes_with_its_conversation(store: Conversations, feedback: Feedback) -> None:
    asked = answered(store, ANN)
    feedback.share(ANN, True)
    feedback.say(ANN, asked, Remark(correction="Better."))
    store.delete(ANN, store.list(ANN)[0].id)
    assert feedback.judgements().judgements == []
    with closing(sqlite3.connect(store.path)) as db:
        left = [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("basis", "remark")]
    assert left == [0, 0]


def test_a_database_of_an_older_version_is_opened_without_losing_anything(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"
    tables = ("conversation", "exchange")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLD_SCHEMA)
        before = [db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
    store = Conversations(path)
    Conversations(path)
    with closing(sqlite3.connect(path)) as db:
        assert [db.execute(f"SELECT * FROM {table}").fetchall() for table in tables] == before
    feedback = Feedback(store)
    feedback.share(ANN, True)
    feedback.say(ANN, 5, Remark(correction="Sixteen."))
    (old,) = feedback.judgements().judgements
    assert (old.answer, old.thumb, old.remark.correction, old.basis) == (
        "Twelve.", 1, "Sixteen.", None,
    )  # fmt: skip
    store.rate(ANN, answered(store, ANN), 0)
    assert len(feedback.judgements().judgements) == 2
