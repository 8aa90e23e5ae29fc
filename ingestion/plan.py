"""What an ingest has to do: which files are unchanged, to be read, duplicates, or gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingestion.catalog import FileRecord
from ingestion.discovery import Discovery, Found, unreadable
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
    everything is read again, also the files that this run was not pointed at. What turns out not to
    be readable joins `discovery.refused`.
    """
    plan = Plan()
    records = {key_of(record): record for record in known}
    _bring_home(discovery, records)
    found = {key_of(f): f for f in discovery.found}
    refused = {key_of(f) for f, _ in discovery.refused}
    looked_through = {(course, str(root)) for course, root in discovery.roots}
    for key, record in records.items():
        if key in found or key in refused:
            continue
        inside = (record.course, record.root) in looked_through and not any(
            record.absolute.is_relative_to(folder) for folder in discovery.unlisted
        )
        if inside or (not same_pipeline and _is_missing(record)):
            plan.gone.append(record)
        elif not same_pipeline and record.sha256:  # one that was refused has none
            found[key] = _again(record)

    current: dict[Key, FileRecord] = {}  # known, and the same as when it was read
    digests: dict[Key, str] = {}
    for key, file in list(found.items()):
        before = records.get(key)
        if before and same_pipeline and before.stamp == file.stamp:
            current[key] = before
            continue
        try:
            digests[key] = file_digest(file.absolute)
        except OSError as error:
            discovery.refused.append((file, unreadable(error)))
            refused.add(key)
            del found[key]
            continue
        if before and same_pipeline and before.sha256 == digests[key]:
            current[key] = before
            plan.restamp.append((before, file.stamp))
    if same_pipeline:
        held = {_content(f, digests.get(k) or current[k].sha256) for k, f in found.items()}
        passed = found.keys() | refused | {key_of(record) for record in plan.gone}
        for key, record in records.items():
            if key in passed:
                continue
            elsewhere = not record.sha256 or _content(record, record.sha256) in held
            if elsewhere and _is_missing(record):
                plan.gone.append(record)  # moved to where this run found it, or never read
            else:
                current[key] = record

    # The first file of a course with some content keeps it; the others are its duplicates.
    owner: dict[Key, Key] = {}
    for key, record in current.items():
        if record.status != "duplicate" and record.sha256:
            owner.setdefault(_content(record, record.sha256), key)
    for key in sorted(found):
        file, before = found[key], current.get(key)
        if before and before.status != "duplicate":
            plan.unchanged.append(before)
            continue
        digest = before.sha256 if before else digests[key]
        first = owner.setdefault(_content(file, digest), key)
        if first == key:
            plan.read.append((file, digest))
            continue
        _, root, path = first
        name = path if root == str(file.root) else str(Path(root, path))
        if before and before.reason == name:
            plan.unchanged.append(before)
        else:
            plan.duplicates.append((file, digest, name))
    for key in sorted(current.keys() - found.keys()):  # whose first file has gone or changed
        record = current[key]
        content = _content(record, record.sha256)
        if record.status == "duplicate" and owner.setdefault(content, key) == key:
            plan.read.append((_again(record), record.sha256))
    return plan


def _bring_home(discovery: Discovery, records: dict[Key, FileRecord]) -> None:
    """A file named by itself is the one that is known, or found in a folder, by another root."""
    if discovery.course is not None:
        return
    looked_through = {(course, root) for course, root in discovery.roots}
    walked = {f.absolute for f in discovery.found if (f.course, f.root) in looked_through}
    known: dict[Path, list[FileRecord]] = {}
    for record in records.values():
        known.setdefault(record.absolute, []).append(record)

    def homes(file: Found) -> list[Found]:
        if (file.course, file.root) in looked_through or key_of(file) in records:
            return [file]
        if file.absolute in walked:
            return []
        return [
            replace(file, course=record.course, root=Path(record.root), path=record.path)
            for record in known.get(file.absolute, ())
        ] or [file]

    discovery.found = [home for file in discovery.found for home in homes(file)]
    discovery.refused = [(home, why) for file, why in discovery.refused for home in homes(file)]


def _content(file: Found | FileRecord, digest: str) -> Key:
    """What the duplicates of a course share. What fails as a PDF may be good Markdown."""
    return file.course, file.format, digest


def _is_missing(record: FileRecord) -> bool:
    try:
        record.absolute.lstat()
    except OSError as error:  # what may not be looked at is not missing
        return isinstance(error, (FileNotFoundError, NotADirectoryError))
    return False


def key_of(file: Found | FileRecord) -> Key:
    return file.course, str(file.root), file.path


def _again(record: FileRecord) -> Found:
    """A known file that this run did not look at, to be read once more."""
    return Found(
        record.course, Path(record.root), record.path, record.format, record.bytes, record.stamp
    )
