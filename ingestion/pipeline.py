"""Documents in, index out: scan → plan → parse → chunk → embed → one commit over everything.

The order of the last steps is what makes an ingest safe to kill: vectors and lexical index of the
next generation are written beside the old ones, the catalog's SQLite transaction makes them the
index, and only then are the old ones removed. The next run first removes what nobody refers to.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingestion.catalog import Catalog, FileRecord
from ingestion.chunking import chunk_document
from ingestion.committing import ReadFile, VersionWriter
from ingestion.discovery import Discovery, Found, discover
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.errors import UnreadableDocument
from ingestion.layout import Layout
from ingestion.lock import single_writer
from ingestion.plan import Plan, key_of, make_plan
from ingestion.progress import OnProgress, StageClock
from ingestion.readers.base import Document
from ingestion.report import IngestReport
from ingestion.sandbox import ReaderPool
from ingestion.settings import IngestionSettings


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
        self._report = IngestReport()
        if not catalog.meta("index_id"):
            catalog.set_meta("index_id", uuid.uuid4().hex[:12])

    def run(self, discovery: Discovery) -> IngestReport:
        report, catalog = self._report, self._catalog
        known = catalog.files()
        writer = VersionWriter(self._layout, catalog, self._encoder, self._settings)
        try:
            if writer.damage:
                report.warnings.append(("the index", f"{writer.damage} It was made anew."))
            plan = make_plan(discovery, known, writer.same)
            report.ignored = dict(discovery.ignored)
            for record in plan.unchanged:
                if record.status == "failed":
                    report.failed.append((record.path, record.reason))
                else:
                    report.unchanged += 1
                report.warnings.extend((record.path, warning) for warning in record.warnings)
            read = self._parse(plan)
            read += self._duplicates(plan, [*known, *(item.record for item in read)])
            read += self._refused(discovery, known)
            writer.write(plan, read, report, self._progress)
        finally:
            writer.close()
        report.generation = catalog.generation
        report.chunks = catalog.chunk_count()
        return report

    def _duplicates(self, plan: Plan, records: list[FileRecord]) -> list[ReadFile]:
        """The duplicates as such; those of a file that failed have failed like it."""
        latest = {(record.course, record.absolute): record for record in records}
        result: list[ReadFile] = []
        for found, digest, first in plan.duplicates:
            owner = latest[found.course, found.root / first]
            record = _record(found, digest, status="duplicate", reason=first)
            if owner.status == "failed":
                record = _failed(found, digest, owner.reason)
                self._report.failed.append((record.path, record.reason))
            result.append(ReadFile(record))
        return result

    def _refused(self, discovery: Discovery, known: list[FileRecord]) -> list[ReadFile]:
        """What was refused, but for what the catalog says already."""
        before = {key_of(record): replace(record, id=0) for record in known}
        records = [_failed(found, "", reason) for found, reason in discovery.refused]
        self._report.failed.extend((record.path, record.reason) for record in records)
        return [ReadFile(record) for record in records if before.get(key_of(record)) != record]

    def _parse(self, plan: Plan) -> list[ReadFile]:
        wanted: dict[Path, list[tuple[Found, str]]] = {}
        for found, digest in plan.read:
            wanted.setdefault(found.absolute, []).append((found, digest))
        total = sum(found.bytes for found, _ in plan.read)
        clock = StageClock("parse", len(wanted), total, self._progress)
        settings = self._settings
        read: list[ReadFile] = []
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

    def _chunk(self, found: Found, digest: str, outcome: Document | UnreadableDocument) -> ReadFile:
        if isinstance(outcome, UnreadableDocument):
            return ReadFile(_failed(found, digest, f"{outcome.what} {outcome.remedy}".strip()))
        settings = self._settings
        chunks = chunk_document(
            outcome, self._encoder, settings.chunk_tokens, settings.heading_trail
        )
        if not chunks:
            return ReadFile(_failed(found, digest, "No text was found in it. Check the file."))
        record = _record(found, digest, title=outcome.title, warnings=tuple(outcome.warnings))
        return ReadFile(record, chunks)


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
