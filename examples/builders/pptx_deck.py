"""Make a PPTX deck: one slide per level 2 heading, with a table, a grouped shape and notes."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches, Pt

from builders.fixed_zip import normalise_office
from builders.markup import Block, plain, sections, title_of

LEFT, WIDTH = 0.6, 12.1
TOP, BODY_HEIGHT = 1.5, 5.4
GROUP_TOP, GROUP_HEIGHT = 5.6, 1.1
TABLE_HEIGHT = 0.46
TITLE_LAYOUT, BODY_LAYOUT = 0, 1


def build(blocks: list[Block]) -> bytes:
    """Return the deck."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    _set_properties(deck, title_of(blocks))
    opening, *rest = sections(blocks, level=2)
    _title_slide(deck, opening)
    for part in rest:
        _content_slide(deck, part)
    buffer = io.BytesIO()
    deck.save(buffer)
    return normalise_office(buffer.getvalue())


def _set_properties(deck: Any, title: str) -> None:
    properties = deck.core_properties
    properties.title = title
    properties.author = properties.last_modified_by = "Lectern sample course"
    properties.created = properties.modified = datetime(2025, 1, 1)


def _title_slide(deck: Any, part: list[Block]) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_LAYOUT])
    title, subtitle = slide.shapes.title, slide.placeholders[1]
    _place(title, 2.2, 1.5)
    _place(subtitle, 3.9, 1.6)
    title.text = part[0].text
    subtitle.text = "\n".join(plain(b.text) for b in part[1:] if b.kind == "para")
    _add_notes(slide, part)


def _content_slide(deck: Any, part: list[Block]) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[BODY_LAYOUT])
    title, body = slide.shapes.title, slide.placeholders[1]
    title.text = part[0].text
    _place(title, 0.3, 1.0)
    title.text_frame.paragraphs[0].runs[0].font.size = Pt(34)
    tables = [b for b in part if b.kind == "table"]
    table_height = TABLE_HEIGHT * len(tables[0].rows) if tables else 0.0
    _place(body, TOP + table_height + (0.2 if tables else 0.0), BODY_HEIGHT - table_height - 0.2)
    _fill_body(body.text_frame, [b for b in part if b.kind in ("bullet", "para")])
    for table in tables:
        _add_table(slide, table.rows, table_height)
    for group in (b for b in part if b.kind == "group"):
        _add_group(slide, group.text.split(" > "))
    _add_notes(slide, part)


def _fill_body(frame: Any, blocks: list[Block]) -> None:
    for index, block in enumerate(blocks):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        paragraph.text = plain(block.text)
        paragraph.level = block.level
        paragraph.font.size = Pt(20 if block.level == 0 else 18)
        paragraph.space_after = Pt(6)


def _add_table(slide: Any, rows: list[list[str]], height: float) -> None:
    frame = slide.shapes.add_table(
        len(rows), len(rows[0]), Inches(LEFT), Inches(TOP), Inches(WIDTH), Inches(height)
    )
    frame.name = "Table"
    for row_index, row in enumerate(rows):
        for column_index, text in enumerate(row):
            cell = frame.table.cell(row_index, column_index)
            cell.text = text
            cell.text_frame.paragraphs[0].font.size = Pt(16)


def _add_group(slide: Any, labels: list[str]) -> None:
    group = slide.shapes.add_group_shape()
    group.name = "Diagram"
    step = WIDTH / len(labels)
    for index, label in enumerate(labels):
        box = group.shapes.add_shape(
            MSO_SHAPE.PENTAGON,
            Inches(LEFT + index * step),
            Inches(GROUP_TOP),
            Inches(step * 0.97),
            Inches(GROUP_HEIGHT),
        )
        box.text_frame.text = label
        box.text_frame.paragraphs[0].font.size = Pt(15)


def _add_notes(slide: Any, part: list[Block]) -> None:
    notes = [plain(b.text) for b in part if b.kind == "notes"]
    if notes:
        slide.notes_slide.notes_text_frame.text = "\n".join(notes)


def _place(shape: Any, top: float, height: float) -> None:
    shape.left, shape.width = Inches(LEFT), Inches(WIDTH)
    shape.top, shape.height = Inches(top), Inches(height)
