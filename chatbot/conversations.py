"""Conversations in SQLite: who asked what, what was answered, and what is still being written.

An answer is written into its row piece by piece, so that what a learner has seen survives a rerun
of the page, a reload of the browser and a stop of the process. The row remembers which process
writes it; `Conversations.recover` marks the rows of dead processes as interrupted.

Every conversation has an owner (an opaque string, see `chatbot.ui.session`), and every method that
reads or changes one takes the owner: somebody else's conversation is as if it did not exist.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from chatbot.answering import Answer, Turn
from chatbot.basis import Basis
from ingestion.errors import LecternError

State = Literal["writing", "done", "stopped", "interrupted", "failed"]

TITLE_LENGTH = 60

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL);
CREATE INDEX IF NOT EXISTS conversation_owner ON conversation (owner, updated);
CREATE TABLE IF NOT EXISTS exchange (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    question TEXT NOT NULL, options TEXT NOT NULL, state TEXT NOT NULL, writer TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '', reasoning TEXT NOT NULL DEFAULT '', answer TEXT,
    problem TEXT NOT NULL DEFAULT '', thumb INTEGER, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS exchange_conversation ON exchange (conversation, id);
CREATE TABLE IF NOT EXISTS basis (
    exchange INTEGER PRIMARY KEY REFERENCES exchange (id) ON DELETE CASCADE,
    content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS remark (
    exchange INTEGER PRIMARY KEY REFERENCES exchange (id) ON DELETE CASCADE,
    reason TEXT NOT NULL, comment TEXT NOT NULL, correction TEXT NOT NULL, updated REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sharing (owner TEXT PRIMARY KEY, since REAL NOT NULL);
CREATE TABLE IF NOT EXISTS salt (value TEXT NOT NULL);
"""
"""Tables that an older database lacks are added when it is opened; nothing in it is changed."""


