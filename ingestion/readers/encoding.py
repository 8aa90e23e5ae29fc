"""Text files in whatever encoding they are, without mistaking binary data for text."""

from __future__ import annotations

import codecs
from pathlib import Path

from ingestion.errors import UnreadableDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 100_000
"""Bytes shown to the detector; more makes it slow and no surer."""
_DOUBT = 0.1
"""A short Western text fits half of Europe's code pages about equally well: the commonest wins."""


def decode_file(path: Path) -> str:
    """The text of `path` with `\\n` line ends.

    A byte order mark decides; then UTF-8; then the detector of charset-normalizer, and where it
    finds nothing much better, Windows-1252 (of which Latin-1's letters are a part). Raises
    `UnreadableDocument` for binary data.
    """
    return decode(path.read_bytes(), path.name)


def decode(data: bytes, name: str) -> str:
    """See `decode_file`; `name` stands in the error message."""
    text = _decoded(data)
    sample = text[:_SAMPLE]
    odd = sum(1 for c in sample if (c < " " and c not in "\t\n\r\f\v\x1b\b") or c == "\ufffd")
    if odd > 0.02 * len(sample):
        raise UnreadableDocument(
            f"{name} holds binary data, not text.", "Give the document it was made from instead."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    matches = from_bytes(data[:_SAMPLE])
    best = matches.best()
    if best is None:
        return data.decode("cp1252", "replace")
    western = any(
        "cp1252" in match.could_be_from_charset and match.chaos <= best.chaos + _DOUBT
        for match in matches
    )
    return data.decode("cp1252" if western else best.encoding, "replace")
