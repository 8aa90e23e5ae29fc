"""Vectors computed by an ingest that has not committed yet, so that a killed one loses little
work.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ingestion.stores.base import Vectors


class PendingVectors:
    """Chunk hash → vector, on disk as soon as `put` returns. Belongs to one encoder signature."""

    def __init__(self, file: Path, signature: str) -> None:
        self._file = file
        self._db = sqlite3.connect(file, isolation_level=None)
        # A lost row is computed again, so the disk need not confirm every one.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS vectors "
            "(signature TEXT, hash TEXT, vector BLOB, PRIMARY KEY (signature, hash)) WITHOUT ROWID"
        )
        self._signature = signature

    def get(self, hashes: Iterable[str]) -> dict[str, Vectors]:
        """The vectors that an earlier, unfinished ingest left."""
        found: dict[str, Vectors] = {}
        for digest in hashes:
            row = self._db.execute(
                "SELECT vector FROM vectors WHERE signature = ? AND hash = ?",
                (self._signature, digest),
            ).fetchone()
            if row:
                found[digest] = np.frombuffer(row[0], dtype=np.float32)
        return found

    def put(self, hashes: list[str], vectors: Vectors) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
            [(self._signature, h, v.tobytes()) for h, v in zip(hashes, vectors, strict=True)],
        )
        self._db.execute("COMMIT")

    def close(self, *, done: bool) -> None:
        """Close; with `done` everything here has been committed elsewhere and is removed."""
        self._db.close()
        if done:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
