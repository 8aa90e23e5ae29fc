"""Documents in, index out: scan → plan → parse → chunk → embed → one commit over everything.

The order of the last steps is what makes an ingest safe to kill: vectors and lexical index of the
next generation are written beside the old ones, the catalog's SQLite transaction makes them the
index, and only then are the old ones removed. The next run first removes what nobody refers to.
"""

from __future__ import annotations

import hashlib
import shutil
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.catalog import Catalog, FileRecord
from ingestion.chunking import CHUNKING_VERSION, chunk_document
from ingestion.discovery import Discovery, Found, discover
from ingestion.embedding import embed_chunks, stack
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.errors import UnreadableDocument
from ingestion.layout import Layout
from ingestion.lexical import LexicalIndex
from ingestion.lock import single_writer
from ingestion.passage import Chunk
from ingestion.pending import PendingVectors
from ingestion.plan import Plan, make_plan
from ingestion.progress import OnProgress, StageClock
from ingestion.readers.base import Document
from ingestion.report import IngestReport
from ingestion.sandbox import ReaderPool
from ingestion.settings import IngestionSettings
from ingestion.stores.base import Row, Store
from ingestion.stores.factory import open_store

READING_VERSION = 1
"""Part of the pipeline signature: raise it when readers give other blocks for the same file."""


@dataclass(slots=True)
class _Read:
    """A file read in this run, with its chunks."""

    record: FileRecord
    chunks: list[Chunk] = field(default_factory=list)


def ingest(
    paths: Sequence[Path],
    index: Path,
    course: str | None = None,
    settings: IngestionSettings | None = None,
    encoder: Encoder | None = None,
    progress: OnProgress | None = None,
) -> IngestReport:
    """Bring the index in folder `index` up to date with `paths` (files, or folders looked through
    whole).

    A file that cannot be read is recorded as failed, with the reason, and stops nothing. Raises
    `LecternError` for a path that is not there, and `IndexProblem` when another process is writing.
    """
    start = time.monotonic()
    settings = settings or IngestionSettings.load()
    layout = Layout(index)
    discovery = discover(paths, course)
    with single_writer(layout.lock):
        catalog = Catalog(layout.catalog, create=True)
        try:
            encoder = encoder or load_encoder(settings.encoder, settings.encoder_precision)
            report = _Ingest(layout, catalog, encoder, settings, progress).run(discovery)
        finally:
            catalog.close()
    report.seconds = time.monotonic() - start
    return report


