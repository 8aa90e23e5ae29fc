"""What a file is, by its first bytes (and, for a ZIP, by the names inside it)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import UnreadableDocument

BINARY_FORMATS = frozenset({"pdf", "pptx", "docx", "epub"})

_HEAD = 4096
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"\x1aE\xdf\xa3", "a Matroska video"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%!PS", "a PostScript file"),
    (b"{\\rtf", "a Rich Text file"),
)
_ZIP_PARTS = (
    ("word/document.xml", "docx", "a Word document"),
    ("ppt/presentation.xml", "pptx", "a PowerPoint file"),
    ("META-INF/container.xml", "epub", "an EPUB book"),
)
_PICTURE = "Only text can be ingested: give a text version of it, or run OCR on it first."


@dataclass(frozen=True, slots=True)
class ContentType:
    """`format` is a reader's format, "text" for anything that looks like text, or None."""

    format: str | None
    name: str
    remedy: str


def content_type(path: Path) -> ContentType:
    """Look at the beginning of `path`. Raises `UnreadableDocument` if it is empty or unopenable."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UnreadableDocument(
            f"{path.name} cannot be opened: {error.strerror}.", "Check its permissions."
        ) from error
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise UnreadableDocument(f"{path.name} is empty.", "Remove it, or save it again with text.")
    if b"%PDF-" in head[:1024]:
        return _renamed("pdf", "a PDF")
    if head.startswith(b"PK\x03\x04"):
        return _zip_content(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_content(path)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return ContentType(None, name, _PICTURE)
    if head[4:8] == b"ftyp":
        return ContentType(None, "an MP4 video", "Ingest its subtitles (SRT or VTT) instead.")
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return ContentType(None, "an image, a recording or a video", _PICTURE)
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00" in head:
        return ContentType(None, "binary data", "Give the document it was made from instead.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")) or (
        start.startswith(b"<?xml") and b"<html" in head.lower()
    ):
        return _renamed("html", "an HTML page")
    return ContentType("text", "text", "Rename it to end in '.txt' if it is text.")


def _renamed(format: str, name: str) -> ContentType:
    return ContentType(format, name, f"Rename it to end in '.{format}' and ingest it again.")


def _zip_content(path: Path) -> ContentType:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise UnreadableDocument(
            f"{path.name} is a broken ZIP container ({error}).",
            "Open it in its own program and save it again, or fetch a fresh copy.",
        ) from error
    for part, format, name in _ZIP_PARTS:
        if part in names:
            return _renamed(format, name)
    return ContentType(None, "a ZIP archive", "Unpack it and ingest the files in it.")


def _ole_content(path: Path) -> ContentType:
    with path.open("rb") as file:
        content = file.read(4_000_000)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise UnreadableDocument(
            f"{path.name} is protected by a password.",
            "Open it, remove the password, save it and ingest it again.",
        )
    return ContentType(
        None, "a file of an old Office version", "Save it as .docx or .pptx and ingest that."
    )
