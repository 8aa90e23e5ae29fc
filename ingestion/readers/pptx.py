"""PowerPoint files by python-pptx: titles, text, tables, groups, diagrams, charts and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ingestion.errors import UnreadableDocument
from ingestion.locator import Locator
from ingestion.readers.archive import check_archive
from ingestion.readers.base import Document
from ingestion.readers.outline import Outline, tidy
from ingestion.readers.titles import stated_title

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_ROW = 457_200
"""Half an inch in EMU: shapes whose tops differ by less stand side by side."""


class PptxReader:
    """Shapes are read from the top left; hidden slides too. Slides without text are listed."""

    format = "pptx"
    suffixes = (".pptx",)

    def read(self, path: Path) -> Document:
        check_archive(path)
        import pptx

        file = pptx.Presentation(str(path))
        outline, silent = Outline(), []
        for number, slide in enumerate(file.slides, 1):
            before = len(outline.blocks)
            outline.place = Locator.number("slide", number)
            outline.close()
            _add_slide(outline, slide)
            if len(outline.blocks) == before:
                silent.append(str(number))
        if not outline.blocks:
            raise UnreadableDocument(
                f"{path.name} holds no text on any slide.",
                "If its slides are pictures, export it to PDF, run OCR and ingest that.",
            )
        headings = (b.text for b in outline.blocks if b.kind == "heading")
        title = stated_title(file.core_properties.title) or next(headings, path.stem)
        warnings = [f"no text on slide {', '.join(silent)}"] if silent else []
        return Document(title, outline.blocks, paged=True, warnings=warnings)


def _add_slide(outline: Outline, slide: Any) -> None:
    _keep_choices(slide.shapes._spTree)
    title = slide.shapes.title
    if title is not None:
        outline.heading(1, " ".join(_paragraphs(title._element)))
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            _add_shape(outline, shape)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
        outline.add("\n".join(_paragraphs(notes._txBody)), "notes")


def _keep_choices(tree: Any) -> None:
    """Shapes may stand in `mc:AlternateContent`, which python-pptx does not see: take the first."""
    for alternate in list(tree.iter(f"{_MC}AlternateContent")):
        choice = alternate.find(f"{_MC}Choice")
        parent = alternate.getparent()
        if choice is not None and parent is not None:
            for child in list(choice):
                alternate.addprevious(child)
            parent.remove(alternate)


def _in_reading_order(shapes: Iterable[Any]) -> list[Any]:
    """From top to bottom, and from left to right where tops are about level."""
    placed = sorted(shapes, key=lambda shape: shape.top or 0)
    rows: list[list[Any]] = []
    for shape in placed:
        if rows and (shape.top or 0) - (rows[-1][0].top or 0) < _ROW:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [s for row in rows for s in sorted(row, key=lambda s: (s.left or 0, s.top or 0))]


def _add_shape(outline: Outline, shape: Any) -> None:
    from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER

    if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
        for inner in _in_reading_order(shape.shapes):
            _add_shape(outline, inner)
        return
    kind = shape.placeholder_format.type if shape.is_placeholder else None
    if kind in (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER):
        return
    if getattr(shape, "has_table", False):
        rows = [[" ".join(_paragraphs(c._tc)) for c in row.cells] for row in shape.table.rows]
        outline.add("\n".join(" | ".join(row) for row in rows if any(row)), "table")
    elif getattr(shape, "has_chart", False):
        if shape.chart.has_title and shape.chart.chart_title.has_text_frame:
            outline.add(shape.chart.chart_title.text_frame.text)
    elif shape.has_text_frame:
        listed = kind in (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT)
        for text in _paragraphs(shape._element):
            outline.add(text, "list" if listed else "text")
    else:
        for text in _diagram(shape):
            outline.add(text, "list")


def _paragraphs(element: Any) -> Iterator[str]:
    """The text of every `a:p` in an element, formulas included, line breaks as spaces."""
    for paragraph in element.iter(f"{_A}p"):
        parts = [
            node.text or "" if node.tag in (f"{_A}t", f"{_M}t") else " "
            for node in paragraph.iter(f"{_A}t", f"{_M}t", f"{_A}br")
        ]
        if text := tidy("".join(parts)).replace("\n", " "):
            yield text


def _diagram(shape: Any) -> Iterator[str]:
    """The text of a SmartArt diagram, which lies in a part of its own."""
    from pptx.oxml import parse_xml

    for reference in shape._element.iter(_DIAGRAM):
        data = shape.part.related_part(reference.get(_RELATION)).blob
        yield from _paragraphs(parse_xml(data))
