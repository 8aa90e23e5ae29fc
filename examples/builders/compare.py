"""Decide whether two documents are the same, whatever compressed them.

Identical bytes are the normal case. Another zlib or another library version may give other
bytes for the same document; then the members of the archive, or the text drawn, are compared.
"""

from __future__ import annotations

import re
from typing import Literal

from builders.fixed_zip import unpack

Verdict = Literal["same bytes", "same content", "same text", "different"]

_PDF_STRING = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj")
_XML_TEXT = re.compile(rb">([^<>]+)<")


def same_document(committed: bytes, built: bytes) -> Verdict:
    """Return how far the two documents agree."""
    if committed == built:
        return "same bytes"
    if committed[:2] == b"PK" and unpack(committed) == unpack(built):
        return "same content"
    return "same text" if _text(committed) == _text(built) else "different"


def _text(data: bytes) -> list[bytes]:
    if data[:2] != b"PK":
        return _PDF_STRING.findall(data)
    return [
        text
        for name, member in sorted(unpack(data).items())
        if name.endswith(("xml", "html")) and not name.startswith("docProps/")
        for text in _XML_TEXT.findall(member)
    ]
