"""Refuses ZIP bombs before a library opens the DOCX, PPTX or EPUB that hides one."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from ingestion.errors import UnreadableDocument

MAX_ENTRIES = 20_000
MAX_TOTAL_MB = 1000
MAX_MARKUP_MB = 100
MAX_RATIO = 200
"""How many times its compressed size a part over 10 MB may have; Word's own reach 30."""

_MARKUP = (".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx")
_STEP = 1 << 20


def check_archive(path: Path) -> None:
    """Raise `UnreadableDocument` if unpacking `path` would take too much.

    What the directory declares is checked first; then every part of markup (what parsers will read)
    is unpacked in small steps and thrown away, since the directory may lie.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_declared(path, archive.infolist())
            for entry in archive.infolist():
                if entry.filename.lower().endswith(_MARKUP):
                    _check_real(path, archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableDocument(
            f"{path.name} is a broken or encrypted ZIP container ({error}).",
            "Open it in its own program and save it again without a password.",
        ) from error


def _check_declared(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise _bomb(path, f"it holds {len(entries):,} parts")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL_MB * 1e6:
        raise _bomb(path, f"it unpacks to {total / 1e6:,.0f} MB")
    for entry in entries:
        if entry.filename.lower().endswith(_MARKUP) and entry.file_size > MAX_MARKUP_MB * 1e6:
            raise _bomb(path, f"{entry.filename} unpacks to {entry.file_size / 1e6:,.0f} MB")
        if entry.file_size > 10e6 and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise _bomb(path, f"{entry.filename} unpacks to more than {MAX_RATIO} times its size")


def _check_real(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    size = 0
    with archive.open(entry) as part:
        while step := part.read(_STEP):
            size += len(step)
            if size > MAX_MARKUP_MB * 1e6:
                raise _bomb(path, f"{entry.filename} unpacks to over {MAX_MARKUP_MB} MB")


def _bomb(path: Path, reason: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"{path.name} looks like a ZIP bomb: {reason}.",
        "Do not open it; if you trust it, export it to PDF and ingest that.",
    )
