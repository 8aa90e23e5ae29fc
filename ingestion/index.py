"""An index opened for searching: one committed generation of catalog, vectors and lexical index.

A writer may commit while a searcher runs. Every search first looks whether the catalog has moved on
and then opens the new generation; what it holds in memory of the old one stays whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ingestion.catalog import Catalog, CourseInfo, FileRecord
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.errors import IndexProblem
from ingestion.layout import Layout
from ingestion.lexical import LexicalIndex
from ingestion.passage import Passage
from ingestion.settings import IngestionSettings
from ingestion.stores.base import Selection, Store
from ingestion.version import open_version_store

_Result = TypeVar("_Result")

_TRIES = 5
_SELECTIONS = 64
"""How many filters an open index remembers, a few hundred kilobytes each at 100,000 chunks."""


@dataclass(slots=True)
class Snapshot:
    """One committed generation, read-only."""

    generation: int
    signature: str
    store: Store
    lexical: LexicalIndex


class Index:
    """Open an index folder for reading. Safe to use from several threads, one at a time.

    Raises `IndexProblem` when there is no index, nothing is in it, or it is damaged.
    """

    def __init__(
        self,
        folder: Path,
        settings: IngestionSettings | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        self.folder = folder
        self._settings = settings or IngestionSettings.load()
        self._catalog = Catalog(Layout(folder).catalog)
        self._encoder = encoder
        self._snapshot: Snapshot | None = None
        self._selections: dict[tuple[int, str | None, str | None, str | None], Selection | None]
        self._selections = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        with self._lock:
            if self._snapshot:
                self._snapshot.store.close()
                self._snapshot = None
            self._catalog.close()

    @property
    def encoder(self) -> Encoder:
        """The encoder the index was made with. Raises `IndexProblem` when another is found
        instead.
        """
        with self._lock:
            if self._encoder is None:
                name = self._catalog.meta("encoder", self._settings.encoder)
                self._encoder = load_encoder(name, self._settings.encoder_precision)
            made_with = self._catalog.meta("encoder_signature", self._encoder.signature)
            if made_with != self._encoder.signature:
                raise IndexProblem(
                    f"The index {self.folder} was made with {self._catalog.meta('encoder')} "
                    f"({made_with}), but that name now gives {self._encoder.signature}.",
                    "Run `lectern ingest` again to make it anew.",
                )
            return self._encoder

    def courses(self) -> list[CourseInfo]:
        with self._lock:
            return self._catalog.courses()

    def files(self, course: str | None = None) -> list[FileRecord]:
        with self._lock:
            return self._catalog.files(course)

    def chunk_count(self) -> int:
        with self._lock:
            return self._catalog.chunk_count()

    def meta(self, name: str) -> str:
        with self._lock:
            return self._catalog.meta(name)

    def selection(
        self, course: str | None = None, file: str | None = None, format: str | None = None
    ) -> Selection | None:
        """The chunks a filter admits. Raises `IndexProblem` when it admits none.

        A learner asks the same course again and again, so a generation's selections are kept.
        """
        with self._lock:
            wanted = (self._catalog.generation, course, file, format)
            if wanted in self._selections:
                return self._selections[wanted]
            chosen = self._catalog.selection(course, file, format)
            if chosen is not None and not len(chosen.chunk_ids):
                filters = {"course": course, "file": file, "format": format}
                named = ", ".join(f"{k} {v!r}" for k, v in filters.items() if v)
                courses = ", ".join(c.name for c in self._catalog.courses()) or "none"
                raise IndexProblem(
                    f"Nothing in the index matches {named}.",
                    f"Courses in it: {courses}. `lectern status` lists documents and formats.",
                )
            if len(self._selections) >= _SELECTIONS or any(
                kept[0] != wanted[0] for kept in self._selections
            ):
                self._selections.clear()
            self._selections[wanted] = chosen
            return chosen

    def read(self, work: Callable[[Snapshot, Catalog], _Result]) -> _Result:
        """Run `work` on one committed generation, again if another was committed meanwhile."""
        with self._lock:
            for _ in range(_TRIES):
                snapshot = self._current()
                try:
                    result = work(snapshot, self._catalog)
                except (KeyError, IndexProblem):
                    # A store that settles in place may no longer have what this snapshot names.
                    if self._catalog.generation == snapshot.generation:
                        raise
                    continue
                if self._catalog.generation == snapshot.generation:
                    return result
            raise IndexProblem(
                f"The index {self.folder} keeps changing.", "Ask again when the ingest is done."
            )

    def neighbours(self, passage: Passage, reach: int) -> list[Passage]:
        """The chunks of the passage's file up to `reach` before and after it, itself included."""
        first, last = passage.ordinals
        with self._lock:
            return self._catalog.passages_of(passage.file_id, max(0, first - reach), last + reach)

    def file_passages(self, course: str, file: str) -> list[Passage]:
        """All chunks of the files of a course that have this path, in order."""
        with self._lock:
            return self._catalog.file_passages(course, file)

    def passages_of(self, file_id: int) -> list[Passage]:
        """All chunks of one file (`FileRecord.id`), in order."""
        with self._lock:
            return self._catalog.passages_of(file_id)

    def passages(self, chunk_ids: Sequence[int]) -> dict[int, Passage]:
        with self._lock:
            return self._catalog.passages(chunk_ids)

    def _current(self) -> Snapshot:
        generation = self._catalog.generation
        if self._snapshot is None or self._snapshot.generation != generation:
            for attempt in range(_TRIES):
                try:
                    self._open(self._catalog.generation)
                    break
                except IndexProblem:
                    # A writer that commits and clears up between two of our reads is no damage.
                    if attempt == _TRIES - 1 or self._catalog.generation == generation:
                        raise
                    generation = self._catalog.generation
        assert self._snapshot is not None
        return self._snapshot

    def _open(self, generation: int) -> None:
        if generation == 0:
            raise IndexProblem(
                f"The index {self.folder} is empty.", "Run `lectern ingest PATH` first."
            )
        catalog = self._catalog
        signature = catalog.meta("signature")
        made_with = self._settings.model_copy(
            update={
                "store": catalog.meta("store", "faiss"),
                "chroma_url": catalog.meta("chroma_url") or None,
            }
        )
        layout = Layout(self.folder)
        store = open_version_store(
            layout, catalog, signature, int(catalog.meta("dimension")), made_with
        )
        store.open(generation)
        lexical = LexicalIndex.load(layout.lexical(signature, generation))
        if self._snapshot:
            self._snapshot.store.close()
        self._snapshot = Snapshot(generation, signature, store, lexical)
