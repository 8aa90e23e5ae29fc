"""The catalog: one SQLite file that is the only truth about what is in the index.

It holds the files (also those that failed, with the reason), the chunks with their text and places,
and the number of the committed *generation*. Vectors and lexical index are files beside it, named
by generation: what the catalog's transaction commits is what exists. Readers see a committed
generation or the one before it, never anything between.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ingestion.errors import IndexProblem
from ingestion.locator import Locator, Span
from ingestion.passage import Chunk, Passage
from ingestion.stores.base import Ids, Selection

SCHEMA_VERSION = 1

FileStatus = Literal["ok", "failed", "duplicate"]

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    course TEXT NOT NULL, root TEXT NOT NULL, path TEXT NOT NULL, format TEXT NOT NULL,
    sha256 TEXT NOT NULL, stamp TEXT NOT NULL, bytes INTEGER NOT NULL,
    status TEXT NOT NULL, reason TEXT NOT NULL, title TEXT NOT NULL, warnings TEXT NOT NULL,
    UNIQUE (course, root, path)
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, hash TEXT NOT NULL,
    text TEXT NOT NULL, context TEXT NOT NULL, headings TEXT NOT NULL, spans TEXT NOT NULL
);
CREATE INDEX chunks_by_file ON chunks (file_id, ordinal);
CREATE INDEX chunks_by_hash ON chunks (hash);
"""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A document the index knows. `path` is relative to `root`, with `/`.

    `stamp` says cheaply whether the file may have changed (size and times); `reason` is why it
    failed, or the file it duplicates.
    """

    course: str
    root: str
    path: str
    format: str
    sha256: str = ""
    stamp: str = ""
    bytes: int = 0
    status: FileStatus = "ok"
    reason: str = ""
    title: str = ""
    warnings: tuple[str, ...] = ()
    chunks: int = 0
    id: int = 0

    @property
    def absolute(self) -> Path:
        return Path(self.root) / self.path


@dataclass(frozen=True, slots=True)
class CourseInfo:
    name: str
    files: int
    chunks: int


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """What the pipeline needs to know of a stored chunk."""

    id: int
    hash: str


class Catalog:
    """A connection to the catalog. One thread at a time."""

    def __init__(self, file: Path, *, create: bool = False) -> None:
        if not create and not file.is_file():
            raise IndexProblem(
                f"There is no index in {file.parent}.", "Run `lectern ingest PATH` first."
            )
        try:
            self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA busy_timeout = 10000")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and create:
                with self.transaction():
                    for statement in _SCHEMA.split(";"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                version = SCHEMA_VERSION
        except sqlite3.OperationalError as error:  # nothing is wrong with what is in the file
            raise IndexProblem(
                f"The catalog {file} cannot be opened ({error}).",
                "Reading it, too, needs a folder that may be written and some free disk space.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise IndexProblem(
                f"The catalog {file} cannot be read ({error}).",
                "Delete the index folder and run `lectern ingest` again.",
            ) from error
        if version != SCHEMA_VERSION:
            raise IndexProblem(
                f"The catalog {file} has format {version}, this Lectern reads {SCHEMA_VERSION}.",
                "Delete the index folder and run `lectern ingest` again.",
            )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and no other writer meanwhile."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # -- what is committed ---------------------------------------------------------------------

    def meta(self, name: str, default: str = "") -> str:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def set_meta(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def generation(self) -> int:
        """The committed generation; 0 before the first."""
        return int(self.meta("generation", "0"))

    def files(self, course: str | None = None, root: str | None = None) -> list[FileRecord]:
        where, values = _where(course=course, root=root)
        rows = self._db.execute(
            "SELECT f.*, (SELECT count(*) FROM chunks c WHERE c.file_id = f.id) AS n "
            f"FROM files f {where} ORDER BY course, root, path",
            values,
        )
        return [_file(row) for row in rows]

    def courses(self) -> list[CourseInfo]:
        rows = self._db.execute(
            "SELECT course, count(DISTINCT f.id), count(c.id) FROM files f "
            "LEFT JOIN chunks c ON c.file_id = f.id WHERE f.status = 'ok' "
            "GROUP BY course ORDER BY course"
        )
        return [CourseInfo(*row) for row in rows]

    def chunk_count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def chunk_ids(self) -> Ids:
        rows = self._db.execute("SELECT id FROM chunks ORDER BY id").fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64)

    def chunk_keys(self, file_id: int) -> list[ChunkKey]:
        rows = self._db.execute(
            "SELECT id, hash FROM chunks WHERE file_id = ? ORDER BY ordinal", (file_id,)
        )
        return [ChunkKey(*row) for row in rows]

    def ids_by_hash(self, hashes: Iterable[str]) -> dict[str, int]:
        """One chunk id for each of the hashes that the catalog holds."""
        found: dict[str, int] = {}
        for batch in _batched(list(hashes)):
            marks = ",".join("?" * len(batch))
            rows = self._db.execute(
                f"SELECT hash, min(id) FROM chunks WHERE hash IN ({marks}) GROUP BY hash", batch
            )
            found.update(rows.fetchall())
        return found

    def passages(self, chunk_ids: Sequence[int]) -> dict[int, Passage]:
        """The stored chunks among `chunk_ids`, by id."""
        found: dict[int, Passage] = {}
        for batch in _batched(list(chunk_ids)):
            marks = ",".join("?" * len(batch))
            for row in self._db.execute(f"{_PASSAGE} WHERE c.id IN ({marks})", batch):
                found[row[0]] = _passage(row)
        return found

    def file_passages(
        self, course: str, path: str, first: int = 0, last: int | None = None
    ) -> list[Passage]:
        """The chunks of one file from ordinal `first` to `last` (inclusive), in order.

        Where several roots of a course have such a path, all of them, one root after another.
        """
        ids = self._db.execute(
            "SELECT id FROM files WHERE course = ? AND path = ? ORDER BY root", (course, path)
        ).fetchall()
        return [p for (file_id,) in ids for p in self.passages_of(file_id, first, last)]

    def passages_of(self, file_id: int, first: int = 0, last: int | None = None) -> list[Passage]:
        """The chunks of the file with this id from ordinal `first` to `last` (inclusive)."""
        upper = -1 if last is None else last
        rows = self._db.execute(
            f"{_PASSAGE} WHERE c.file_id = ? AND c.ordinal >= ? "
            "AND (? < 0 OR c.ordinal <= ?) ORDER BY c.ordinal",
            (file_id, first, upper, upper),
        )
        return [_passage(row) for row in rows]

    def selection(
        self, course: str | None = None, path: str | None = None, format: str | None = None
    ) -> Selection | None:
        """The chunks that a filter admits; None where nothing is filtered."""
        where, values = _where(course=course, path=path, format=format)
        if not values:
            return None
        rows = self._db.execute(
            f"SELECT c.id, f.id FROM chunks c JOIN files f ON f.id = c.file_id {where} "
            "ORDER BY c.id",
            values,
        ).fetchall()
        return Selection(
            np.array([row[0] for row in rows], dtype=np.int64),
            tuple(sorted({row[1] for row in rows})),
        )

    # -- changes, inside `transaction` -----------------------------------------------------------

    def put_file(self, record: FileRecord) -> int:
        """Insert or update a file; its chunks stay. Returns its id."""
        row = self._db.execute(
            "INSERT INTO files (course, root, path, format, sha256, stamp, bytes, status, reason, "
            "title, warnings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (course, root, path) DO UPDATE SET format = excluded.format, "
            "sha256 = excluded.sha256, stamp = excluded.stamp, bytes = excluded.bytes, "
            "status = excluded.status, reason = excluded.reason, title = excluded.title, "
            "warnings = excluded.warnings RETURNING id",
            (
                record.course,
                record.root,
                record.path,
                record.format,
                record.sha256,
                record.stamp,
                record.bytes,
                record.status,
                record.reason,
                record.title,
                json.dumps(record.warnings),
            ),
        ).fetchone()
        return int(row[0])

    def set_stamp(self, file_id: int, stamp: str) -> None:
        self._db.execute("UPDATE files SET stamp = ? WHERE id = ?", (stamp, file_id))

    def drop_file(self, file_id: int) -> None:
        self._db.execute("DELETE FROM files WHERE id = ?", (file_id,))

    def put_chunk(
        self, file_id: int, ordinal: int, chunk: Chunk, chunk_id: int | None = None
    ) -> int:
        """Insert a chunk, or with `chunk_id` rewrite the place of one whose embedded text is the
        same.
        """
        row = self._db.execute(
            "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (
                chunk_id,
                file_id,
                ordinal,
                chunk.hash,
                chunk.text,
                chunk.context,
                json.dumps(chunk.headings, ensure_ascii=False),
                _spans_json(chunk.spans),
            ),
        ).fetchone()
        return int(row[0])

    def drop_chunks(self, chunk_ids: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM chunks WHERE id = ?", [(i,) for i in chunk_ids])


_PASSAGE = (
    "SELECT c.id, f.course, f.path, f.format, f.title, c.headings, c.text, c.spans, c.ordinal, "
    "f.id FROM chunks c JOIN files f ON f.id = c.file_id"
)

_BATCH = 500


def _batched(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]


def _where(**conditions: str | None) -> tuple[str, list[str]]:
    given = {name: value for name, value in conditions.items() if value is not None}
    if not given:
        return "", []
    return "WHERE " + " AND ".join(f"f.{name} = ?" for name in given), list(given.values())


def _file(row: tuple[Any, ...]) -> FileRecord:
    names = ("id", "course", "root", "path", "format", "sha256", "stamp", "bytes", "status")
    values = dict(zip((*names, "reason", "title", "warnings", "chunks"), row, strict=True))
    values["warnings"] = tuple(json.loads(values["warnings"]))
    return FileRecord(**values)


def _passage(row: tuple[Any, ...]) -> Passage:
    chunk_id, course, path, format, title, headings, text, spans, ordinal, file_id = row
    return Passage(
        chunk_id=chunk_id,
        course=course,
        file=path,
        format=format,
        title=title,
        headings=tuple(json.loads(headings)),
        text=text,
        spans=tuple(
            Span(start, end, Locator(kind, value)) for start, end, kind, value in json.loads(spans)
        ),
        ordinal=ordinal,
        file_id=file_id,
    )


def _spans_json(spans: Iterable[Span]) -> str:
    return json.dumps(
        [[s.start, s.end, s.locator.kind, s.locator.value] for s in spans], ensure_ascii=False
    )
