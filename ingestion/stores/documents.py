"""Documents beside a LangChain vector store's vectors: one SQLite file, JSON metadata, no pickle.

It plays the part that the catalog has in an ingest: it is the truth about which generation of the
vectors is committed, and its write transaction keeps a second writer waiting.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document

from ingestion.stores.base import Ids

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    chunk_id INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    metadata TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS committed (generation INTEGER NOT NULL);
INSERT INTO committed SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM committed);
"""
PATIENCE = 60.0
"""Seconds that a writer waits for another one."""


class Documents:
    """`chunk id → Document`. A connection lasts one call, so any thread may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connected() as db:
            db.executescript(SCHEMA)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[DocumentWriter]:
        """One transaction: all of it is kept when the block ends, none of it when it raises."""
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield DocumentWriter(db)
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def generation(self) -> int:
        with self._connected() as db:
            return _generation(db)

    def live(self) -> Ids:
        with self._connected() as db:
            return _live(db)

    def by_chunk(self, chunk_ids: Sequence[int]) -> dict[int, Document]:
        with self._connected() as db:
            found = db.execute(
                "SELECT chunk_id, id, text, metadata FROM documents "
                "WHERE chunk_id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(chunk_ids))],
            )
            return {row[0]: _document(*row[1:]) for row in found}

    def by_id(self, ids: Sequence[str]) -> list[Document]:
        """Those that are there, in the order asked."""
        with self._connected() as db:
            found = db.execute(
                "SELECT id, text, metadata FROM documents "
                "WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(ids))],
            )
            held = {row[0]: _document(*row) for row in found}
        return [held[i] for i in dict.fromkeys(ids) if i in held]

    def matching(self, metadata: dict[str, Any]) -> Ids:
        """Chunk ids of the documents whose metadata have all these values."""
        each = "EXISTS (SELECT 1 FROM json_each(metadata) WHERE key = ? AND value IS ?)"
        where = " AND ".join([each] * len(metadata)) or "1"
        values = [part for pair in metadata.items() for part in pair]
        with self._connected() as db:
            found = db.execute(f"SELECT chunk_id FROM documents WHERE {where}", values)
            return np.array([row[0] for row in found], np.int64)


class DocumentWriter:
    """The writing end, inside a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def generation(self) -> int:
        return _generation(self._db)

    def live(self) -> Ids:
        return _live(self._db)

    def commit_generation(self, generation: int) -> None:
        self._db.execute("UPDATE committed SET generation = ?", [generation])

    def remove(self, ids: Sequence[str] | None) -> list[int]:
        """Chunk ids of the documents removed; None removes all."""
        which = "" if ids is None else " WHERE id IN (SELECT value FROM json_each(?))"
        values = [] if ids is None else [json.dumps(list(ids))]
        found = self._db.execute(f"DELETE FROM documents{which} RETURNING chunk_id", values)
        return [row[0] for row in found]

    def add(self, document: Document) -> int:
        """The chunk id it got. Raises `ValueError` for metadata that JSON cannot hold."""
        try:
            metadata = json.dumps(document.metadata)
        except TypeError as error:
            raise ValueError(
                f"The metadata of document {document.id!r} cannot be kept: {error}. "
                "Use text, numbers, booleans, lists and dicts."
            ) from error
        (chunk_id,) = self._db.execute(
            "INSERT INTO documents (id, text, metadata) VALUES (?, ?, ?) RETURNING chunk_id",
            [document.id, document.page_content, metadata],
        ).fetchone()
        return int(chunk_id)


def _generation(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT generation FROM committed").fetchone()[0])


def _live(db: sqlite3.Connection) -> Ids:
    found = db.execute("SELECT chunk_id FROM documents")
    return np.array([row[0] for row in found], np.int64)


def _document(identity: str, text: str, metadata: str) -> Document:
    return Document(id=identity, page_content=text, metadata=json.loads(metadata))