def pipeline_signature(encoder: Encoder, settings: IngestionSettings) -> str:
    """Whatever changes chunks or vectors changes this, and so makes another index version."""
    parts = (
        encoder.signature,
        settings.chunk_tokens,
        CHUNKING_VERSION,
        READING_VERSION,
        settings.store,
        settings.chroma_url or "",
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def open_version_store(
    layout: Layout, catalog: Catalog, signature: str, dimension: int, settings: IngestionSettings
) -> Store:
    """The store of one pipeline version, at generation 0."""
    collection = f"lectern-{catalog.meta('index_id')}-{signature}"
    folder = layout.version(signature)
    folder.mkdir(parents=True, exist_ok=True)
    return open_store(settings.store, folder, dimension, settings.chroma_url, collection)


class _Ingest:
    """One run, holding the writer's lock."""

    def __init__(
        self,
        layout: Layout,
        catalog: Catalog,
        encoder: Encoder,
        settings: IngestionSettings,
        progress: OnProgress | None,
    ) -> None:
        self._layout = layout
        self._catalog = catalog
        self._encoder = encoder
        self._settings = settings
        self._progress = progress
        self._signature = pipeline_signature(encoder, settings)
        self._same = catalog.meta("signature") == self._signature
        self._report = IngestReport()
        if not catalog.meta("index_id"):
            catalog.set_meta("index_id", uuid.uuid4().hex[:12])

    def run(self, discovery: Discovery) -> IngestReport:
        report, catalog = self._report, self._catalog
        plan = make_plan(discovery, catalog.files(), self._same)
        report.unchanged = len(plan.unchanged)
        report.ignored = dict(discovery.ignored)
        for record in plan.unchanged:
            if record.status == "failed":
                report.failed.append((record.path, record.reason))
            report.warnings.extend((record.path, warning) for warning in record.warnings)
        read = self._parse(plan)
        refused = [_failed(found, "", reason) for found, reason in discovery.refused]
        report.failed.extend((record.path, record.reason) for record in refused)
        self._store_all(plan, read, refused)
        report.generation = catalog.generation
        report.chunks = catalog.chunk_count()
        return report

    # -- parse ---------------------------------------------------------------------------------

    def _parse(self, plan: Plan) -> list[_Read]:
        wanted: dict[Path, list[tuple[Found, str]]] = {}
        for found, digest in plan.read:
            wanted.setdefault(found.absolute, []).append((found, digest))
        total = sum(found.bytes for found, _ in plan.read)
        clock = StageClock("parse", len(wanted), total, self._progress)
        settings = self._settings
        read: list[_Read] = []
        with ReaderPool(
            settings.parser_workers,
            settings.parser_memory_mb,
            settings.parser_seconds,
            settings.max_text_mb,
            settings.max_file_mb,
        ) as pool:
            for path, outcome in pool.read_all(list(wanted)):
                for found, digest in wanted[path]:
                    read.append(self._chunk(found, digest, outcome))
                    clock.step(0, found.bytes)
                clock.step(1, 0.0, wanted[path][0][0].path)
        read.sort(key=lambda r: (r.record.course, r.record.root, r.record.path))
        for item in read:
            if item.record.status == "failed":
                self._report.failed.append((item.record.path, item.record.reason))
            for warning in item.record.warnings:
                self._report.warnings.append((item.record.path, warning))
        return read

    def _chunk(self, found: Found, digest: str, outcome: Document | UnreadableDocument) -> _Read:
        if isinstance(outcome, UnreadableDocument):
            return _Read(_failed(found, digest, f"{outcome.what} {outcome.remedy}".strip()))
        chunks = chunk_document(outcome, self._encoder, self._settings.chunk_tokens)
        if not chunks:
            return _Read(_failed(found, digest, "No text was found in it. Check the file."))
        record = _record(found, digest, title=outcome.title, warnings=tuple(outcome.warnings))
        return _Read(record, chunks)

    # -- embed and commit ------------------------------------------------------------------------

    def _store_all(self, plan: Plan, read: list[_Read], refused: list[FileRecord]) -> None:
        changes = read or plan.gone or plan.duplicates or refused or plan.restamp
        if self._same and not changes:
            self._settle_leftovers()
            return
        catalog, encoder = self._catalog, self._encoder
        store = open_version_store(
            self._layout, catalog, self._signature, encoder.dimension, self._settings
        )
        pending = PendingVectors(self._layout.pending, self._signature)
        try:
            generation = catalog.generation
            if self._same:
                self._settle(store, generation)
                store.open(generation)
            else:
                store.settle(0, catalog.chunk_ids()[:0])
                store.open(0)
            chunks = [chunk for item in read for chunk in item.chunks]
            vectors, self._report.embedded = embed_chunks(
                chunks, encoder, catalog, store if self._same else None, pending, self._progress
            )
            clock = StageClock("commit", 1, 1.0, self._progress)
            with catalog.transaction():
                rows, new, removed = self._change_catalog(plan, read, refused)
                if rows or removed or not self._same:
                    generation += 1
                    added = [chunk for _, chunk in new]
                    matrix = stack(vectors, added, encoder.dimension)
                    store.stage(generation, rows, matrix, removed if self._same else ())
                    self._stage_lexical(generation, new, removed)
                    catalog.set_meta("generation", str(generation))
                    catalog.set_meta("signature", self._signature)
                    catalog.set_meta("encoder", encoder.name)
                    catalog.set_meta("encoder_signature", encoder.signature)
                    catalog.set_meta("dimension", str(encoder.dimension))
                    catalog.set_meta("store", self._settings.store)
                    catalog.set_meta("chroma_url", self._settings.chroma_url or "")
            self._report.added_chunks, self._report.removed_chunks = len(rows), len(removed)
            self._same = True
            self._settle(store, generation)
            clock.step(1, 1.0)
            pending.close(done=True)
        except BaseException:
            pending.close(done=False)
            raise
        finally:
            store.close()

    def _change_catalog(
        self, plan: Plan, read: list[_Read], refused: list[FileRecord]
    ) -> tuple[list[Row], list[tuple[int, Chunk]], list[int]]:
        """Returns the rows new to the store, the new chunks with their ids, and the ids removed."""
        catalog, report = self._catalog, self._report
        rows: list[Row] = []
        new: list[tuple[int, Chunk]] = []
        removed: list[int] = []
        for record in plan.gone:
            removed.extend(key.id for key in catalog.chunk_keys(record.id))
            catalog.drop_file(record.id)
            report.deleted += 1
        for record, stamp in plan.restamp:
            catalog.set_stamp(record.id, stamp)
        before = {(r.course, r.root, r.path) for r in catalog.files()}
        for found, digest, first in plan.duplicates:
            record = _record(found, digest, status="duplicate", reason=first)
            read = [*read, _Read(record)]
            report.duplicates += 1
        for item in [*read, *(_Read(record) for record in refused)]:
            record = item.record
            if record.status == "ok":
                known = (record.course, record.root, record.path) in before
                report.changed += known
                report.new += not known
            file_id = catalog.put_file(record)
            old: dict[str, list[int]] = {}
            for key in catalog.chunk_keys(file_id):
                old.setdefault(key.hash, []).append(key.id)
            if not self._same:  # another pipeline starts from an empty store
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
        before = self._layout.lexical(self._signature, generation - 1)
        if self._same and generation > 1:
            lexical = LexicalIndex.load(before).updated(ids, texts, removed)
        else:
            lexical = LexicalIndex.build(ids, texts)
        folder = self._layout.lexical(self._signature, generation)
        shutil.rmtree(folder, ignore_errors=True)
        lexical.save(folder)

    def _settle_leftovers(self) -> None:
        """After a run that changed nothing: clear what an earlier, killed one may have left."""
        generation = self._catalog.generation
        version = self._layout.version(self._signature)
        tidy = {version / f"lexical-{generation}"}
        stale = set(version.glob("lexical-*")) - tidy or self._other_versions()
        if stale or self._layout.pending.exists():
            store = open_version_store(
                self._layout,
                self._catalog,
                self._signature,
                self._encoder.dimension,
                self._settings,
            )
            self._settle(store, generation)
            store.close()
            PendingVectors(self._layout.pending, self._signature).close(done=True)

    def _settle(self, store: Store, generation: int) -> None:
        store.settle(generation, self._catalog.chunk_ids())
        keep = self._layout.lexical(self._signature, generation)
        for folder in self._layout.version(self._signature).glob("lexical-*"):
            if folder != keep:
                shutil.rmtree(folder)
        for folder in self._other_versions():
            shutil.rmtree(folder)

    def _other_versions(self) -> set[Path]:
        mine = self._layout.version(self._signature)
        return set(self._layout.folder.glob("version-*")) - {mine}


def _record(
    found: Found,
    digest: str,
    *,
    status: str = "ok",
    reason: str = "",
    title: str = "",
    warnings: tuple[str, ...] = (),
) -> FileRecord:
    return FileRecord(
        course=found.course,
        root=str(found.root),
        path=found.path,
        format=found.format,
        sha256=digest,
        stamp=found.stamp,
        bytes=found.bytes,
        status=status,  # type: ignore[arg-type]
        reason=reason,
        title=title,
        warnings=warnings,
    )


def _failed(found: Found, digest: str, reason: str) -> FileRecord:
    return _record(found, digest, status="failed", reason=reason)
