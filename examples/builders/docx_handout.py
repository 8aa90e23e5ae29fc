"""Make a DOCX handout with headings, lists, a table and tracked changes."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from builders.fixed_zip import normalise_office
from builders.markup import Block, title_of

DATE = datetime(2025, 1, 1)
_INLINE = re.compile(r"(\{\+.+?\+\}|\{-.+?-\}|\*\*.+?\*\*)")


def build(blocks: list[Block]) -> bytes:
    """Return the document."""
    document = Document()
    properties = document.core_properties
    properties.title = title_of(blocks)
    properties.author = properties.last_modified_by = "Lectern sample course"
    properties.created = properties.modified = DATE
    properties.comments = ""
    for block in blocks:
        _add(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    return normalise_office(buffer.getvalue())


def _add(document: Any, block: Block) -> None:
    if block.kind == "heading":
        document.add_heading(block.text, level=block.level)
    elif block.kind == "table":
        _add_table(document, block.rows)
    else:
        styles = {"bullet": "List Bullet"}
        _add_inline(document.add_paragraph(style=styles.get(block.kind)), block.text)


def _add_table(document: Any, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for index, row in enumerate(rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.paragraphs[0].add_run(text).bold = index == 0
    document.add_paragraph()


def _add_inline(paragraph: Any, text: str) -> None:
    for number, piece in enumerate(_INLINE.split(text), start=1):
        if piece.startswith("{+"):
            paragraph._p.append(_tracked("w:ins", "w:t", piece[2:-2], number))
        elif piece.startswith("{-"):
            paragraph._p.append(_tracked("w:del", "w:delText", piece[2:-2], number))
        elif piece.startswith("**"):
            paragraph.add_run(piece[2:-2]).bold = True
        elif piece:
            paragraph.add_run(piece)


def _tracked(change: str, text_tag: str, text: str, number: int) -> Any:
    element = OxmlElement(change)
    element.set(qn("w:id"), str(900 + number))
    element.set(qn("w:author"), "Course editor")
    element.set(qn("w:date"), DATE.isoformat() + "Z")
    run, content = OxmlElement("w:r"), OxmlElement(text_tag)
    content.text = text
    content.set(qn("xml:space"), "preserve")
    run.append(content)
    element.append(run)
    return element
