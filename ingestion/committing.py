"""Vectors, lexical index and catalog changed together: one commit, then what it replaced goes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

from ingestion.catalog import Catalog, FileRecord
from ingestion.embedding import embed_chunks, stack
from ingestion.encoders.base import Encoder
from ingestion.errors import DamagedIndex, IndexProblem
from ingestion.layout import Layout
from ingestion.lexical import LexicalIndex
from ingestion.passage import Chunk
from ingestion.pending import PendingVectors
from ingestion.plan import Plan
from ingestion.progress import OnProgress, StageClock
from ingestion.report import IngestReport
from ingestion.settings import IngestionSettings
from ingestion.stores.base import Row, Store
from ingestion.stores.factory import drop_other_collections
from ingestion.version import collection_prefix, open_version_store, pipeline_signature


@dataclass(slots=True)
class ReadFile:
    """A file read in this run, or found unreadable or a duplicate; with its chunks."""

    record: FileRecord
    chunks: list[Chunk] = field(default_factory=list)


class VersionWriter:
    """The version of the index that one run writes, holding the writer's lock.

    `same` says whether it is the committed one; otherwise everything is made anew beside that one:
    the pipeline is another, or `damage` says what cannot be read of it.
    """

    def __init__(
        self, layout: Layout, catalog: Catalog, encoder: Encoder, settings: IngestionSettings
    ) -> None:
        self._layout = layout
        self._catalog = catalog
        self._encoder = encoder
        self._settings = settings
        self._store: Store | None = None
        self._lexical: LexicalIndex | None = None
        self._urls = {catalog.meta("chroma_url"), settings.chroma_url or ""} - {""}
        self.damage = ""
        pipeline, committed = pipeline_signature(encoder, settings), catalog.meta("signature")
        self.same = committed.partition("-")[0] == pipeline
        self.signature = committed if self.same else pipeline
        if self.same:
            try:
                self._open_committed()
            except DamagedIndex as error:
                self.close()
                self.same, self.damage = False, error.what
                self.signature = f"{pipeline}-{catalog.generation + 1}"
        if not self.same:
            self._store = self._version_store()
            self._store.settle(0, catalog.chunk_ids()[:0])
            self._store.open(0)

    def _version_store(self) -> Store:
        return open_version_store(
            self._layout, self._catalog, self.signature, self._encoder.dimension, self._settings
        )

    def _open_committed(self) -> None:
        generation = self._catalog.generation
        self._store = self._version_store()
        self._store.open(generation)
        self._lexical = LexicalIndex.load(self._layout.lexical(self.signature, generation))

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def write(
        self,
        plan: Plan,
        read: list[ReadFile],
        report: IngestReport,
        progress: OnProgress | None,
    ) -> None:
        """Embed and commit; the next run goes on from the vectors of one that was interrupted."""
        if self.same:
            self._settle(report)
        if not self.same or read or plan.gone or plan.restamp:
            pending = PendingVectors(self._layout.pending, self.signature)
            try:
                self._commit(plan, read, report, pending, progress)
            except BaseException:
                pending.close(done=False)
                raise
            pending.close(done=True)
        elif self._layout.pending.exists():  # a killed run's, of files that are gone again
            PendingVectors(self._layout.pending, self.signature).close(done=True)

    def _commit(
        self,
        plan: Plan,
        read: list[ReadFile],
        report: IngestReport,
        pending: PendingVectors,
        progress: OnProgress | None,
    ) -> None:
        assert self._store is not None
        catalog, encoder, store = self._catalog, self._encoder, self._store
        chunks = [chunk for item in read for chunk in item.chunks]
        vectors, report.embedded = embed_chunks(
            chunks, encoder, catalog, store if self.same else None, pending, progress
        )
        clock = StageClock("commit", 1, 1.0, progress)
        with catalog.transaction():
            rows, new, removed = self._change_catalog(plan, read, report)
            if rows or removed or not self.same:
                generation = catalog.generation + 1
                matrix = stack(vectors, [chunk for _, chunk in new], encoder.dimension)
                store.stage(generation, rows, matrix, removed if self.same else ())
                self._stage_lexical(generation, new, removed)
                self._set_meta(generation)
        report.added_chunks, report.removed_chunks = len(rows), len(removed)
        self._settle(report)
        clock.step(1, 1.0)

    def _set_meta(self, generation: int) -> None:
        encoder, settings = self._encoder, self._settings
        for name, value in (
            ("generation", str(generation)),
            ("signature", self.signature),
            ("encoder", encoder.name),
            ("encoder_signature", encoder.signature),
            ("dimension", str(encoder.dimension)),
            ("store", settings.store),
            ("chroma_url", settings.chroma_url or ""),
        ):
            self._catalog.set_meta(name, value)

    def _change_catalog(
        self, plan: Plan, read: list[ReadFile], report: IngestReport
    ) -> tuple[list[Row], list[tuple[int, Chunk]], list[int]]:
        """Returns the rows new to the store, the new chunks with their ids, and the ids removed."""
        catalog = self._catalog
        rows: list[Row] = []
        new: list[tuple[int, Chunk]] = []
        removed: list[int] = []
        for record in plan.gone:
            removed.extend(key.id for key in catalog.chunk_keys(record.id))
            catalog.drop_file(record.id)
            report.deleted += bool(record.format)  # a folder that was refused has none
        for record, stamp in plan.restamp:
            catalog.set_stamp(record.id, stamp)
        before = {(r.course, r.root, r.path) for r in catalog.files()}
        for item in read:
            record = item.record
            report.duplicates += record.status == "duplicate"
            if record.status == "ok":
                known = (record.course, record.root, record.path) in before
                report.changed += known
                report.new += not known
            file_id = catalog.put_file(record)
            old: dict[str, list[int]] = {}
            for key in catalog.chunk_keys(file_id):
                old.setdefault(key.hash, []).append(key.id)
            if not self.same:  # another pipeline starts from an empty store
                removed.extend(i for ids in old.values() for i in ids)
                catalog.drop_chunks(i for ids in old.values() for i in ids)
                old = {}
            for ordinal, chunk in enumerate(item.chunks):
                kept = old[chunk.hash].pop(0) if old.get(chunk.hash) else None
                chunk_id = catalog.put_chunk(file_id, ordinal, chunk, kept)
                if kept is None:
                    rows.append(Row(chunk_id, file_id, record.course, record.path, record.format))
                    new.append((chunk_id, chunk))
            left = [i for ids in old.values() for i in ids]
            catalog.drop_chunks(left)
            removed.extend(left)
        return rows, new, removed

    def _stage_lexical(
        self, generation: int, new: list[tuple[int, Chunk]], removed: list[int]
    ) -> None:
        ids = [chunk_id for chunk_id, _ in new]
        texts = [chunk.embedded_text for _, chunk in new]
        before = self._lexical or LexicalIndex.build((), ())
        lexical = before.updated(ids, texts, removed if self.same else ())
        folder = self._layout.lexical(self.signature, generation)
        shutil.rmtree(folder, ignore_errors=True)
        lexical.save(folder)

    def _settle(self, report: IngestReport) -> None:
        """Clear away what the committed generation does not use."""
        assert self._store is not None
        generation = self._catalog.generation
        self._store.settle(generation, self._catalog.chunk_ids())
        version = self._layout.version(self.signature)
        stale = set(self._layout.folder.glob("version-*")) - {version}
        stale |= set(version.glob("lexical-*")) - {self._layout.lexical(self.signature, generation)}
        for folder in stale:
            shutil.rmtree(folder)
        prefix = collection_prefix(self._catalog)
        for url in sorted(self._urls):
            try:
                drop_other_collections(url, prefix, keep=prefix + self.signature)
            except IndexProblem as error:
                reason = f"Older collections ({prefix}…) may be left on it: {error.what}"
                report.warnings.append((f"Chroma server {url}", reason))
        self._urls = set()
