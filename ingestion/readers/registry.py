"""Which reader reads a file: by its suffix, checked against what its first bytes say it is.

A file whose content contradicts its suffix is refused, never guessed at: the person is told what it
is and what to rename it to. Importing this module imports no parsing library.
"""

from __future__ import annotations

import stat
from importlib import import_module
from pathlib import Path
from typing import cast

from ingestion.errors import UnreadableDocument
from ingestion.readers.base import Document, Reader
from ingestion.readers.outline import LONGEST_HEADING
from ingestion.readers.sniff import BINARY_FORMATS, content_type

_READERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pdf": ("PdfReader", (".pdf",)),
    "pptx": ("PptxReader", (".pptx",)),
    "docx": ("DocxReader", (".docx",)),
    "markdown": ("MarkdownReader", (".md", ".markdown", ".mdx")),
    "html": ("HtmlReader", (".html", ".htm", ".xhtml")),
    "ipynb": ("NotebookReader", (".ipynb",)),
    "subtitles": ("SubtitleReader", (".srt", ".vtt")),
    "text": ("TextReader", (".txt", ".text", ".rst")),
    "epub": ("EpubReader", (".epub",)),
}

FORMATS: dict[str, str] = {s: name for name, (_, suffixes) in _READERS.items() for s in suffixes}
"""Suffix (lower case, with the dot) → format."""

TEXT_MB = 100.0
BINARY_MB = 500.0


def supported(path: Path) -> bool:
    """Whether the suffix is one that a reader exists for."""
    return path.suffix.lower() in FORMATS


def reader_of(format: str) -> Reader:
    """The reader of one format; its module is imported now, its parsing library when it reads."""
    name, _ = _READERS[format]
    return cast(Reader, getattr(import_module(f"ingestion.readers.{format}"), name)())


def reader_for(path: Path) -> Reader:
    """The reader for `path`.

    Raises `UnreadableDocument` for a suffix that has no reader, a file that cannot be opened, an
    empty file, and content of another type than the suffix says.
    """
    format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise UnreadableDocument(
            f"{path.name} has the suffix '{path.suffix}', which no reader reads.",
            f"Convert it to one of {', '.join(sorted(FORMATS))}.",
        )
    found = content_type(path)
    fits = format not in BINARY_FORMATS if found.format == "text" else found.format == format
    if found.format == "html":  # markup may stand in Markdown or in a plain text on the web
        fits = format in ("html", "markdown")
    if not fits:
        wanted = f"not {format}, as its suffix '{path.suffix}' says"
        raise UnreadableDocument(f"{path.name} is {found.name}, {wanted}.", found.remedy)
    return reader_of(format)


def read_document(path: Path, text_mb: float = TEXT_MB, binary_mb: float = BINARY_MB) -> Document:
    """Read one file in this process, once its size (MB = 10⁶ bytes) is found to be in bounds.

    Untrusted files belong in `ingestion.sandbox`, which calls this in a capped worker process.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UnreadableDocument(
            f"{path.name} cannot be opened: {error.strerror}.", "Check that it exists."
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableDocument(f"{path.name} is not a regular file.", "Give a file to read.")
    size = status.st_size
    limit = binary_mb if FORMATS.get(path.suffix.lower()) in BINARY_FORMATS else text_mb
    if size > limit * 1e6:
        raise UnreadableDocument(
            f"{path.name} is {size / 1e6:,.0f} MB, more than the limit of {limit:,.0f} MB.",
            "Split it into smaller files, or raise the size limit in the settings.",
        )
    document = reader_for(path).read(path)
    document.title = document.title[:LONGEST_HEADING]
    return document
