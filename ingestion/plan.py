"""What an ingest has to do: which files are unchanged, to be read, duplicates, or gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.catalog import FileRecord
from ingestion.discovery import Discovery, Found
from ingestion.hashing import file_digest

Key = tuple[str, str, str]


@dataclass(slots=True)
class Plan:
    """`restamp` are unchanged files whose times moved; `duplicates` name the file they repeat."""

    unchanged: list[FileRecord] = field(default_factory=list)
    restamp: list[tuple[FileRecord, str]] = field(default_factory=list)
    read: list[tuple[Found, str]] = field(default_factory=list)
    duplicates: list[tuple[Found, str, str]] = field(default_factory=list)
    gone: list[FileRecord] = field(default_factory=list)


def make_plan(discovery: Discovery, known: Iterable[FileRecord], same_pipeline: bool) -> Plan:
    """Compare what was found with what the catalog knows.

    A file is unchanged when its stamp is, or else when its SHA-256 is. With another pipeline
    everything is read again, also the files that this run was not pointed at.
    """
    plan = Plan()
    records = {key_of(record): record for record in known}
    found = {key_of(f): f for f in discovery.found}
    refused = {key_of(f) for f, _ in discovery.refused}
    looked_through = {(course, str(root)) for course, root in discovery.roots}
    for key, record in records.items():
        if key in found or key in refused:
            continue
        inside = (record.course, record.root) in looked_through
        if inside or (not same_pipeline and not record.absolute.is_file()):
            plan.gone.append(record)
        elif not same_pipeline:
            found[key] = _again(record)

    current: dict[Key, FileRecord] = {}  # unchanged and readable as they stand
    digests: dict[Key, str] = {}
    for key, file in found.items():
        before = records.get(key)
        if before and same_pipeline and before.stamp == file.stamp:
            current[key] = before
            continue
        digests[key] = file_digest(file.absolute)
        if before and same_pipeline and before.sha256 == digests[key]:
            current[key] = before
            plan.restamp.append((before, file.stamp))
    if same_pipeline:
        gone = {key_of(record) for record in plan.gone}
        for key, record in records.items():
            if key not in found and key not in gone and key not in refused:
                current[key] = record

    # The first file of a course with some content keeps it; the others are its duplicates.
    owner: dict[tuple[str, str], str] = {}
    for record in current.values():
        if record.status == "ok":
            owner.setdefault((record.course, record.sha256), record.path)
    for key in sorted(found):
        file, before = found[key], current.get(key)
        if before and before.status != "duplicate":
            plan.unchanged.append(before)
            continue
        digest = before.sha256 if before else digests[key]
        first = owner.setdefault((file.course, digest), file.path)
        if first == file.path:
            plan.read.append((file, digest))
        elif before and before.reason == first:
            plan.unchanged.append(before)
        else:
            plan.duplicates.append((file, digest, first))
    return plan


def key_of(file: Found | FileRecord) -> Key:
    return file.course, str(file.root), file.path


def _again(record: FileRecord) -> Found:
    """A known file that this run did not look at, to be read once more."""
    return Found(
        record.course, Path(record.root), record.path, record.format, record.bytes, record.stamp
    )
