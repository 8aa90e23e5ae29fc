"""Web pages by lxml: the text of the page, without navigation, scripts and what is hidden."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any

from ingestion.errors import UnreadableDocument
from ingestion.readers.base import Document
from ingestion.readers.encoding import decode
from ingestion.readers.html_blocks import HtmlBlocks, main_content
from ingestion.readers.outline import tidy

_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)""", re.I)


class HtmlReader:
    """The title is the page's `<title>`, else its first heading, else the file's name."""

    format = "html"
    suffixes = (".html", ".htm", ".xhtml")

    def read(self, path: Path) -> Document:
        root = parse_html(path.read_bytes(), path.name)
        blocks = HtmlBlocks()
        try:
            if root is not None:
                blocks.add(main_content(root))
        except RecursionError as error:
            raise UnreadableDocument(
                f"{path.name} has elements nested too deep to be read.",
                "Print it to a PDF from a browser and ingest that.",
            ) from error
        if not blocks.outline.blocks:
            raise UnreadableDocument(
                f"{path.name} holds no text.",
                "If a script fills the page, save it from a browser and ingest that.",
            )
        title = tidy(root.findtext(".//title") or "").replace("\n", " ")
        headings = (b.text for b in blocks.outline.blocks if b.kind == "heading")
        return Document(title or next(headings, path.stem), blocks.outline.blocks)


def parse_html(data: bytes, name: str) -> Any:
    """The root element, or None for an empty page; nothing but `data` is ever read."""
    import lxml.html

    text = _decoded(data, name)
    # Else libxml2 drops, without a word, whatever comes after an element nested 256 deep.
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, huge_tree=True
    )
    return lxml.html.document_fromstring(text.encode(), parser=parser, ensure_head_body=True)


def _decoded(data: bytes, name: str) -> str:
    stated = _CHARSET.search(data[:4096])
    if stated:
        try:
            return data.decode(codecs.lookup(stated[1].decode("ascii")).name)
        except (LookupError, UnicodeDecodeError):
            pass  # a page may lie about its encoding: fall back to looking at the bytes
    return decode(data, name)
