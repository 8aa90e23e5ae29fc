"""What learners say about answers: thumbs, reasons, corrections, and whether it may be used.

Feedback lies in the conversations database and goes with its conversation. Nothing of it is handed
on (`judgements`) unless its owner has agreed to that, and no longer than they agree.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from chatbot.basis import Basis
from chatbot.conversations import Conversations

REASONS = {
    0: ("Wrong", "Incomplete", "Not what I asked", "The source says otherwise", "Offensive"),
    1: ("Right", "Clear", "Good source"),
}
"""Thumb → the reasons offered for it."""

LONGEST = 2000
"""Characters of a comment or a correction."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a learner adds to a thumb: one of `REASONS`, a comment, a better answer; each may be
    empty.
    """

    reason: str = ""
    comment: str = ""
    correction: str = ""


@dataclass(frozen=True)
class Judgement:
    """A judged answer whose owner lets it be used. `learner` is a pseudonym of the owner.

    `thumb` is 1, 0 or None (a correction alone); `basis` is None of an answer that was given before
    Lectern kept one; `options` are those of `chatbot.options.AskOptions`.
    """

    id: int
    learner: str
    question: str
    answer: str
    reasoning: str
    thumb: int | None
    remark: Remark
    options: dict[str, Any]
    basis: Basis | None
    created: float


@dataclass(frozen=True)
class Collected:
    """The judgements that may be used, oldest first, and how many may not."""

    judgements: list[Judgement]
    withheld: int


class Feedback:
    """Feedback on the exchanges of `conversations`; who is not the owner changes nothing."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    def remark(self, owner: str, exchange: int) -> Remark:
        """What was last said of an exchange; an empty remark where nothing was."""
        with self._conversations.transaction() as db:
            row = db.execute(
                "SELECT reason, comment, correction FROM remark JOIN exchange e ON e.id = exchange"
                " JOIN conversation c ON c.id = e.conversation WHERE exchange = ? AND owner = ?",
                (exchange, owner),
            ).fetchone()
        return Remark(*row) if row else Remark()

    def say(self, owner: str, exchange: int, remark: Remark) -> None:
        """Keep a remark in place of the last one."""
        said = [text.strip()[:LONGEST] for text in (remark.comment, remark.correction)]
        with self._conversations.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO remark SELECT e.id, ?, ?, ?, ? FROM exchange e"
                " JOIN conversation c ON c.id = e.conversation WHERE e.id = ? AND c.owner = ?",
                (remark.reason, *said, time.time(), exchange, owner),
            )

    def shared(self, owner: str) -> bool:
        """Whether the owner lets their feedback be used; not unless they said so."""
        with self._conversations.transaction() as db:
            found = db.execute("SELECT 1 FROM sharing WHERE owner = ?", (owner,)).fetchone()
        return found is not None

    def share(self, owner: str, agreed: bool) -> None:
        with self._conversations.transaction() as db:
            if agreed:
                db.execute("INSERT OR IGNORE INTO sharing VALUES (?, ?)", (owner, time.time()))
            else:
                db.execute("DELETE FROM sharing WHERE owner = ?", (owner,))

    def judgements(self) -> Collected:
        """Every answer with a thumb or a correction whose owner shares their feedback.

        Pseudonyms are salted hashes; the salt never leaves the database, so nobody else can tell
        which browser one belongs to, and one learner has one pseudonym in every export.
        """
        with self._conversations.transaction() as db:
            salt = _salt(db)
            rows = db.execute(
                "SELECT e.*, c.owner, s.owner IS NOT NULL AS shared, b.content AS basis,"
                " r.reason, r.comment, r.correction FROM exchange e"
                " JOIN conversation c ON c.id = e.conversation"
                " LEFT JOIN sharing s ON s.owner = c.owner"
                " LEFT JOIN basis b ON b.exchange = e.id LEFT JOIN remark r ON r.exchange = e.id"
                " WHERE e.state = 'done' AND (e.thumb IS NOT NULL OR r.correction != '')"
                " ORDER BY e.id"
            ).fetchall()
        agreed = [_judgement(row, salt) for row in rows if row["shared"]]
        return Collected(agreed, len(rows) - len(agreed))


def _salt(db: sqlite3.Connection) -> str:
    db.execute(
        "INSERT INTO salt SELECT ? WHERE NOT EXISTS (SELECT 1 FROM salt)", (secrets.token_hex(32),)
    )
    return str(db.execute("SELECT value FROM salt").fetchone()[0])


def _judgement(row: sqlite3.Row, salt: str) -> Judgement:
    pseudonym = hashlib.sha256(f"{salt}:{row['owner']}".encode()).hexdigest()[:16]
    remark = Remark(*(row[name] or "" for name in ("reason", "comment", "correction")))
    return Judgement(
        id=row["id"],
        learner=pseudonym,
        question=row["question"],
        answer=row["text"],
        reasoning=row["reasoning"],
        thumb=row["thumb"],
        remark=remark,
        options=json.loads(row["options"]),
        basis=Basis.from_json(json.loads(row["basis"])) if row["basis"] else None,
        created=row["created"],
    )
