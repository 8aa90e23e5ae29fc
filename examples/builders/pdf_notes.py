"""Lay out blocks as a slide-shaped PDF: one page per level 2 heading, with bookmarks.

Streams are left uncompressed and the standard fonts are used, so that the file is the same
wherever it is built. Text must stay within the Windows-1252 character set.
"""

from __future__ import annotations

import io
from typing import Any

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from builders.markup import Block, bold_to_tags, title_of

WIDTH, HEIGHT, MARGIN = 960.0, 540.0, 60.0
PADDING = 6.0  # of the frame that reportlab puts inside the margins
NAVY = colors.HexColor("#1f3a5f")
PALE = colors.HexColor("#eef2f7")

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=20, leading=27, spaceAfter=12)
BULLET = ParagraphStyle("bullet", parent=BODY, leftIndent=24, bulletIndent=6, spaceAfter=10)
TITLE = ParagraphStyle("title", parent=BODY, fontName="Helvetica-Bold", fontSize=40, leading=48)
HEAD = ParagraphStyle("head", parent=TITLE, fontSize=27, leading=33, textColor=NAVY, spaceAfter=14)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=16, leading=21, spaceAfter=0)
TABLE_STYLE = [
    ("GRID", (0, 0), (-1, -1), 0.6, NAVY),
    ("BACKGROUND", (0, 0), (-1, 0), PALE),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]


class Notes(SimpleDocTemplate):  # type: ignore[misc]
    """A document template that adds a bookmark for every heading."""

    def afterFlowable(self, flowable: Any) -> None:
        """Register a heading in the PDF outline."""
        if getattr(flowable, "style", None) in (TITLE, HEAD):
            key = f"heading-{self.page}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level=0)


def build(blocks: list[Block]) -> bytes:
    """Return the PDF."""
    buffer = io.BytesIO()
    title = title_of(blocks)
    document = Notes(
        buffer,
        pagesize=(WIDTH, HEIGHT),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=48,
        bottomMargin=48,
        title=title,
        author="Lectern sample course",
        invariant=1,
        pageCompression=0,
    )

    def footer(canvas: Any, template: Any) -> None:
        canvas.setFont("Helvetica", 11)
        canvas.setFillColor(colors.grey)
        canvas.drawString(
            MARGIN + PADDING, 24, f"Generative AI with Large Language Models | {title}"
        )
        canvas.drawRightString(WIDTH - MARGIN - PADDING, 24, str(template.page))

    story = [flowable for block in blocks for flowable in _flowables(block)]
    document.build(story, onFirstPage=footer, onLaterPages=footer)
    return buffer.getvalue()


def _flowables(block: Block) -> list[Any]:
    text = bold_to_tags(block.text, "b")
    if block.kind == "heading" and block.level == 1:
        return [Spacer(1, 60), Paragraph(text, TITLE), Spacer(1, 14)]
    if block.kind == "heading":
        return [PageBreak(), Paragraph(text, HEAD)]
    if block.kind == "bullet":
        return [Paragraph(text, BULLET, bulletText="\u2022")]
    if block.kind == "table":
        return [_table(block.rows), Spacer(1, 12)]
    return [Paragraph(text, BODY)]


def _table(rows: list[list[str]]) -> Table:
    head = [[Paragraph(f"<b>{cell}</b>", CELL) for cell in rows[0]]]
    body = [[Paragraph(bold_to_tags(cell, "b"), CELL) for cell in row] for row in rows[1:]]
    width = (WIDTH - 2 * (MARGIN + PADDING)) / len(rows[0])
    return Table(head + body, colWidths=[width] * len(rows[0]), style=TABLE_STYLE)