class UnknownConversation(LecternError):
    """There is no such conversation, or it belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One line of the conversation list; times are seconds since the epoch."""

    id: str
    title: str
    created: float
    updated: float
    writing: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer, finished or not.

    `text` and `reasoning` are what has been written so far; `answer` is `Answer.as_json()` once the
    state is `done`; `problem` says why it `failed`; `thumb` is 1 (up), 0 (down) or None.
    """

    id: int
    conversation: str
    question: str
    options: dict[str, Any]
    state: State
    text: str
    reasoning: str
    answer: dict[str, Any] | None
    problem: str
    thumb: int | None
    created: float


class Conversations:
    """The conversations database at `path`, made when missing. Any thread may call any method."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with self.transaction() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)

    def create(self, owner: str, title: str) -> Conversation:
        """A new conversation, titled by the first words of `title`."""
        now = time.time()
        made = Conversation(uuid.uuid4().hex, shortened(title), now, now)
        with self.transaction() as db:
            db.execute(
                "INSERT INTO conversation VALUES (?, ?, ?, ?, ?)",
                (made.id, owner, made.title, now, now),
            )
        return made

    def list(self, owner: str) -> list[Conversation]:
        """The owner's conversations, last used first."""
        with self.transaction() as db:
            rows = db.execute(
                "SELECT id, title, created, updated, EXISTS (SELECT 1 FROM exchange"
                " WHERE conversation = conversation.id AND state = 'writing') AS writing"
                " FROM conversation WHERE owner = ? ORDER BY updated DESC, rowid DESC",
                (owner,),
            ).fetchall()
        return [Conversation(**{**row, "writing": bool(row["writing"])}) for row in map(dict, rows)]

    def rename(self, owner: str, conversation: str, title: str) -> None:
        with self.transaction() as db:
            self._demand(db, owner, conversation)
            db.execute(
                "UPDATE conversation SET title = ? WHERE id = ?", (shortened(title), conversation)
            )

    def delete(self, owner: str, conversation: str) -> None:
        with self.transaction() as db:
            self._demand(db, owner, conversation)
            db.execute("DELETE FROM conversation WHERE id = ?", (conversation,))

    def exchanges(self, owner: str, conversation: str) -> tuple[Exchange, ...]:
        """All exchanges of a conversation in order; `UnknownConversation` when it is not theirs."""
        with self.transaction() as db:
            self._demand(db, owner, conversation)
            rows = db.execute(
                "SELECT * FROM exchange WHERE conversation = ? ORDER BY id", (conversation,)
            ).fetchall()
        return tuple(_exchange(row) for row in rows)

    def exchange(self, owner: str, exchange: int) -> Exchange | None:
        """One exchange, or None when it is gone or not theirs."""
        with self.transaction() as db:
            row = db.execute(
                "SELECT exchange.* FROM exchange JOIN conversation c ON c.id = conversation"
                " WHERE exchange.id = ? AND c.owner = ?",
                (exchange, owner),
            ).fetchone()
        return _exchange(row) if row else None

    def begin(
        self, owner: str, conversation: str, question: str, options: Mapping[str, Any]
    ) -> int:
        """A new exchange in state `writing`; `options` are the settings it is asked with (JSON)."""
        now = time.time()
        with self.transaction() as db:
            self._demand(db, owner, conversation)
            db.execute("UPDATE conversation SET updated = ? WHERE id = ?", (now, conversation))
            made = db.execute(
                "INSERT INTO exchange (conversation, question, options, state, writer, created)"
                " VALUES (?, ?, ?, 'writing', ?, ?)",
                (conversation, question, json.dumps(dict(options)), _this_process(), now),
            )
            return int(made.lastrowid or 0)

    def write(self, exchange: int, text: str, reasoning: str = "") -> bool:
        """Put what has been written so far; False when nobody waits for it any more."""
        return self._advance(exchange, text=text, reasoning=reasoning)

    def finish(self, exchange: int, answer: Answer) -> bool:
        """The whole answer with its basis; False when it was stopped or deleted before."""
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE exchange SET state = 'done', text = ?, reasoning = ?, answer = ?"
                " WHERE id = ? AND state = 'writing'",
                (answer.text, answer.reasoning, json.dumps(answer.as_json()), exchange),
            )
            if changed.rowcount == 1:
                basis = json.dumps(Basis.of(answer).as_json())
                db.execute("INSERT INTO basis VALUES (?, ?)", (exchange, basis))
            return changed.rowcount == 1

    def fail(self, exchange: int, problem: str) -> bool:
        return self._advance(exchange, state="failed", problem=problem)

    def stop(self, owner: str, exchange: int) -> bool:
        """Keep what there is and take no more; False when it was no longer being written."""
        if self.exchange(owner, exchange) is None:
            return False
        return self._advance(exchange, state="stopped")

    def rate(self, owner: str, exchange: int, thumb: int | None) -> None:
        """Keep the learner's thumb: 1 up, 0 down, None taken back."""
        with self.transaction() as db:
            db.execute(
                "UPDATE exchange SET thumb = ? WHERE id = ? AND conversation IN"
                " (SELECT id FROM conversation WHERE owner = ?)",
                (thumb, exchange, owner),
            )

    def recover(self) -> int:
        """Mark what dead processes left half-written as interrupted; returns how many."""
        with self.transaction() as db:
            rows = db.execute("SELECT id, writer FROM exchange WHERE state = 'writing'").fetchall()
            dead = [(row["id"],) for row in rows if not _alive(row["writer"])]
            db.executemany("UPDATE exchange SET state = 'interrupted' WHERE id = ?", dead)
        return len(dead)

    def _advance(self, exchange: int, **columns: str) -> bool:
        """Change a row that is still being written; False when it no longer is."""
        assignments = ", ".join(f"{name} = ?" for name in columns)
        with self.transaction() as db:
            changed = db.execute(
                f"UPDATE exchange SET {assignments} WHERE id = ? AND state = 'writing'",
                (*columns.values(), exchange),
            )
            return changed.rowcount == 1

    def _demand(self, db: sqlite3.Connection, owner: str, conversation: str) -> None:
        found = db.execute(
            "SELECT 1 FROM conversation WHERE id = ? AND owner = ?", (conversation, owner)
        ).fetchone()
        if found is None:
            raise UnknownConversation(
                f"There is no conversation {conversation!r} here.",
                "It was deleted, or it was begun in another browser.",
            )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction: cheap, and free of SQLite's thread rules.

        Raises `LecternError` for a file that is no database, is damaged, or cannot be written.
        """
        db = sqlite3.connect(self.path, timeout=30)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA synchronous = NORMAL")
            with db:
                yield db
        except sqlite3.DatabaseError as error:
            raise LecternError(
                f"The conversations in {self.path} cannot be used ({error}).",
                "Check that this is Lectern's database, and that the disk lets it be written.",
            ) from error
        finally:
            db.close()


def history(exchanges: tuple[Exchange, ...]) -> list[Turn]:
    """The earlier turns a follow-up may refer to, as (question, answer)."""
    return [(e.question, e.text) for e in exchanges if e.state in ("done", "stopped")]


def shortened(title: str) -> str:
    """A title of one line: the first words, cut at a word and marked with an ellipsis."""
    line = " ".join(title.split()) or "New conversation"
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"


def _exchange(row: sqlite3.Row) -> Exchange:
    columns = {name: row[name] for name in row.keys() if name != "writer"}  # noqa: SIM118
    columns["options"] = json.loads(columns["options"])
    columns["answer"] = json.loads(columns["answer"]) if columns["answer"] else None
    return Exchange(**columns)


def _this_process() -> str:
    return _process_name(psutil.Process(os.getpid()))


def _process_name(process: psutil.Process) -> str:
    """Process id and start time: process ids are used again, the pair is not."""
    return f"{process.pid}@{process.create_time():.2f}"


def _alive(writer: str) -> bool:
    try:
        return _process_name(psutil.Process(int(writer.split("@")[0]))) == writer
    except psutil.NoSuchProcess:
        return False
